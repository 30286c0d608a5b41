"""Odd and good deploys beside the faults of faults_beyond.py: each is like one of them."""

from __future__ import annotations

from tests.e2e.faults_beyond import DIES, ON_DELETE, OPEN_TO_IT, OWN, deployed, hook
from tests.e2e.faults_network import GATEWAY_API, HOST, LAB
from tests.e2e.faults_rules import NONE, extra, keeper, rewrites
from tests.e2e.faults_unseen import PYTHON, job
from tests.e2e.slow_deploys import Slow
from tests.e2e.tool_faults import Values, made, volume
from tests.e2e.tool_project import SERVICE

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

ODD = (
    Slow("a ReplicaSet of its own", keeper("ReplicaSet"), ci=True),
    Slow("a ReplicaSet that rests", keeper("ReplicaSet", replicas=0), ci=True),
    # Fails where it ends before Helm has seen all of the pod ready: Helm waits for that to the end.
    Slow("a part of a lone pod ends well", extra("Pod", spec={
        "restartPolicy": "Never", "containers": [OWN, ENDS]})),
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
