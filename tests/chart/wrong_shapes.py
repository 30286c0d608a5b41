"""Wrong combinations about workload, containers, volumes, ports, routes and scaling."""

from __future__ import annotations

from tests.chart.rendering import FOREIGN, Values, over
from tests.chart.wrong_network import GATEWAY, INGRESS

KEYS: Values = {"secrets": {"keys": ["TOKEN"]}}
CLAIM: Values = {"size": "1Gi"}
DATA: Values = {"volumes": {"data": {"mountPath": "/data"}}}
ONE: Values = {"replicas": 1, "rollout": {"strategy": "Recreate"}}
RULES: Values = {"serviceAccount": {"rules": {"a": {"resources": ["pods"], "verbs": ["get"]}}}}
HPA: Values = {"autoscaling": {"mode": "hpa"}}
CRON: Values = {
    "autoscaling": {"triggers": {"a": {"type": "cron", "metadata": {"start": "0 7 * * *"}}}}
}
REWRITE: Values = {"filters": [{"type": "URLRewrite", "urlRewrite": {"hostname": "x.y"}}]}
REDIRECT: Values = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}
BEGINNING: Values = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/a"}
PREFIX: Values = {"type": "URLRewrite", "urlRewrite": {"path": BEGINNING}}


def more(port: int, **fields: object) -> Values:
    return {"ports": {"more": {"extra": {"port": port, **fields}}}}


def volume(**what: object) -> Values:
    return {"volumes": {"data": {"mountPath": "/data", **what}}}


def sidecar(**what: object) -> Values:
    return {"sidecars": {"a": {"image": "x:1", **what}}}


def route(**what: object) -> Values:
    own = {} if "protocol" in what else {"path": "/r"}
    return {"routes": {"api": {**own, **what}}}


def header(verb: str, *names: str) -> Values:
    pairs = [{"name": name, "value": "x"} for name in names]
    return {"type": "RequestHeaderModifier", "requestHeaderModifier": {verb: pairs}}


# What is right, what is wrong over it, and what must be said.
WRONG_SHAPES: list[tuple[Values, Values, str]] = [
    (
        {"workload": "StatefulSet"},
        {"rollout": {"strategy": "Recreate"}},
        "strategy is Recreate, and workload is StatefulSet",
    ),
    ({}, DATA, "volumes.data says nowhere what it is"),
    (volume(files={"a": "b"}), volume(source={"emptyDir": {}}), "data states source and files"),
    (over(volume(claim=CLAIM), ONE), {"replicas": 2}, "one node only, and there are several pods"),
    (
        over(volume(claim=CLAIM), ONE),
        {"rollout": {"strategy": "RollingUpdate"}},
        "one node only, and a rollout starts the new pod before",
    ),
    (
        over(RULES, {"serviceAccount": {"token": True}}),
        {"serviceAccount": {"token": False}},
        "serviceAccount.rules are stated, and the pods have no token",
    ),
    (
        over(RULES, {"serviceAccount": {"token": True}}),
        {"serviceAccount": {"create": False}},
        "given to the namespace's default account",
    ),
    (
        {"pod": {"dnsConfig": {"options": {"ndots": "1"}}}},
        {"pod": {"dnsPolicy": "None"}},
        "pod.dnsPolicy is None, and pod.dnsConfig.nameservers is empty",
    ),
    ({}, {"autoscaling": {"mode": "keda"}}, "autoscaling.mode is keda, and autoscaling.triggers"),
    (
        over(CRON, {"autoscaling": {"mode": "keda"}}),
        {"autoscaling": {"mode": "none"}},
        "autoscaling.triggers are stated, and autoscaling.mode is none",
    ),
    ({}, {"autoscaling": {"pods": {"a": "1"}}}, "autoscaling.pods is stated, and autoscaling.mode"),
    (
        over(CRON, {"autoscaling": {"mode": "keda"}}),
        {"autoscaling": {"min": 11}},
        "autoscaling.min is 11, above autoscaling.max 10",
    ),
    (HPA, {"autoscaling": {"min": 0}}, "autoscaling.min is 0, and only keda"),
    (
        HPA,
        {"autoscaling": {"external": {"a": {"labels": {"x": "y"}}}}},
        "external.a wants one target",
    ),
    (HPA, {"autoscaling": {"vertical": {"mode": "in-place"}}}, "autoscaling.vertical changes"),
    ({}, more(5000), "ports.more.extra.port is 5000, which ports.http has already"),
    ({}, more(80), "ports.more.extra and service.port are both 80"),
    (sidecar(ports={"a": 90}), sidecar(ports={"http": 90}), "ports.http has the name of another"),
    (
        sidecar(ports={"a": 90}),
        sidecar(ports={"a": 8081}),
        "ports.a is 8081, which ports.admin has",
    ),
    (
        sidecar(ports={"a": 90}),
        {"service": {"targetPort": "b"}},
        "service.targetPort is b, and the",
    ),
    ({}, {"probes": {"liveness": {"port": "b"}}}, "probes.liveness.port is b, and the service's"),
    ({}, {"probes": {"liveness": {"path": "/a", "exec": ["b"]}}}, "liveness states more than one"),
    (
        sidecar(ports={"a": 90}),
        sidecar(probes={"liveness": {"port": "b"}}),
        "sidecars.a.probes.liveness asks the port b, which is not in sidecars.a.ports",
    ),
    ({}, sidecar(probes={"liveness": {"path": "/b"}}), "liveness does not say what it asks"),
    ({}, {"initContainers": {"a": {"ports": {"b": 90}}}}, "initContainers.a.ports means nothing"),
    ({}, route(path="/a"), "routes are stated, and route.mode is none"),
    (
        over(GATEWAY, route(hosts=["c.d"])),
        {"route": {"hosts": []}, "routes": {"b": {"path": "/b"}}},
        "routes.b.hosts is empty, and so is route.hosts",
    ),
    (
        over(GATEWAY, route()),
        route(port="b"),
        "routes.api.port is b, and the Service's ports are http",
    ),
    (
        over(GATEWAY, route(timeouts={"request": "0s", "backendRequest": "2s"})),
        route(timeouts={"request": "1500ms"}),
        "routes.api.timeouts.backendRequest is 2s, and the whole request may take 1500ms",
    ),
    (
        over(GATEWAY, {"routes": {"plain": {"gateway": {"section": "http"}}}}),
        route(path="/"),
        "routes.api leads a.b/ here, as route does",
    ),
    (
        over(GATEWAY, route(path="/x", paths=["/y"])),
        {"routes": {"other": {"paths": ["/y"], "path": "/z"}}},
        "routes.other leads a.b/y here, as routes.api does",
    ),
    (
        over(GATEWAY, route(path="/x", filters=[header("set", "a", "b")])),
        route(filters=[header("set", "a", "A")]),
        "routes.api.filters: requestHeaderModifier.set names a header twice",
    ),
    (
        volume(source={"emptyDir": {}}),
        {"volumes": {"data": {"mountPath": "/proc"}}},
        "volumes.data.mountPath is /proc, which is the system's own",
    ),
    (
        {"autoscaling": {"vertical": {"mode": "recommend", "least": {"cpu": "1"}}}},
        {"autoscaling": {"vertical": {"most": {"cpu": "500m"}}}},
        "autoscaling.vertical.least.cpu is 1, above autoscaling.vertical.most.cpu 500m",
    ),
    (over(GATEWAY, route(protocol="grpc")), route(path="/b"), "whose route knows no paths"),
    (over(INGRESS, route()), route(**REWRITE), "routes.api.filters belong to a Gateway's route"),
    (INGRESS, {"route": {"protocol": "grpc"}}, "route.protocol is grpc, and route.mode is ingress"),
    (over(GATEWAY, route()), route(className="c"), "routes.api states className or tls"),
    ({}, {"service": {"loadBalancerClass": "a.b/c"}}, "service.loadBalancerClass is stated, and"),
    ({}, {"service": {"externalTrafficPolicy": "Local"}}, "externalTrafficPolicy is stated, and"),
    (FOREIGN, {"observability": {"monitor": {"port": "b"}}}, "observability.monitor.port is b"),
    (
        {},
        {"service": {"targetPort": "admin"}},
        "service.targetPort is admin, which nothing outside",
    ),
    ({}, {"ports": {"more": {"http": {"port": 90}}}}, "ports.more.http has the name of one of the"),
    (
        over(GATEWAY, route(**REWRITE)),
        route(filters=[*REWRITE["filters"], *REWRITE["filters"]]),
        "routes.api.filters has URLRewrite twice",
    ),
    (
        over(GATEWAY, route(**REWRITE)),
        route(filters=[*REWRITE["filters"], REDIRECT]),
        "routes.api.filters redirects and rewrites",
    ),
    (
        over(GATEWAY, route(filters=[PREFIX])),
        route(paths=["/b"]),
        "replaces the beginning of a path, and there are several",
    ),
    (
        {},
        {"volumes": {"a": {"mountPath": "/tmp/", "source": {"emptyDir": {}}}}},
        "volumes.a.mountPath is /tmp, where the writable /tmp",
    ),
    (
        KEYS,
        {"volumes": {"a": {"mountPath": "/run/secrets/morrow", "source": {"emptyDir": {}}}}},
        "volumes.a.mountPath is /run/secrets/morrow, where secrets",
    ),
    (
        KEYS,
        {"volumes": {"a": {"mountPath": "/run/secrets/morrow/x", "source": {"emptyDir": {}}}}},
        "inside the secrets, where nothing can be mounted",
    ),
    (
        {"volumes": {"a": {"mountPath": "/x", "source": {"emptyDir": {}}}}},
        {"volumes": {"b": {"mountPath": "/x", "source": {"emptyDir": {}}}}},
        "volumes.b.mountPath is /x, where volumes.a",
    ),
    (
        {"sidecars": {"a": {"image": "x:1"}}},
        {"initContainers": {"a": {"image": "x:1"}}},
        "a stands in sidecars and in init",
    ),
    ({}, {"sidecars": {"a": {}}}, "sidecars.a is empty, and would run the service a second time"),
    ({}, {"initContainers": {"a": {"config": True}}}, "initContainers.a is empty, and would run"),
    (
        {"config": {"A": "1"}},
        {"sidecars": {"a": {"image": "x:1", "config": True, "env": {"A": "2"}}}},
        "sidecars.a.env.A is given to it by config or secrets already",
    ),
    ({}, {"sidecars": {"shop": {}}}, "sidecars.shop has the service's own name"),
    ({}, {"initContainers": {"shop": {}}}, "initContainers.shop has the service's own name"),
]
