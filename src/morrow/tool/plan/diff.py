"""The difference of two objects, field by field; list items are named by their key.

Drift is such a difference: fields of live objects that differ from what the last release said. Its
manifest is put through the API server's dry run, which fills in the defaults; what then differs was
changed after the release. `managedFields` tell a controller's work (an autoscaler's replicas, a
load balancer's annotation) from a hand's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from morrow.tool.base.outcome import Json
from morrow.tool.plan.objects import HIDDEN, clean, merge_key

# What webhooks add on creation counts as written by the creator; Helm itself
# writes nothing that its manifest does not say.
DELIVERY = re.compile(r"^(helm|terraform|morrow)")
CONTROLLER = re.compile(
    r"controller|operator|manager|kubelet|kube-scheduler|traefik|istio|argocd|external-secrets"
)


class Item(NamedTuple):
    """A step into a list that merges by key."""

    by: str
    value: Any


Step = str | int | Item
Path = tuple[Step, ...]


@dataclass(frozen=True)
class Change:
    """One field: what it is and what it becomes (None: it is not there)."""

    path: Path
    before: Any
    after: Any

    @property
    def field(self) -> str:
        """The path as people write it."""
        text = ""
        for step in self.path:
            if isinstance(step, Item):
                text += f"[{step.value}]"
            elif isinstance(step, int):
                text += f"[{step}]"
            elif "." in step or "/" in step:
                text += f'["{step}"]'
            else:
                text += f".{step}" if text else step
        return text

    def as_json(self) -> dict[str, Any]:
        """Return what --json prints."""
        return {"field": self.field, "before": self.before, "after": self.after}


def differences(before: Json, after: Json) -> list[Change]:
    """Return every field in which two objects differ."""
    kind = str(after.get("kind") or before.get("kind") or "")
    changes = list(_map(kind, "", (), before, after))
    if kind != "Secret":
        return changes
    return [_hidden(change) for change in changes]


def _map(
    kind: str, field: str, path: Path, before: dict[str, Any], after: dict[str, Any]
) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        was, will = before.get(name), after.get(name)
        if was != will:
            yield from _value(kind, field, name, (*path, name), was, will)


def _value(
    kind: str, parent: str, name: str, path: Path, was: object, will: object
) -> Iterator[Change]:
    if isinstance(was, dict | None) and isinstance(will, dict | None) and (was or will):
        if was and will:
            yield from _map(kind, name, path, was, will)
            return
        only = was or will or {}
        # A map that comes or goes whole is shown by its fields where it has few levels.
        if not any(isinstance(inner, dict | list) for inner in only.values()):
            yield from _map(kind, name, path, was or {}, will or {})
            return
    if isinstance(was, list | None) and isinstance(will, list | None):
        by = merge_key(kind, name, parent)
        if by and _keyed(by, was) and _keyed(by, will):
            yield from _list(kind, name, by, path, was or [], will or [])
            return
        if was and will and len(was) == len(will):
            for index, (old, new) in enumerate(zip(was, will, strict=True)):
                if old != new:
                    yield from _value(kind, name, "", (*path, index), old, new)
            return
    yield Change(path, was, will)


def _keyed(by: str, items: list[Any] | None) -> bool:
    keys = [item.get(by) if isinstance(item, dict) else None for item in items or []]
    return None not in keys and len(set(keys)) == len(keys)


def _list(
    kind: str, name: str, by: str, path: Path, was: list[Any], will: list[Any]
) -> Iterator[Change]:
    old = {item[by]: item for item in was}
    new = {item[by]: item for item in will}
    for value in dict.fromkeys((*old, *new)):
        step = (*path, Item(by, value))
        if value in old and value in new:
            yield from _map(kind, name, step, old[value], new[value])
        elif old.get(value) != new.get(value):
            yield Change(step, old.get(value), new.get(value))
    both_before = [value for value in old if value in new]
    both_after = [value for value in new if value in old]
    if both_before != both_after:
        yield Change((*path, "(order)"), both_before, both_after)


def _hidden(change: Change) -> Change:
    """Keep that a secret's key changes, and nothing of its value."""
    if not change.path or change.path[0] not in ("data", "stringData"):
        return change
    sides = (None if side is None else HIDDEN for side in (change.before, change.after))
    return Change(change.path, *sides)


def shown(value: object) -> str:
    """Return a value as the plan prints it."""
    if value is None:
        return "(none)"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict) and set(value) == {"name", "value"}:  # an environment variable
        return json.dumps(value["value"], ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


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
