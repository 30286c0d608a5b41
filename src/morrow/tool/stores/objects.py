"""The Secret objects of an environment in a cluster: read, made, patched, swept.

Values go to kubectl by standard input only, by `create` and `patch`: `apply` would copy them into
an annotation, and an argument can be read by everybody on the machine.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import MADE_BY, NAME
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.stores import age
from morrow.tool.stores.store import too_large

SECRET_HOLDS = 1_048_576  # bytes of all values together, by Kubernetes
BY_OPERATOR = "reconcile.external-secrets.io/managed"  # External Secrets' label on its Secrets


def values_of(secret: Json | None) -> dict[str, bytes]:
    """Return the values of a Secret: the one place where they are read."""
    data = (secret or {}).get("data") or {}
    return {key: base64.b64decode(text) for key, text in data.items()}


def require_keys(environment: Environment, secret: Json | None, verb: str) -> None:
    """Refuse a Secret that lacks a key; `verb` is the command that gives it one."""
    secrets, values = environment.secrets, values_of(secret)
    missing = [key for key in secrets.keys if not values.get(key)]
    if missing:
        where, space = f"Secret {secrets.object_name}", environment.namespace
        problems = [
            problem("secret-incomplete", where, f"it has no value for {key} (namespace {space})",
                    environment=environment.label, key=key, verb=verb)
            for key in missing
        ]  # fmt: skip
        raise Failure(*problems, refused=True)


def create(site: Site, name: str, values: Mapping[str, bytes]) -> bool:
    """Make an immutable Secret; False where somebody else made it in the same moment.

    It says when each key got its value: those of the present Secret that stay keep their time.
    """
    _require_room(name, values)
    changed = age.mark(values, values_of(site.secret), age.changed(site.secret))
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "labels": {NAME: site.environment.name, MADE_BY: "morrow"},
            "annotations": {age.CHANGED: changed},
        },
        "type": "Opaque",
        "immutable": True,
        "data": _encoded(values),
    }
    done = site.kubectl.create(secret)
    if done.code and "already exists" not in done.err:
        raise site.kubectl.failure(done)
    return done.code == 0


def patch(site: Site, name: str, values: Mapping[str, bytes]) -> None:
    """Set keys of a Secret that somebody else made; make it when it is not there."""
    present, data = site.kubectl.get("secret", name), _encoded(values)
    _require_room(name, {**values_of(present), **values})
    if present is None:
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}
        done = site.kubectl.create(secret)
        if done.code:
            raise site.kubectl.failure(done)
        return
    change = json.dumps({"data": data})
    site.kubectl.check("patch", "secret", name, "--patch-file", "/dev/stdin", input=change)


def mentions(text: str, name: str) -> bool:
    """Whether a text names an object, and not only one whose name is longer."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", text) is not None


def _require_room(name: str, values: Mapping[str, bytes]) -> None:
    size = sum(map(len, values.values()))
    if size > SECRET_HOLDS:
        raise Failure(too_large(values, f"Secret {name}", size, SECRET_HOLDS))


def _encoded(values: Mapping[str, bytes]) -> dict[str, str]:
    return {key: base64.b64encode(value).decode() for key, value in values.items()}
