"""The Secret objects of an environment in a cluster: made, completed, replaced, swept.

Values go to kubectl by standard input only, by `create` and `patch`: `apply` would copy them into
an annotation, and an argument can be read by everybody on the machine.
"""

from __future__ import annotations

import base64
import json
import re
import secrets as random
from collections.abc import Mapping
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm_storage import manifests
from morrow.tool.programs.kubectl import Kubectl

NAME = "app.kubernetes.io/name"
MADE_BY = "app.kubernetes.io/managed-by"
KEEP = "helm.sh/resource-policy"


def made(kubectl: Kubectl, name: str) -> dict[str, bytes] | None:
    """Return the values of a Secret, or None when there is none."""
    found = kubectl.get("secret", name)
    if found is None:
        return None
    data = found.get("data") or {}
    return {key: base64.b64decode(text) for key, text in data.items()}


def ensure(environment: Environment, kubectl: Kubectl) -> None:
    """Make the Secret of the present revision when it is missing; one that is there is taken."""
    wanted = environment.secrets
    if wanted.provider != "generated" or not wanted.keys:
        return
    if kubectl.get("secret", wanted.object_name) is None:
        create(environment, kubectl, wanted.object_name, {key: fresh() for key in wanted.keys})
        terminal.say(f"  Secret {wanted.object_name} made with {len(wanted.keys)} generated values")
    require_complete(environment, kubectl)


def fresh() -> bytes:
    """Return a new random value, of letters that every system takes."""
    return random.token_urlsafe(32).encode()


def create(
    environment: Environment, kubectl: Kubectl, name: str, values: Mapping[str, bytes]
) -> None:
    """Make an immutable Secret; one that somebody else made in the same moment is taken."""
    encoded = {key: base64.b64encode(value).decode() for key, value in values.items()}
    labels = {NAME: environment.name, MADE_BY: "morrow"}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": labels},
        "type": "Opaque",
        "immutable": True,
        "data": encoded,
    }
    done = kubectl.run("create", "--validate=false", "-f", "-", input=json.dumps(secret))
    if done.code and "already exists" not in done.err:
        raise kubectl.failure(done)


def require_complete(environment: Environment, kubectl: Kubectl) -> None:
    """Refuse to go on without a Secret that has every key the environment declares."""
    wanted = environment.secrets
    name = wanted.object_name
    held = made(kubectl, name)
    if held is None:
        if wanted.provider == "generated":
            return  # `ensure` makes it
        held = {}
    missing = [key for key in wanted.keys if not held.get(key)]
    if missing:
        raise Failure(
            *(
                problem(
                    "secret-incomplete",
                    f"Secret {name}",
                    f"it has no value for {key} (namespace {environment.namespace})",
                    environment=environment.label,
                    key=key,
                    verb="set" if wanted.provider == "existing" else "rotate",
                )
                for key in missing
            ),
            refused=True,
        )


def patch(kubectl: Kubectl, name: str, values: Mapping[str, bytes]) -> None:
    """Set keys of a Secret that somebody else made; make it when it is not there."""
    data = {key: base64.b64encode(value).decode() for key, value in values.items()}
    if kubectl.get("secret", name) is None:
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name},
            "data": data,
        }
        kubectl.check("create", "--validate=false", "-f", "-", input=json.dumps(secret))
        return
    change = json.dumps({"data": data})
    kubectl.check("patch", "secret", name, "--patch-file", "/dev/stdin", input=change)


def sweep(environment: Environment, kubectl: Kubectl) -> list[str]:
    """Remove what the tool or the chart made and no ReplicaSet and no release names any more."""
    label = f"{NAME}={environment.name}"
    items: list[dict[str, Any]] = kubectl.json("get", "secrets,configmaps", "-l", label)["items"]
    old = [item for item in items if _ours(item)]
    replicasets = kubectl.json("get", "replicasets,pods", "-l", label)["items"]
    naming = json.dumps(replicasets) + "\n".join(manifests(kubectl, environment.name).values())
    keep = {environment.secrets.object_name}
    gone = []
    for item in old:
        name = item["metadata"]["name"]
        if name in keep or re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", naming):
            continue
        kubectl.check("delete", item["kind"], name, "--ignore-not-found")
        gone.append(f"{item['kind']} {name}")
    if gone:
        terminal.say(f"  swept what nothing names any more: {', '.join(gone)}")
    return gone


def _ours(item: dict[str, Any]) -> bool:
    metadata = item["metadata"]
    if item["kind"] == "Secret":
        return bool(metadata["labels"].get(MADE_BY) == "morrow" and item.get("immutable"))
    return (metadata.get("annotations") or {}).get(KEEP) == "keep" and bool(item.get("immutable"))


def purge(environment: Environment, kubectl: Kubectl) -> None:
    """Remove every Secret and ConfigMap that the tool or the chart made for the service."""
    label = f"{NAME}={environment.name}"
    for item in kubectl.json("get", "secrets,configmaps", "-l", label)["items"]:
        if _ours(item):
            name = item["metadata"]["name"]
            kubectl.check("delete", item["kind"], name, "--ignore-not-found")
