"""The Secret objects of an environment in a cluster: read, made, patched, swept.

Values go to kubectl by standard input only, by `create` and `patch`: `apply` would copy them into
an annotation, and an argument can be read by everybody on the machine.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import MADE_BY, NAME
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment

KEEP = "helm.sh/resource-policy"
Object = dict[str, Any]


def values_of(secret: Object | None) -> dict[str, bytes]:
    """Return the values of a Secret: the one place where they are read."""
    data = (secret or {}).get("data") or {}
    return {key: base64.b64decode(text) for key, text in data.items()}


def held(site: Site) -> tuple[str, set[str]]:
    """Return the Secret's name, and which declared keys have a value in it."""
    wanted, values = site.environment.secrets, values_of(site.secret)
    return f"Secret {wanted.object_name}", {key for key in wanted.keys if values.get(key)}


def require_keys(environment: Environment, secret: Object | None, verb: str) -> None:
    """Refuse a Secret that lacks a key; `verb` is the command that gives it one."""
    wanted, values = environment.secrets, values_of(secret)
    missing = [key for key in wanted.keys if not values.get(key)]
    if missing:
        raise Failure(
            *(
                problem(
                    "secret-incomplete",
                    f"Secret {wanted.object_name}",
                    f"it has no value for {key} (namespace {environment.namespace})",
                    environment=environment.label,
                    key=key,
                    verb=verb,
                )
                for key in missing
            ),
            refused=True,
        )


def create(site: Site, name: str, values: Mapping[str, bytes]) -> bool:
    """Make an immutable Secret; False where somebody else made it in the same moment."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {NAME: site.environment.name, MADE_BY: "morrow"}},
        "type": "Opaque",
        "immutable": True,
        "data": _encoded(values),
    }
    done = site.kubectl.run("create", "--validate=false", "-f", "-", input=json.dumps(secret))
    if done.code and "already exists" not in done.err:
        raise site.kubectl.failure(done)
    return done.code == 0


def patch(site: Site, name: str, values: Mapping[str, bytes]) -> None:
    """Set keys of a Secret that somebody else made; make it when it is not there."""
    data = _encoded(values)
    if site.kubectl.get("secret", name) is None:
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}
        site.kubectl.check("create", "--validate=false", "-f", "-", input=json.dumps(secret))
        return
    change = json.dumps({"data": data})
    site.kubectl.check("patch", "secret", name, "--patch-file", "/dev/stdin", input=change)


def sweep(site: Site, naming: str) -> list[str]:
    """Remove what the tool or the chart made and nothing in `naming` names any more."""
    present = site.environment.secrets.object_name
    gone = []
    for kind, name in _own(site):
        if name == present or re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", naming):
            continue
        site.kubectl.check("delete", kind, name, "--ignore-not-found")
        gone.append(f"{kind} {name}")
    if gone:
        terminal.say(f"  swept what nothing names any more: {', '.join(gone)}")
    return gone


def purge(site: Site) -> None:
    """Remove every Secret and ConfigMap that the tool or the chart made for the service."""
    for kind, name in _own(site):
        site.kubectl.check("delete", kind, name, "--ignore-not-found")


def _own(site: Site) -> list[tuple[str, str]]:
    label = f"{NAME}={site.environment.name}"
    items: list[Object] = site.kubectl.json("get", "secrets,configmaps", "-l", label)["items"]
    return [(item["kind"], item["metadata"]["name"]) for item in items if _ours(item)]


def _ours(item: Object) -> bool:
    metadata = item["metadata"]
    if item["kind"] == "Secret":
        return bool(metadata["labels"].get(MADE_BY) == "morrow" and item.get("immutable"))
    return (metadata.get("annotations") or {}).get(KEEP) == "keep" and bool(item.get("immutable"))


def _encoded(values: Mapping[str, bytes]) -> dict[str, str]:
    return {key: base64.b64encode(value).decode() for key, value in values.items()}
