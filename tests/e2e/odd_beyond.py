"""Odd and good deploys beside the faults of faults_beyond.py: each is like one of them."""

from __future__ import annotations

from tests.e2e.faults_beyond import DIES, ON_DELETE, OPEN_TO_IT, OWN, deployed, hook
from tests.e2e.faults_network import GATEWAY_API, HOST, LAB
from tests.e2e.faults_rules import NONE, cron, extra, keeper, rewrites
from tests.e2e.faults_storage import no_class, unfilled_class
from tests.e2e.faults_unseen import PYTHON, job
from tests.e2e.slow_deploys import Slow
from tests.e2e.tool_faults import Values, env, made, volume
from tests.e2e.tool_project import SERVICE, laid_over

ENDS = {**DIES, "command": [*PYTHON, "pass"]}
MAY_LACK = [
    {"secret": {"name": "nosuch", "optional": True}},
    {"configMap": {"name": "nosuch", "optional": True}},
]
BESIDE: Values = {
    **OWN,
    "name": "beside",
    "command": [*PYTHON, SERVICE],
    "env": [{"name": "SLOW", "value": "12"}],
    "restartPolicy": "Always",
    "startupProbe": {"tcpSocket": {"port": 5000}, "periodSeconds": 1, "failureThreshold": 90},
}
FIRST = "import os, time; time.sleep(0 if os.environ['JOB_COMPLETION_INDEX'] == '0' else 999)"
TWICE = {
    "parentRefs": [{**LAB, "sectionName": "https"}, {**LAB, "sectionName": "http"}],
    "hostnames": [HOST],
    "rules": [{"backendRefs": [{"name": "web", "port": 80}]}],
}
AGENT = """Object.spec.containers{name: 'agent', image: 'REGISTRY/lab/pause:1', securityContext:
 Object.spec.containers.securityContext{allowPrivilegeEscalation: false, runAsNonRoot: true,
 runAsUser: 10001, capabilities: Object.spec.containers.securityContext.capabilities{
 drop: ['ALL']}}}"""

DATA = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
CLAIM = {
    "accessModes": ["ReadWriteOnce"],
    "storageClassName": "NAMESPACE",
    "resources": {"requests": {"storage": "1Mi"}},
}
OWN_CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": CLAIM}
CRONS_OWN = laid_over(cron(volumes=DATA), {"extra": {"data": OWN_CLAIM}})
MATCH = {"headers": [{"name": "X-Canary", "value": "yes"}]}
CANARIES = {"matches": [MATCH], "backendRefs": [{"name": "web", "port": 80}]}


def lone(*containers: Values) -> Values:
    """Return the values of a pod that nothing keeps and nothing starts again."""
    return extra("Pod", spec={"restartPolicy": "Never", "containers": list(containers)})


ODD = (
    Slow("a ReplicaSet of its own", keeper("ReplicaSet"), ci=True),
    Slow("a ReplicaSet that rests", keeper("ReplicaSet", replicas=0), ci=True),
    Slow("a part of a lone pod ends well", lone(OWN, ENDS), ci=True),
    Slow("a lone pod had ended", {**lone(ENDS), **env(A="new")}, over=lone(ENDS)),
    Slow("a cron's claim waits for its first run", CRONS_OWN, before=unfilled_class,
         after=no_class, ci=True),
    Slow("a way that takes only what bears a header", {
        **extra("HTTPRoute", GATEWAY_API, spec={**TWICE, "rules": [CANARIES]}), **OPEN_TO_IT}),
    Slow("nothing that it may lack is there", volume({"projected": {"sources": MAY_LACK}}),
         ci=True),
    Slow("what runs beside starts slowly", deployed({}, {"initContainers": [BESIDE]}), least=12),
    Slow("a hook takes its time", hook("import time; time.sleep(15)"), least=15),
    Slow("OnDelete and new", keeper("StatefulSet", **ON_DELETE)),
    Slow("two listeners of one Gateway", {
        **extra("HTTPRoute", GATEWAY_API, spec=TWICE), **OPEN_TO_IT}),
    Slow("one part of a Job is enough", job(
        FIRST, completions=2, parallelism=2, completionMode="Indexed",
        successPolicy={"rules": [{"succeededIndexes": "0"}]})),
    Slow("an autoscaler without room", {
        "replicas": None, "autoscaling": {"mode": "hpa", "min": 2, "max": 2, "cpu": 70}}),
    Slow("a pull secret of another kind", {"image": {"pullSecrets": {"pull": True}}},
         before=made("Secret", "pull", stringData={"a": "b"}), ci=True),
    Slow("a rule adds a container that runs", before=rewrites(
        "pods", "/spec/containers/-", AGENT, "add"), after=NONE),
)  # fmt: skip
