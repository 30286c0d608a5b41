"""Wrong combinations that strangers to the chart wrote."""

from __future__ import annotations

from tests.chart.rendering import Values
from tests.chart.wrong_network import GATEWAY

GPU = "nvidia.com/gpu"


def process(**entry: object) -> Values:
    return {"processes": {"p": {"kind": "worker", "command": ["x"], **entry}}}


def udp(**more: Values) -> Values:
    return {"ports": {"more": {"u": {"port": 9000, "protocol": "UDP"}}}, **more}


def sidecar(**what: object) -> Values:
    return {"sidecars": {"a": {"image": "x:1", **what}}}


def volume(path: str, **what: object) -> Values:
    return {"volumes": {"d": {"mountPath": path, **(what or {"source": {"emptyDir": {}}})}}}


TRIGGERS: Values = {"a": {"type": "cron", "metadata": {"start": "0 7 * * *"}}}
KEDA: Values = {"autoscaling": {"mode": "keda", "triggers": TRIGGERS}}
CLAIM = {"claim": {"size": "1Gi"}}

# As in test_chart_refusals: what is right, what is wrong over it, and what must be said.
WRONG_STRANGERS: list[tuple[Values, Values, str]] = [
    ({}, {"ports": {"more": {"a--b": {"port": 90}}}}, "ports.more.a--b has two dashes in a row"),
    ({}, sidecar(ports={"a--b": 90}), "sidecars.a.ports.a--b has two dashes in a row"),
    (
        {"ports": {"more": {"x": {"port": 90, "service": 443}}}},
        {"ports": {"more": {"y": {"port": 91, "service": 443}}}},
        "ports.more.y and ports.more.x are both 443 on the Service",
    ),
    (udp(), udp(service={"targetPort": "u"}), "service.targetPort is u, and the ports are"),
    (udp(), udp(probes={"liveness": {"port": "u"}}), "probes.liveness.port is u, and the service"),
    ({**GATEWAY, **udp()}, {"route": {"port": "u"}}, "route.port is u, and the Service's ports"),
    (
        sidecar(ports={"p": 90}),
        sidecar(probes={"liveness": {"port": "p", "path": "/x", "exec": ["y"]}}),
        "sidecars.a.probes.liveness states more than one of path, exec and grpc",
    ),
    ({}, sidecar(command=["sh -c x"]), "sidecars.a.command is one word with blanks"),
    ({}, {"probes": {"liveness": {"exec": [""]}}}, "probes.liveness.exec begins with an empty"),
    (volume("/d"), volume("/d/../e"), "volumes.d.mountPath is /d/../e: write the plain path"),
    (
        sidecar(resources={"limits": {GPU: "1"}}),
        sidecar(resources={"requests": {GPU: "2"}}),
        "requests.nvidia.com/gpu is 2, and a device is asked for by its limit",
    ),
    (
        process(kind="cron", schedule="0 0 29 2 *"),
        process(kind="cron", schedule="0 0 30 2 *"),
        "processes.p.schedule is 0 0 30 2 *, a day that its month never has",
    ),
    ({}, process(**volume("/d", **CLAIM)), "processes.p.volumes.d would be made by nobody"),
    (
        process(sidecars={"shop": {"image": "x:1"}}),
        process(sidecars={"p": {"image": "x:1"}}),
        "processes.p: sidecars.p has the process's own name",
    ),
    (
        process(sidecars={"a": {"image": "x:1", "ports": {"p": 90}}}),
        process(sidecars={"a": {"image": "x:1", "ports": {"admin": 90}}}),
        "processes.p: sidecars.a.ports.admin has the name of another port",
    ),
    (
        KEDA,
        {"autoscaling": {"triggers": {"a": {"metricType": "Utilization"}}}},
        "autoscaling.triggers.a.metricType is Utilization, which only the triggers cpu and memory",
    ),
    (
        {"autoscaling": {"vertical": {"mode": "recommend", "least": {"cpu": "1"}}}},
        {"autoscaling": {"vertical": {"mode": "none"}}},
        "autoscaling.vertical.least is stated, and autoscaling.vertical.mode is none",
    ),
    (
        process(pod={"dnsPolicy": "Default"}),
        process(pod={"dnsPolicy": "None"}),
        "processes.p: pod.dnsPolicy is None, and pod.dnsConfig.nameservers is empty",
    ),
    ({}, process(deadline=60), "processes.p.deadline means nothing for kind worker: it belongs to"),
    (
        {"autoscaling": {"mode": "hpa", "memory": 80}},
        {"resources": {"requests": {"memory": None}}},
        "autoscaling.memory is a share of resources.requests.memory, which is not set",
    ),
    (GATEWAY, {"routes": {"x": {}}}, "routes.x leads a.b/ here, as route does"),
]
