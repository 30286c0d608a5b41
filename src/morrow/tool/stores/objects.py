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
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import MADE_BY, NAME, is_kept, labels_of, names_held
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.stores import age
from morrow.tool.stores.store import Store, too_large

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


def holders(site: Site) -> list[tuple[Json, str]]:
    """Return the service's pods that hold a Secret, each with that Secret's name."""
    pods = site.kubectl.list("pods", f"{NAME}={site.environment.name}")
    held = ((pod, names_held(pod["spec"])["secrets"]) for pod in pods)
    return [(pod, secret) for pod, secret in held if secret]


def mentions(text: str, name: str) -> bool:
    """Whether a text names an object, and not only one whose name is longer."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", text) is not None


def _require_room(name: str, values: Mapping[str, bytes]) -> None:
    size = sum(map(len, values.values()))
    if size > SECRET_HOLDS:
        raise Failure(too_large(values, f"Secret {name}", size, SECRET_HOLDS))


def _encoded(values: Mapping[str, bytes]) -> dict[str, str]:
    return {key: base64.b64encode(value).decode() for key, value in values.items()}


class InCluster(Store):
    """A Secret named by the environment's file, and what older revisions have left beside it."""

    def inventory(self, site: Site) -> tuple[str, set[str]]:
        """Return the Secret's name, and which declared keys have a value in it."""
        wanted, present = site.environment.secrets, values_of(site.secret)
        return f"Secret {wanted.object_name}", {key for key in wanted.keys if present.get(key)}

    def values(self, site: Site) -> dict[str, bytes]:
        """Read the present Secret."""
        present = values_of(site.secret)
        return {key: present[key] for key in site.environment.secrets.keys if key in present}

    def sweep(self, site: Site, still_needed: str) -> list[str]:
        """Remove each Secret and ConfigMap of ours that `still_needed` does not mention."""
        present, gone = site.environment.secrets.object_name, []
        for kind, name in _removable_objects(site):
            if name != present and not mentions(still_needed, name):
                site.kubectl.check("delete", kind, name, "--ignore-not-found")
                gone.append(f"{kind} {name}")
        if gone:
            terminal.say(f"  removed what nothing names any more: {', '.join(gone)}")
        return gone

    def purge(self, site: Site) -> None:
        """Remove every Secret and ConfigMap that the tool or the chart made for the service."""
        for kind, name in _removable_objects(site):
            site.kubectl.check("delete", kind, name, "--ignore-not-found")


def _removable_objects(site: Site) -> list[tuple[str, str]]:
    label = f"{NAME}={site.environment.name}"
    items = site.kubectl.list("secrets,configmaps", label)
    return [(item["kind"], item["metadata"]["name"]) for item in items if _is_removable(item)]


def _is_removable(item: Json) -> bool:
    if item["kind"] == "Secret":
        ours = labels_of(item).get(MADE_BY) == "morrow" or BY_OPERATOR in labels_of(item)
    else:
        ours = is_kept(item)
    return ours and bool(item.get("immutable"))
