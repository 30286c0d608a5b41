"""Routes and ingresses are judged by the words of whoever serves them."""

from __future__ import annotations

from typing import Any

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.route import PARTLY
from tests.unit.tool.around import LABELS, PLACE, bent, codes, condition, good, seen, thing


def route(*answers: Json, name: str = "web", namespace: str = "demo", **more: Any) -> Json:
    parent = {"name": "front", "namespace": "gateway", **more.pop("parent", {})}
    told = [{"parentRef": parent, "conditions": list(answers)}] if answers else []
    spec = {"parentRefs": [parent], "hostnames": ["shop.example.com"], "rules": [{}], **more}
    meta = {"namespace": namespace, "labels": LABELS if namespace == "demo" else {}}
    return thing(
        "HTTPRoute",
        name,
        f"{namespace}/{name}",
        metadata=meta,
        spec=spec,
        status={"parents": told},
    )


ACCEPTED = {**condition("Accepted", "True"), "observedGeneration": 1}
RESOLVED = {**condition("ResolvedRefs", "True"), "observedGeneration": 1}


def gateway(*conditions: Json) -> Json:
    told = list(conditions) or [condition("Programmed", "True")]
    return thing(
        "Gateway",
        "front",
        metadata={"namespace": "gateway", "labels": {}},
        spec={"listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
        status={"conditions": told},
    )


def denied(kind: str, reason: str) -> Json:
    return {**condition(kind, "False", reason, "as it says"), "observedGeneration": 1}


OLDER = bent(
    route(ACCEPTED, RESOLVED, name="theirs", namespace="other"),
    lambda one: one["metadata"].update(creationTimestamp="2025-01-01T00:00:00Z"),
)
YOUNGER = bent(OLDER, lambda one: one["metadata"].update(creationTimestamp="2027-01-01T00:00:00Z"))


@pytest.mark.parametrize(
    ("routes", "gateways", "code"),
    [
        ([route(ACCEPTED, RESOLVED)], [gateway()], None),
        ([route(ACCEPTED, RESOLVED), YOUNGER], [gateway()], None),
        ([route(ACCEPTED, RESOLVED), OLDER], [gateway()], "host-taken"),
        ([route()], [], "gateway-missing"),
        # A controller may accept what leads to a Gateway, or a listener, that is not there.
        ([route(ACCEPTED, RESOLVED)], [], "gateway-missing"),
        ([route(ACCEPTED, RESOLVED, parent={"sectionName": "tls"})], [gateway()], "route-refused"),
        ([route(ACCEPTED, RESOLVED, parent={"kind": "Service"})], [gateway()], None),
        ([route()], [gateway()], "route-unseen"),
        ([route(parent={"sectionName": "tls"})], [gateway()], "route-refused"),
        ([route(denied("Accepted", "NotAllowedByListeners"))], [gateway()], "route-refused"),
        (
            [route(ACCEPTED, denied("ResolvedRefs", "BackendNotFound"))],
            [gateway()],
            "route-backend",
        ),
        # Contour accepts what it serves a part of.
        ([route(ACCEPTED, RESOLVED, condition(PARTLY, "False"))], [gateway()], None),
        (
            [route(ACCEPTED, RESOLVED, {**condition(PARTLY, "True"), "observedGeneration": 1})],
            [gateway()],
            "route-refused",
        ),
        (
            [route(ACCEPTED, RESOLVED)],
            [gateway(condition("Programmed", "False", "Invalid"))],
            "gateway-not-ready",
        ),
    ],
)
def test_routes_are_judged_by_their_controllers_words(
    routes: list[Json], gateways: list[Json], code: str | None
) -> None:
    found = diagnose(seen(good(), HTTPRoute=routes, Gateway=gateways), PLACE)
    assert [one.problem.code for one in found] == ([code] if code else [])
    assert all(one.beside for one in found), "the pods are in order: nothing is taken back"


def test_the_owner_of_a_host_is_named_before_the_conflict_that_comes_of_it() -> None:
    routes = [route(denied("Accepted", "RuleMatchConflict")), OLDER]
    found = codes(seen(good(), HTTPRoute=routes, Gateway=[gateway()]))
    assert found == ["host-taken", "route-refused"]


def test_what_a_controller_said_of_an_earlier_route_does_not_count() -> None:
    old = bent(route(denied("Accepted", "NoMatchingParent")), lambda one: None)
    old["metadata"]["generation"] = 2
    assert codes(seen(good(), HTTPRoute=[old], Gateway=[gateway()])) == []


def ingress(name: str = "web", namespace: str = "demo", **spec: Any) -> Json:
    rule = {"host": "shop.example.com", "http": {"paths": [{"path": "/"}]}}
    meta = {"namespace": namespace, "labels": LABELS if namespace == "demo" else {}}
    return thing(
        "Ingress",
        name,
        f"{namespace}/{name}",
        metadata=meta,
        spec={"ingressClassName": "nginx", "rules": [rule], **spec},
    )


@pytest.mark.parametrize(
    ("ingresses", "classes", "code"),
    [
        ([ingress()], ["nginx"], None),
        ([ingress()], ["traefik"], "ingress-class-missing"),
        ([ingress(ingressClassName=None)], ["nginx"], "ingress-class-missing"),
        ([ingress(), ingress("theirs", "other")], ["nginx"], "host-taken"),
        ([ingress(), ingress("theirs", "other", ingressClassName="own")], ["nginx"], None),
    ],
)
def test_an_ingress_is_judged(ingresses: list[Json], classes: list[str], code: str | None) -> None:
    known = [thing("IngressClass", name) for name in classes]
    found = codes(seen(good(), Ingress=ingresses, IngressClass=known))
    assert found == ([code] if code else [])


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ({"name": "web", "port": {"number": 80}}, None),
        ({"name": "web", "port": {"name": "http"}}, None),
        ({"name": "web", "port": {"number": 81}}, "the port 81 of Service web"),
        ({"name": "web", "port": {"name": "grpc"}}, "the port grpc of Service web"),
        ({"name": "nosuch", "port": {"number": 80}}, "Service nosuch, which is not in"),
    ],
)
@pytest.mark.parametrize("default", [True, False])
def test_an_ingress_leads_to_a_port_that_is_there(
    service: Json, said: str | None, default: bool
) -> None:
    end = {"service": service}
    rule = {"http": {"paths": [{"path": "/", "backend": end}]}}
    door = ingress(**({"defaultBackend": end} if default else {"rules": [rule]}))
    ports = [{"name": "http", "port": 80, "targetPort": 5000}]
    there = thing("Service", "web", spec={"ports": ports})
    known = {"Ingress": [door], "IngressClass": [thing("IngressClass", "nginx")]}
    found = diagnose(seen(good(), **known, Service=[there]), PLACE)
    assert [one.problem.code for one in found] == (["route-backend"] if said else [])
    assert all(said in one.problem.cause for one in found if said)
    assert codes(seen(good(), **known)) == [], "nobody was allowed to look"


# -- autoscalers, services, nodes, volumes -----------------------------------------------------


@pytest.mark.parametrize(
    ("weight", "ready", "mine", "expected"),
    [
        (1, [], {}, ["route-backend"]),
        (1, ["theirs-1"], {}, []),
        (0, [], {}, []),  # nothing is led there
        (1, [], LABELS, []),  # the Service itself is judged
    ],
)
def test_a_part_of_the_requests_that_is_led_to_no_pod(
    weight: int, ready: list[str], mine: Json, expected: list[str]
) -> None:
    ends = [{"name": "web", "port": 80}, {"name": "theirs", "port": 80, "weight": weight}]
    own = route(ACCEPTED, RESOLVED, rules=[{"backendRefs": ends}])
    other = thing("Service", "theirs", metadata={"labels": mine}, spec={"selector": {"app": "x"}})
    piece = thing(
        "EndpointSlice",
        "theirs-1",
        metadata={"labels": {"kubernetes.io/service-name": "theirs"}},
        ports=[{"port": 80}],
        endpoints=[
            {"conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": name}}
            for name in ready
        ],
    )
    near = {"HTTPRoute": [own], "Gateway": [gateway()], "Service": [other]}
    found = diagnose(seen(good(), **near, EndpointSlice=[piece]), PLACE)
    assert [one.problem.code for one in found if one.problem.code == "route-backend"] == expected


def test_a_gateway_of_its_own_is_judged_without_a_route() -> None:
    waits = condition("Accepted", "Unknown", "Pending", "Waiting for controller")
    own = bent(gateway(waits), lambda one: one["metadata"].update(labels=LABELS, namespace="demo"))
    assert codes(seen(good(), Gateway=[own])) == ["gateway-not-ready"]
    assert codes(seen(good(), Gateway=[gateway(waits)])) == [], "the control: somebody else's"
