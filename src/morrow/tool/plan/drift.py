"""Drift: fields of live objects that differ from what the last release said.

The release's own manifest is put through the API server's dry run, which fills in the defaults;
what then differs from the live object was changed after the release. `managedFields` tell a
controller's work (an autoscaler's replicas, a load balancer's annotation) from a hand's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from morrow.tool.base.outcome import Json
from morrow.tool.plan.diff import Change, Item, Path, differences
from morrow.tool.plan.objects import clean

# What webhooks add on creation counts as written by the creator; Helm itself
# writes nothing that its manifest does not say.
DELIVERY = re.compile(r"^(helm|terraform|morrow)")
CONTROLLER = re.compile(
    r"controller|operator|manager|kubelet|kube-scheduler|traefik|istio|argocd|external-secrets"
)


def drift(expected: Json, live: Json) -> list[Change]:
    """Return what somebody changed by hand: `before` is the release's, `after` the live value."""
    return [
        change
        for change in differences(clean(expected), clean(live))
        if not _by_machine(live, change)
    ]


def _by_machine(live: Json, change: Change) -> bool:
    """Whether only controllers wrote this field, or the API server filled it in for Helm."""
    if change.after is None:
        return False  # a removed field has no owner
    managers = set(owners(live, change.path))
    if not managers:
        # The API server's own additions (an Ingress's class) have no owner; a hand always leaves
        # its name, but a value that was there before may have lost its owner.
        return change.before is None
    return all(
        CONTROLLER.search(manager) or (change.before is None and DELIVERY.match(manager))
        for manager in managers
    )


def owners(live: Json, path: Path) -> Iterator[str]:
    """Name the managers that wrote the field at `path`."""
    for entry in live.get("metadata", {}).get("managedFields") or []:
        if _owns(entry.get("fieldsV1") or {}, path):
            yield str(entry.get("manager", ""))


def _owns(fields: dict[str, Any], path: Path) -> bool:
    if not path:
        return True
    step = path[0]
    if isinstance(step, Item):
        return any(
            _owns(inner, path[1:])
            for name, inner in fields.items()
            if name.startswith("k:") and json.loads(name[2:]).get(step.by) == step.value
        )
    inner = fields.get(f"f:{step}")
    if inner is None:
        return False
    # A list that is written as a whole, and a map of free form, end the record early.
    return not inner or _owns(inner, path[1:])
