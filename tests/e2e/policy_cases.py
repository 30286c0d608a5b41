"""What NetworkPolicies can say: a table of cases, tried on pods and put to an oracle."""

from __future__ import annotations

from typing import Any


def ingress(*rules: dict[str, Any], app: str = "a") -> dict[str, Any]:
    return spec("Ingress", app, ingress=list(rules))


def egress(*rules: dict[str, Any], app: str = "a") -> dict[str, Any]:
    return spec("Egress", app, egress=list(rules))


def spec(kind: str, app: str, **rules: list[dict[str, Any]]) -> dict[str, Any]:
    selector = {"matchLabels": {"app": app}} if app else {}
    return {"podSelector": selector, "policyTypes": [kind], **rules}


TEAM_BLUE = {"namespaceSelector": {"matchLabels": {"team": "blue"}}}
POD_B = {"podSelector": {"matchLabels": {"app": "b"}}}
NOT_RED = {
    "namespaceSelector": {
        "matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["red"]}]
    }
}

# ABROAD_A and HOME_B stand for those pods' addresses.
CASES: dict[str, list[dict[str, Any]]] = {
    "nothing may come in": [ingress()],
    "all may come in": [ingress({})],
    "a pod of the same namespace": [ingress({"from": [POD_B]})],
    "a namespace, by its label": [ingress({"from": [TEAM_BLUE]})],
    "a pod of a namespace": [ingress({"from": [TEAM_BLUE | POD_B]})],
    "either of two": [ingress({"from": [TEAM_BLUE | POD_B, POD_B]})],
    "all but a label": [ingress({"from": [NOT_RED]})],
    "a port by number": [ingress({"ports": [{"port": 8080}]})],
    "a port by name": [ingress({"ports": [{"port": "admin"}]})],
    "a range of ports": [ingress({"ports": [{"port": 8000, "endPort": 8080}]})],
    "another protocol": [ingress({"ports": [{"protocol": "UDP", "port": 8080}]})],
    "a range of addresses": [ingress({"from": [{"ipBlock": {"cidr": "ABROAD_A/32"}}]})],
    "addresses with an exception": [
        ingress({"from": [{"ipBlock": {"cidr": "10.244.0.0/16", "except": ["HOME_B/32"]}}]})
    ],
    "two policies add up": [
        ingress({"from": [TEAM_BLUE], "ports": [{"port": "web"}]}),
        ingress({"from": [POD_B], "ports": [{"port": "admin"}]}),
    ],
    "nothing may go out": [egress()],
    "out to a pod by a port's name": [egress({"to": [POD_B], "ports": [{"port": "web"}]})],
    "out to a namespace": [egress({"to": [TEAM_BLUE]})],
    "both directions, all pods": [ingress(app=""), egress({"to": [TEAM_BLUE]}, app="")],
}
