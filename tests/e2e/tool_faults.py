"""The catalogue: what is broken on purpose, and what `morrow up` must say of it.

Each entry bends a good service by values laid over its own, by objects made before, or both.
The fix's commands for kubectl and morrow are run in a shell as they stand; then the good
values are written, unless those commands alone put it right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import Any

import yaml

from tests.e2e.tool_project import ToolProject

Values = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """One thing that is broken on purpose."""

    name: str
    code: str
    object: str  # patterns that must be found
    cause: str
    values: Values = field(default_factory=dict)
    early: Callable[[ToolProject], None] = lambda project: None  # what the good one needs
    before: Callable[[ToolProject], None] = lambda project: None
    meanwhile: Callable[[ToolProject], None] = lambda project: None  # what ends before it is typed
    after: Callable[[ToolProject], None] = lambda project: None  # what a person does besides
    typed: bool = False  # the fix's commands put it right: no value is changed
    stdin: str = ""  # what they are given
    over: bool = False  # a good release is deployed before, and must serve after
    first: Values = field(default_factory=dict)  # what a good one has besides
    during: Callable[[ToolProject, Event], None] | None = None  # who is at it while `up` runs
    seconds: int = 0  # `up --timeout`
    exit: int = 1
    confirm: bool = False  # the name is given
    kit: bool = False  # the service is hello itself, with the kit
    ci: bool = False  # runs in every check, not only in the full proof


def env(**variables: str) -> Values:
    """Return the values that give the service variables."""
    return {"env": variables}


def volume(source: Values) -> Values:
    """Return the values that mount one more volume."""
    return {"volumes": {"more": {"mountPath": "/more", "source": source}}}


def reference(kind: str, name: str, key: str) -> Values:
    """Return the values of a variable that is read from an object."""
    return {"env": {"REFERRED": {kind: {"name": name, "key": key}}}}


def made(kind: str, name: str, **more: object) -> Callable[[ToolProject], None]:
    """Return what makes an object in the project's namespace."""
    version = more.pop("apiVersion", "v1")

    def make(project: ToolProject) -> None:
        project.make({"apiVersion": version, "kind": kind, "metadata": {"name": name}, **more})

    return make


def removed(kind: str, name: str) -> Callable[[ToolProject], None]:
    """Return what removes an object from the project's namespace."""

    def remove(project: ToolProject) -> None:
        project.kubectl("delete", kind, name)

    return remove


FOREIGN_SECRET = {"secrets": {"provider": "existing", "name": "theirs", "keys": ["TOKEN"]}}

CARELESS = {
    "template": {
        "spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "odd", "image": "REGISTRY/lab/pause:1"}],
        }
    }
}


def kubeconfig(change: Callable[[Values], None]) -> Callable[[ToolProject], None]:
    """Return what gives the command a kubeconfig of its own, changed."""

    def write(project: ToolProject) -> None:
        own = yaml.safe_load(project.cluster.kubeconfig.read_text())
        change(own)
        file = project.folder / "kubeconfig"
        file.write_text(yaml.safe_dump(own))
        project.variables["KUBECONFIG"] = str(file)

    return write


def usual_kubeconfig(project: ToolProject) -> None:
    """Take the lab's kubeconfig again."""
    del project.variables["KUBECONFIG"]


def closed_port(config: Values) -> None:
    """Let every cluster be where nobody listens."""
    for cluster in config["clusters"]:
        cluster["cluster"]["server"] = "https://127.0.0.1:9"


def bad_token(config: Values) -> None:
    """Let every user be somebody whom the API server does not know."""
    for user in config["users"]:
        user["user"] = {"token": "expired"}


def without_rights(project: ToolProject) -> None:
    """Be a service account that may do nothing."""
    project.make({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody"}})
    token = project.kubectl("create", "token", "nobody").strip()

    def become(config: Values) -> None:
        for user in config["users"]:
            user["user"] = {"token": token}

    kubeconfig(become)(project)


def locked(project: ToolProject) -> None:
    """Let a person on another machine hold the lock."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {"holderIdentity": "ann@elsewhere/1", "leaseDurationSeconds": 600}
    spec |= {"acquireTime": now, "renewTime": now}
    made("Lease", "web-morrow", apiVersion="coordination.k8s.io/v1", spec=spec)(project)


def ending_namespace(project: ToolProject) -> None:
    """Delete the namespace while something holds it."""
    metadata = {"name": "holds", "finalizers": ["example.com/holds"]}
    project.make({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    project.kubectl("delete", "namespace", project.namespace, "--wait=false")


def ended_namespace(project: ToolProject) -> None:
    """Let go of it."""
    change = '[{"op": "remove", "path": "/metadata/finalizers"}]'
    project.kubectl("patch", "configmap", "holds", "--type=json", "-p", change)


def silent_webhook(project: ToolProject) -> None:
    """Let an admission webhook that nobody serves stand before this namespace's pods."""
    rule = {"operations": ["CREATE"], "resources": ["pods"]}
    rule |= {"apiGroups": [""], "apiVersions": ["v1"]}
    project.make(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": project.namespace},
            "webhooks": [
                {
                    "name": "silent.example.com",
                    "clientConfig": {"service": {"namespace": project.namespace, "name": "none"}},
                    "namespaceSelector": {
                        "matchLabels": {"kubernetes.io/metadata.name": project.namespace}
                    },
                    "rules": [rule],
                    "sideEffects": "None",
                    "admissionReviewVersions": ["v1"],
                    "failurePolicy": "Fail",
                }
            ],
        }
    )


def no_webhook(project: ToolProject) -> None:
    """Take the webhook away."""
    project.kubectl("delete", "validatingwebhookconfiguration", project.namespace)
