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


SAFE = {"drain": 1, "network": {"policy": True}}  # what the chart asks of a protected one
PROTECTED = {**SAFE, "target": {"protected": True}}
HELLO = {"config": {"API_BASE_URL": "https://api.example.com"}}
KEYS = {"secrets": {"keys": ["SECRET_KEY", "DB_PASSWORD"]}}

FAULTS = (
    Fault(
        "image tag",
        "image-not-found",
        r"hello:nosuchtag",
        r"does not have",
        {"image": {"tag": "nosuchtag", "digest": ""}},
        over=True,
        exit=2,
        ci=True,
    ),
    Fault(
        "image repository",
        "image-not-found",
        r"no/such/image",
        r"does not have",
        {"image": {"repository": "REGISTRY/no/such/image"}},
        exit=2,
        ci=True,
    ),
    Fault(
        "registry away",
        "registry-unreachable",
        r"container web",
        r"refused",
        {"image": {"repository": "127.0.0.1:9/hello"}},
    ),
    Fault(
        "image never pulled",
        "image-never-pulled",
        r"container web",
        r"not present with pull policy",
        {"image": {"repository": "example/elsewhere", "pullPolicy": "Never"}},
    ),
    Fault(
        "foreign Secret is not there",
        "secret-incomplete",
        r"Secret theirs",
        r"TOKEN",
        FOREIGN_SECRET,
        typed=True,
        stdin="a-value",
        exit=2,
        ci=True,
    ),
    Fault(
        "foreign Secret lacks a key",
        "secret-incomplete",
        r"Secret theirs",
        r"no value for TOKEN",
        FOREIGN_SECRET,
        before=made("Secret", "theirs", stringData={"OTHER": "x"}),
        typed=True,
        stdin="a-value",
        exit=2,
        ci=True,
    ),
    Fault(
        "mounted Secret is not there",
        "secret-missing",
        r"Pod web-",
        r"Secret nosuch is not in the namespace",
        volume({"secret": {"secretName": "nosuch"}}),
        typed=True,
        over=True,
    ),
    Fault(
        "Secret lacks a referred key",
        "secret-key-missing",
        r"container web",
        r"Secret half .* has no key WHOLE",
        reference("secretKeyRef", "half", "WHOLE"),
        before=made("Secret", "half", stringData={"OTHER": "x"}),
        ci=True,
    ),
    Fault(
        "mounted Secret lacks a key",
        "secret-key-missing",
        r"Pod web-",
        r"Secret half .* has no key WHOLE",
        volume({"secret": {"secretName": "half", "items": [{"key": "WHOLE", "path": "x"}]}}),
        before=made("Secret", "half", stringData={"OTHER": "x"}),
    ),
    Fault(
        "ConfigMap is not there",
        "configmap-missing",
        r"container web",
        r"ConfigMap nosuch",
        reference("configMapKeyRef", "nosuch", "A"),
        typed=True,
    ),
    Fault(
        "ConfigMap lacks a key",
        "configmap-key-missing",
        r"container web",
        r"ConfigMap half .* no key A",
        reference("configMapKeyRef", "half", "A"),
        before=made("ConfigMap", "half", data={"B": "x"}),
    ),
    Fault(
        "crashes",
        "crashed",
        r"container web",
        r"exit code 1, 2 times",
        env(DEATHS="99"),
        over=True,
        ci=True,
    ),
    Fault(
        "does not last",
        "crashed",
        r"container web",
        r"exit code 1, 2 times",
        {**env(LASTS="6"), "rollout": {"minReadySeconds": 15}},
        over=True,
        ci=True,
    ),
    Fault(
        "does not last, at first",
        "crashed",
        r"container web",
        r"exit code 1, 2 times",
        {**env(LASTS="6"), "rollout": {"minReadySeconds": 15}},
    ),
    Fault(
        "ends without an error",
        "crashed",
        r"container web",
        r"exit code 0",
        env(DEATHS="99", EXIT="0"),
    ),
    Fault(
        "too little memory",
        "out-of-memory",
        r"container web",
        r"limit \(48Mi\)",
        {**env(EAT="200"), "resources": {"limits": {"memory": "48Mi"}}},
    ),
    Fault(
        "quota is full",
        "quota-exceeded",
        r"ReplicaSet web-",
        r"exceeded quota: small",
        before=made("ResourceQuota", "small", spec={"hard": {"pods": "0"}}),
        after=removed("resourcequota", "small"),
        ci=True,
    ),
    Fault(
        "quota wants limits",
        "quota-exceeded",
        r"ReplicaSet web-",
        r"must specify limits.cpu",
        before=made("ResourceQuota", "strict", spec={"hard": {"limits.cpu": "1"}}),
        after=removed("resourcequota", "strict"),
    ),
    Fault(
        "limit range",
        "limit-range-refused",
        r"ReplicaSet web-",
        r"maximum memory usage per Container is 16Mi",
        before=made(
            "LimitRange",
            "tiny",
            spec={"limits": [{"type": "Container", "max": {"memory": "16Mi"}}]},
        ),
        after=removed("limitrange", "tiny"),
    ),
    Fault(
        "Pod Security",
        "pod-security-refused",
        r"Job web-odd|Job odd",
        r"restricted.*runAsNonRoot",
        {"extra": {"odd": {"apiVersion": "batch/v1", "kind": "Job", "spec": CARELESS}}},
        over=True,
    ),
    Fault(
        "service account is not there",
        "service-account-missing",
        r"ReplicaSet web-",
        r"nosuch",
        {"serviceAccount": {"create": False, "name": "nosuch"}},
        typed=True,
        ci=True,
    ),
    Fault(
        "priority class is not there",
        "priority-class-missing",
        r"ReplicaSet web-",
        r"nosuch",
        {"pod": {"priorityClass": "nosuch"}},
    ),
    Fault(
        "no node has the label",
        "unschedulable",
        r"Pod web-",
        r"didn't match Pod's node affinity/selector",
        {"pod": {"nodeSelector": {"disk": "nosuch"}}},
        ci=True,
    ),
    Fault(
        "no node is so large",
        "unschedulable",
        r"Pod web-",
        r"Insufficient memory",
        {"resources": {"requests": {"memory": "900Gi"}, "limits": {"memory": "900Gi"}}},
    ),
    Fault(
        "volume claim is not there",
        "volume-claim-missing",
        r"Pod web-",
        r"nosuch",
        volume({"persistentVolumeClaim": {"claimName": "nosuch"}}),
    ),
    Fault(
        "volume driver is not there",
        "volume-not-mounted",
        r"Pod web-",
        r"driver name nosuch.example.com not found",
        volume({"csi": {"driver": "nosuch.example.com"}}),
    ),
    Fault(
        "probe answers 503",
        "never-ready",
        r"container web",
        r"statuscode: 503.*it answers 503 the cache is cold",
        {**env(WARM="9999"), "probes": {"startup": {"failureThreshold": 8}}},
        over=True,
        ci=True,
    ),
    Fault(
        "listens on another port",
        "never-ready",
        r"container web",
        r"connection refused",
        {**env(LISTEN="5001"), "probes": {"startup": {"failureThreshold": 8}}},
    ),
    Fault(
        "migration fails",
        "job-failed",
        r"Job web-",
        r"BackoffLimitExceeded",
        {
            "processes": {
                "job": {
                    "kind": "job",
                    "command": ["/usr/bin/python3", "-c", "raise SystemExit('no such table')"],
                }
            }
        },
        over=True,
        ci=True,
    ),
    Fault(
        "command is not in the image",
        "command-not-found",
        r"container web",
        r"nosuchprogram",
        {"command": ["/nosuchprogram"]},
    ),
    Fault(
        "sidecar's image",
        "image-not-found",
        r"container helper",
        r"nosuchtag",
        {"sidecars": {"helper": {"image": "REGISTRY/lab/pause:nosuchtag"}}},
        over=True,
        ci=True,
    ),
    Fault(
        "init container crashes",
        "crashed",
        r"container prepare",
        r"exit code 3",
        {
            "initContainers": {
                "prepare": {
                    "image": "IMAGE",
                    "command": ["/usr/bin/python3", "-c", "raise SystemExit(3)"],
                }
            }
        },
    ),
    Fault(
        "name is taken",
        "name-taken",
        r"release web",
        r"Service \"web\".*cannot be imported",
        before=made("Service", "web", spec={"ports": [{"port": 80}]}),
        after=removed("service", "web"),
    ),
    Fault(
        "kind is not known",
        "resource-kind-missing",
        r"Strange",
        r"does not know Strange of strange.example.com/v1",
        {"extra": {"odd": {"apiVersion": "strange.example.com/v1", "kind": "Strange"}}},
        exit=2,
        ci=True,
    ),
    Fault(
        "serves errors",
        "smoke-failed",
        r"Service web",
        r"503|500",
        {**env(STATUS="500"), "probes": {"startup": {"path": "/x"}, "readiness": {"path": "/x"}}},
        exit=3,  # applied, and not taken back
    ),
    Fault(
        "settings are missing",
        "settings-refused",
        r"container web",
        r"API_BASE_URL is missing",
        {"config": {"LOG_LEVEL": "INFO"}, **KEYS},
        kit=True,
        over=True,
        ci=True,
    ),
    Fault(
        "a setting is malformed",
        "settings-refused",
        r"container web",
        r"MAX_CONNECTIONS .*LOG_LEVEL|LOG_LEVEL .*MAX_CONNECTIONS",
        {"config": {"LOG_LEVEL": "LOUD", "MAX_CONNECTIONS": "many"}, **KEYS},
        kit=True,
    ),
    Fault(
        "context is not there",
        "context-missing",
        r"nosuch",
        r"nosuch",
        {"target": {"context": "nosuch"}},
        exit=2,
        ci=True,
    ),
    Fault(
        "API server is away",
        "cluster-unreachable",
        r"context",
        r"refused",
        before=kubeconfig(closed_port),
        meanwhile=usual_kubeconfig,
        exit=2,
        ci=True,
    ),
    Fault(
        "login is refused",
        "cluster-login",
        r"context",
        r"Unauthorized|logged in|credentials",
        before=kubeconfig(bad_token),
        meanwhile=usual_kubeconfig,
        exit=2,
        ci=True,
    ),
    Fault(
        "no rights",
        "access-denied",
        r"namespace",
        r"not allowed to create",
        before=without_rights,
        meanwhile=usual_kubeconfig,
        exit=2,
        ci=True,
    ),
    Fault(
        "somebody is at it",
        "environment-locked",
        r"test",
        r"ann@elsewhere/1",
        before=locked,
        typed=True,
        exit=2,
        ci=True,
    ),
    Fault(
        "namespace is being deleted",
        "namespace-terminating",
        r"namespace ",
        r"deleted",
        before=ending_namespace,
        meanwhile=ended_namespace,
        exit=2,
    ),
    Fault(
        "webhook is silent",
        "webhook-unreachable",
        r"ReplicaSet web-",
        r"silent.example.com",
        before=silent_webhook,
        after=no_webhook,
    ),
    Fault(
        "protected without a digest",
        "digest-needed",
        r"environments/test.yaml",
        r"tag",
        {**PROTECTED, "image": {"tag": "v1", "digest": ""}},
        exit=2,
        ci=True,
    ),
    Fault(
        "protected with one pod",
        "replicas-needed",
        r"environments/test.yaml",
        r"two pods",
        PROTECTED,
        exit=2,
        ci=True,
    ),
    Fault(
        "protected and in another cluster",
        "server-unconfirmed",
        r"environments/test.yaml",
        r"https://",
        {**SAFE, "target": {"protected": True, "server": "https://p.example.com"}, "replicas": 2},
        confirm=True,
        exit=2,
    ),
    Fault(
        "protected and nobody said its name",
        "confirm-needed",
        r"test",
        r"nobody can be asked",
        {**SAFE, "target": {"protected": True, "server": "SERVER"}, "replicas": 2},
        typed=True,
        exit=2,
        ci=True,
    ),
)
