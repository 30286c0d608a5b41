"""Wrong combinations about the way in and the way out: routes, the Service, the NetworkPolicy."""

from __future__ import annotations

from tests.chart.rendering import Values

GATEWAY: Values = {"route": {"mode": "gateway", "hosts": ["a.b"], "gateway": {"name": "g"}}}
INGRESS: Values = {
    "route": {"mode": "ingress", "hosts": ["a.b"]},
    "network": {"ingress": {"gateway": "edge"}},
}
IRSA = {"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}}}


def egress(entry: Values) -> Values:
    return {"network": {"egress": {"to": {"db": entry}}}}


# As in test_chart_refusals: what is right, what is wrong over it, and what must be said.
WRONG_NETWORK: list[tuple[Values, Values, str]] = [
    (GATEWAY, {"route": {"hosts": []}}, "route.mode is gateway, and route.hosts is empty"),
    (INGRESS, {"route": {"hosts": []}}, "route.mode is ingress, and route.hosts is empty"),
    (GATEWAY, {"route": {"gateway": {"name": ""}}}, "route.gateway.name is empty"),
    (GATEWAY, {"route": {"tls": {"secret": "s"}}}, "route.tls.secret is stated"),
    (GATEWAY, {"route": {"className": "c"}}, "route.className is stated"),
    (INGRESS, {"route": {"gateway": {"name": "g"}}}, "route.gateway.name is stated"),
    (INGRESS, {"network": {"ingress": {"gateway": ""}}}, "would keep its controller out"),
    ({}, {"service": {"type": "NodePort"}}, "service.type is NodePort"),
    ({}, {"service": {"type": "LoadBalancer"}}, "service.type is LoadBalancer"),
    (
        {"network": {"ingress": {"cidrs": {"a": "10.0.0.0/8"}}}},
        {"network": {"policy": False}},
        "network.policy is false",
    ),
    (
        egress({"cidr": "10.0.0.0/8"}),
        egress({"namespace": "x"}),
        "egress.to.db states cidr together",
    ),
    ({}, egress({"ports": [80]}), "network.egress.to.db states ports only"),
    (
        egress({"cidr": "10.20.48.0/20"}),
        egress({"cidr": "10.20.52.7/20"}),
        "network.egress.to.db.cidr is 10.20.52.7/20, which begins inside its block:"
        " write 10.20.48.0/20.",
    ),
    (
        {"network": {"ingress": {"cidrs": {"a": "192.0.2.1/32", "b": "0.0.0.0/0", "c": "::/0"}}}},
        {"network": {"ingress": {"cidrs": {"a": "192.0.2.1/24"}}}},
        "network.ingress.cidrs.a is 192.0.2.1/24, which begins inside its block:",
    ),
    (
        egress({"cidr": "fd00:1234::/32"}),
        egress({"cidr": "fd00:1234:5::/32"}),
        "network.egress.to.db.cidr is fd00:1234:5::/32, which begins inside its block",
    ),
    (
        {**IRSA, **egress({"cidr": "0.0.0.0/0", "ports": [443]})},
        egress({"ports": [5432]}),
        "network.egress lets no pod reach AWS",
    ),
]
