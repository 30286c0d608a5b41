"""What keeps users from a release whose pods are all ready, case by case, and what does not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.diagnose.diagnose import diagnose
from tests.unit.tool.around import (
    LABELS,
    PLACE,
    bent,
    condition,
    good,
    owned_by,
    pod,
    seen,
    thing,
)
from tests.unit.tool.test_around import endpoints
from tests.unit.tool.test_around_routes import ACCEPTED, RESOLVED, gateway, route


def service(**spec: Any) -> Json:
    ports = [{"port": 80, "targetPort": "http"}]
    return thing("Service", "web", spec={"selector": LABELS, "ports": ports, **spec})


def policy(name: str = "deny", **spec: Any) -> Json:
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], **spec}
    return thing("NetworkPolicy", name, metadata={"labels": {}}, spec=spec)


def port(number: object, **more: object) -> list[Json]:
    return [{"ports": [{"port": number, **more}]}]


def by_hand(*addresses: str, **more: Any) -> Json:
    ends = [{"addresses": list(addresses), "conditions": {"ready": True}}]
    return {**endpoints(), "endpoints": ends, "metadata": {**endpoints()["metadata"], **more}}


def listening(*conditions: Json, name: str = "http") -> Json:
    door = gateway()
    door["status"]["listeners"] = [{"name": name, "conditions": list(conditions)}]
    return door


def ingress(name: str = "web", *, address: bool, labels: Json = LABELS) -> Json:
    told = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}} if address else {}
    rules = [{"host": f"{name}.example.com", "http": {"paths": [{"path": "/"}]}}]
    spec = {"ingressClassName": "front", "rules": rules}
    return thing("Ingress", name, metadata={"labels": labels}, spec=spec, status=told)


CLASS = thing("IngressClass", "front", metadata={"labels": {}})
ENDS = {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/holds"]}
TWO = condition("ScalingActive", "False", "AmbiguousSelector", "multiple HPAs: demo/a, demo/web")
SERVES = {"Service": [service()], "EndpointSlice": [endpoints("web-1-a")]}
BAD_CERTIFICATE = condition("ResolvedRefs", "False", "InvalidCertificateRef", "no Secret front-tls")

FAULTS: tuple[tuple[str, dict[str, list[Json]], str, str], ...] = (
    (
        "a selector was added to",
        {"Service": [service(selector={**LABELS, "tier": "x"})], "EndpointSlice": [endpoints()]},
        "service-leads-nowhere",
        'asks for tier=x.*"remove", "path": "/spec/selector/tier"',
    ),
    (
        "endpoints by hand",
        {**SERVES, "EndpointSlice": [endpoints("web-1-a"), by_hand("10.9.9.9", name="mine")]},
        "endpoints-foreign",
        "10.9.9.9.*delete endpointslice mine",
    ),
    (
        "a policy lets nobody in",
        {**SERVES, "NetworkPolicy": [policy()]},
        "network-blocked",
        "deny selects its pods and lets nobody reach http",
    ),
    (
        "policies open another port",
        {**SERVES, "NetworkPolicy": [policy(), policy("admin", ingress=port(8081))]},
        "network-blocked",
        "admin, deny",
    ),
    (
        "the listener has no certificate",
        {"HTTPRoute": [route(ACCEPTED, RESOLVED)], "Gateway": [listening(BAD_CERTIFICATE)]},
        "gateway-not-ready",
        "listener http: ResolvedRefs is False, InvalidCertificateRef: no Secret front-tls",
    ),
    (
        "two listeners of one port",
        {
            "HTTPRoute": [route(ACCEPTED, RESOLVED)],
            "Gateway": [listening(condition("Conflicted", "True", "HostnameConflict"))],
        },
        "gateway-not-ready",
        "Conflicted is True",
    ),
    (
        "an Ingress that is passed over",
        {
            "Ingress": [ingress(address=False), ingress("other", address=True, labels={})],
            "IngressClass": [CLASS],
        },
        "ingress-unseen",
        "gives others of its class an address",
    ),
    (
        "two autoscalers",
        {"HorizontalPodAutoscaler": [thing("HorizontalPodAutoscaler", "web",
                                           status={"conditions": [TWO]})]},
        "autoscaler-blocked",
        "demo/a, demo/web",
    ),
)  # fmt: skip

ODD: tuple[tuple[str, dict[str, list[Json]]], ...] = (
    ("all in order", SERVES),
    ("a policy for others", {**SERVES, "NetworkPolicy": [
        policy(podSelector={"matchLabels": {"app": "other"}})]}),
    ("a policy for egress", {**SERVES, "NetworkPolicy": [policy(policyTypes=["Egress"])]}),
    ("denied, and let in by another", {**SERVES, "NetworkPolicy": [
        policy(), policy("some", ingress=port("http"))]}),
    ("a range of ports", {**SERVES, "NetworkPolicy": [policy(ingress=port(4000, endPort=6000))]}),
    ("a rule for all ports", {**SERVES, "NetworkPolicy": [policy(ingress=[{}])]}),
    ("a selector by expression that is not ours", {**SERVES, "NetworkPolicy": [policy(podSelector={
        "matchExpressions": [{"key": "app", "operator": "Exists"}]})]}),
    ("a listener in order", {"HTTPRoute": [route(ACCEPTED, RESOLVED)], "Gateway": [
        listening(condition("Programmed", "True"), condition("Conflicted", "False"))]}),
    ("another listener is broken", {"HTTPRoute": [route(ACCEPTED, RESOLVED, parent={
        "sectionName": "http"})], "Gateway": [listening(BAD_CERTIFICATE, name="https")]}),
    ("a controller that writes no address", {"Ingress": [ingress(address=False)],
                                             "IngressClass": [CLASS]}),
)  # fmt: skip


def named(items: list[Json]) -> list[Json]:
    """Give the pods' container its port by the name that the Service asks for."""
    for item in items:
        if item["kind"] == "Pod":
            item["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 5000}]
    return items


@pytest.mark.parametrize(("around", "code", "said"), [one[1:] for one in FAULTS],
                         ids=[one[0] for one in FAULTS])  # fmt: skip
def test_a_fault_is_named(around: dict[str, list[Json]], code: str, said: str) -> None:
    (found,) = diagnose(seen(named(good()), **around), PLACE)
    assert (found.problem.code, found.beside) == (code, True)
    text = f"{found.problem.object} {found.problem.cause} {found.problem.fix}"
    assert re.search(said, text), text


@pytest.mark.parametrize("around", [one[1] for one in ODD], ids=[one[0] for one in ODD])
def test_what_is_odd_is_no_fault(around: dict[str, list[Json]]) -> None:
    assert diagnose(seen(named(good()), **around), PLACE) == []


def test_a_canary_by_hand_is_no_stranger_and_an_orphan_is_one() -> None:
    other = bent(pod("canary-1"), lambda one: one["metadata"].update(owned_by("r9")))
    around = {**SERVES, "EndpointSlice": [endpoints("web-1-a", "canary-1")]}
    items = named(good(other))
    assert diagnose(seen(items, **around), PLACE) == []
    items[-1]["spec"]["containers"][0]["image"] = "someone/else:1"
    assert [one.problem.code for one in diagnose(seen(items, **around), PLACE)] == [
        "service-shared"
    ]
    items[-1]["spec"]["containers"][0]["image"] = "shop:0"
    items[-1]["metadata"]["ownerReferences"] = []
    assert [one.problem.code for one in diagnose(seen(items, **around), PLACE)] == [
        "service-shared"
    ]
