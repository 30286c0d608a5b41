"""Faults beyond those: what is alone, what waits for ever, what is accepted and not there."""

from __future__ import annotations

from tests.e2e.faults_network import GATEWAY_API, HOST, LAB
from tests.e2e.faults_pods import SAFE
from tests.e2e.faults_rules import cron, extra, keeper, service
from tests.e2e.faults_storage import DATA
from tests.e2e.faults_unseen import BINDING, PYTHON, alone, job
from tests.e2e.tool_faults import Fault, Values, env, made, volume
from tests.e2e.tool_project import ToolProject, laid_over

SLEEP = [*PYTHON, "import time; time.sleep(9e9)"]
OWN: Values = {"name": "odd", "image": "IMAGE", "securityContext": SAFE, "command": SLEEP}
NEW: Values = {"env": [{"name": "A", "value": "new"}]}
DIES = {**OWN, "name": "dies", "command": [*PYTHON, "raise SystemExit(3)"]}
CLOSED = {"readinessProbe": {"tcpSocket": {"port": 9}, "periodSeconds": 1}}
FAR = {
    "maxSkew": 1,
    "minDomains": 99,
    "topologyKey": "kubernetes.io/hostname",
    "whenUnsatisfiable": "DoNotSchedule",
    "labelSelector": {"matchLabels": {"app": "odd"}},
}
ON_DELETE = {"updateStrategy": {"type": "OnDelete"}}
HALF = {
    "parentRefs": [LAB, {"name": "nosuch"}],
    "hostnames": [HOST],
    "rules": [{"backendRefs": [{"name": "web", "port": 80}]}],
}
OPEN_TO_IT: Values = {"network": {"policy": True, "ingress": {"gateway": "GATEWAYSPACE"}}}
DEVICE = {"resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "nosuch"}]}
ZZ = {"configMap": {"name": "flags", "items": [{"key": "zz", "path": "zz"}]}}
THING: Values = {"apiVersion": "NAMESPACE.example.com/v1", "kind": "Thing"}
ANY = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def deployed(
    container: Values | None = None, pod: Values | None = None, replicas: int = 1
) -> Values:
    """Return the values of a Deployment more, which does nothing."""
    own = {"containers": [{**OWN, **(container or {})}], **(pod or {})}
    template = {"metadata": {"labels": {"app": "odd"}}, "spec": own}
    selector = {"matchLabels": {"app": "odd"}}
    spec = {"replicas": replicas, "selector": selector, "template": template}
    return extra("Deployment", "apps/v1", spec=spec)


def hook(code: str) -> Values:
    """Return the values of a Deployment whose container runs this first."""
    return deployed({"lifecycle": {"postStart": {"exec": {"command": [*PYTHON, code]}}}})


def unbound(project: ToolProject) -> None:
    """Let the namespace admit any pod."""
    level = "pod-security.kubernetes.io/enforce=privileged"
    project.kubectl("label", "namespace", project.namespace, level, "--overwrite")


def _of_the_namespace(project: ToolProject, name: str) -> Values:
    """Return the head of an object of the whole cluster that goes with the namespace."""
    found = project.cluster.get("namespace", project.namespace)["metadata"]
    owner = {"apiVersion": "v1", "kind": "Namespace", "name": found["name"], "uid": found["uid"]}
    return {"metadata": {"name": name, "ownerReferences": [owner]}}


def for_one_pod(project: ToolProject) -> None:
    """Make a volume that one pod alone may hold."""
    name, size = project.namespace, {"storage": "1Mi"}
    own = {"accessModes": ["ReadWriteOncePod"], "storageClassName": ""}
    claim = {"namespace": name, "name": "data"}
    spec = {**own, "capacity": size, "claimRef": claim, "hostPath": {"path": "/tmp"}}
    head = {"apiVersion": "v1", "kind": "PersistentVolume", **_of_the_namespace(project, name)}
    project.make({**head, "spec": spec})
    wanted = {**own, "resources": {"requests": size}, "volumeName": name}
    made("PersistentVolumeClaim", "data", spec=wanted)(project)


def kind(project: ToolProject) -> None:
    """Let the cluster know a kind of this test's own."""
    group = f"{project.namespace}.example.com"
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": ANY}}
    spec: Values = {"group": group, "scope": "Namespaced", "versions": [version]}
    spec["names"] = {"kind": "Thing", "plural": "things"}
    head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    project.make({**head, **_of_the_namespace(project, f"things.{group}"), "spec": spec})
    project.kubectl("wait", "--for=condition=Established", f"crd/things.{group}", "--timeout=60s")


def no_kind(project: ToolProject) -> None:
    """Let the cluster forget it."""
    project.kubectl("delete", "crd", f"things.{project.namespace}.example.com")


BUNDLE = {"clusterTrustBundle": {"name": "nosuch", "path": "ca.pem"}}
STEP = {
    "extra": {"odd": {"metadata": {"annotations": {"helm.sh/hook": "pre-install,pre-upgrade"}}}}
}
NOBODY = {
    "roleRef": {"kind": "ClusterRole", "name": "view"},
    "subjects": [{"kind": "ServiceAccount", "name": "nosuch"}],
}

FAULTS = (
    Fault(
        "a ReplicaSet's pod crashes", "crashed", r"Pod odd-", r"exit code 2",
        keeper("ReplicaSet", {"command": [*PYTHON, "raise SystemExit(2)"]}), ci=True,
    ),
    Fault(
        "a ReplicaSet's old pods", "rollout-paused", r"Pod odd-", r"replaces no pod",
        keeper("ReplicaSet", NEW), first=keeper("ReplicaSet"), over=True, exit=3, typed=True,
    ),
    Fault(
        "OnDelete of one's own", "rollout-paused", r"StatefulSet odd", r"somebody deletes them",
        keeper("StatefulSet", NEW, **ON_DELETE), first=keeper("StatefulSet", **ON_DELETE),
        over=True, exit=3, typed=True,
    ),
    Fault(
        "spread that no cluster meets", "unschedulable", r"Pod odd-", r"topology spread",
        deployed({}, {"topologySpreadConstraints": [FAR]}, replicas=4),
    ),
    Fault(
        "one port of a node for four pods", "unschedulable", r"Pod odd-", r"free ports",
        deployed({"ports": [{"containerPort": 7777, "hostPort": 7777}]}, replicas=4),
        before=unbound,
    ),
    Fault(
        "volume for one pod alone", "unschedulable", r"Pod web-", r"strategy: Recreate",
        env(A="new"), first=DATA, over=True, early=for_one_pod,
    ),
    Fault(
        "dead beside one that runs", "crashed", r"Pod odd, container dies", r"exit code 3, once",
        extra("Pod", spec={"restartPolicy": "Never", "containers": [OWN, {**DIES, **CLOSED}]}),
        ci=True,
    ),
    Fault(
        "a lone pod is never ready", "never-ready", r"Pod odd, container odd", r":9: .*refused",
        alone(CLOSED, restartPolicy="Never"),
    ),
    Fault(
        "one of two Gateways is not there", "gateway-missing", r"HTTPRoute odd at .*/nosuch",
        r"no Gateway nosuch", {**extra("HTTPRoute", GATEWAY_API, spec=HALF), **OPEN_TO_IT}, exit=3,
        ci=True,
    ),
    Fault(
        "device's claim is not there", "unschedulable", r"Pod odd-", r"Template nosuch",
        deployed({"resources": {"claims": [{"name": "gpu"}]}}, DEVICE),
    ),
    Fault(
        "role for no account", "service-account-missing", r"RoleBinding odd", r"Account nosuch",
        laid_over(BINDING, {"extra": {"odd": NOBODY}}), exit=3, ci=True,
    ),
    Fault(
        "cron that is always too late", "cron-unmade", r"CronJob odd", r"DeadlineSeconds is 0",
        laid_over(cron(), {"extra": {"odd": {"spec": {"startingDeadlineSeconds": 0}}}}), exit=3,
        ci=True,
    ),
    Fault(
        "volume of a kind that is not served", "release-overwritten", r"Deployment web",
        r"has no clusterTrustBundle", volume({"projected": {"sources": [BUNDLE]}}), exit=3,
    ),
    Fault(
        "a field is misspelt", "field-unknown", r"Deployment odd", r"no field .*readinesProbe",
        deployed({"readinesProbe": CLOSED["readinessProbe"]}), exit=2, ci=True,
    ),
    Fault(
        "a Job is changed", "field-immutable", r"Job odd", r"field is immutable",
        job("print(2)"), first=job("print(1)"), over=True, typed=True, ci=True,
    ),
    Fault(
        "a step's own pod fails", "crashed", r"Pod odd, container odd", r"exit code 3, once",
        laid_over(alone({"command": DIES["command"]}, restartPolicy="Never"), STEP),
        ci=True,
    ),
    Fault(
        "own Service leads nowhere", "service-leads-nowhere", r"Service odd", r"no selector",
        service(ports=[{"port": 5432}]), exit=3, ci=True,
    ),
    Fault(
        "mounted over a file", "container-refused", r"Pod odd-.*container odd", r"not a directory",
        deployed({"volumeMounts": [{"name": "v", "mountPath": "/etc/passwd"}]},
                 {"volumes": [{"name": "v", "emptyDir": {}}]}),
    ),
    Fault(
        "Job of no pods", "job-suspended", r"Job odd", r"its parallelism is 0",
        job("print(1)", parallelism=0),
    ),
    Fault(
        "postStart hook fails", "container-refused", r"container odd", r"exited with 5",
        hook("raise SystemExit(5)"),
    ),
    Fault(
        "postStart hook does not end", "container-refused", r"container odd", r"has not ended",
        hook("import time; time.sleep(120)"), seconds=40,
    ),
    Fault(
        "sysctl that its node forbids", "pod-refused", r"Pod odd-", r"SysctlForbidden",
        deployed({}, {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "9"}]}}),
        before=unbound,
    ),
    Fault(
        "projected ConfigMap lacks a key", "configmap-key-missing", r"Pod web-",
        r"ConfigMap flags .* no key zz", volume({"projected": {"sources": [ZZ]}}),
        before=made("ConfigMap", "flags", data={"a": "b"}), ci=True,
    ),
    Fault(
        "image that it mounts is not there", "image-not-found", r"Pod web-", r"hello:nosuch",
        volume({"image": {"reference": "REGISTRY/hello:nosuch"}}), ci=True,
    ),
    Fault(
        "a kind of before is gone", "resource-kind-gone", r"release web", r"current release",
        {"extra": {"odd": None}}, first={"extra": {"odd": THING}}, over=True, early=kind,
        before=no_kind, meanwhile=kind,
    ),
)  # fmt: skip
