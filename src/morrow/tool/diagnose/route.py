"""Whether a gateway leads requests to the service: HTTPRoute, GRPCRoute and their Gateways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    condition_of,
    condition_text,
    conditions_of,
    spec_of,
    status_of,
    title,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.service import leads_nowhere
from morrow.tool.diagnose.view import Claim, Finding, View, rivals

# Seconds that a controller may take to say something of a route that it has never seen.
UNSEEN = 20.0
SETTLES = 6.0
KINDS = ("HTTPRoute", "GRPCRoute")
PARTLY = "PartiallyInvalid"  # true where a gateway leaves out some of a route's rules


@dataclass(frozen=True)
class Link:
    """A route at one of the Gateways that it names as parents."""

    route: Json
    parent: Json
    view: View
    place: Place

    @property
    def namespace(self) -> str:
        """The Gateway's, which is the route's own where none is stated."""
        return self.parent.get("namespace") or self.place.namespace

    @property
    def where(self) -> str:
        """Name it in messages."""
        return f"{title(self.route)} at Gateway {self.namespace}/{self.parent['name']}"

    @property
    def gateway(self) -> Json | None:
        """The Gateway, where it is there and we may look."""
        for gateway in self.view.of("Gateway"):
            meta = gateway["metadata"]
            if (meta["name"], meta.get("namespace")) == (self.parent["name"], self.namespace):
                return gateway
        return None

    @property
    def answers(self) -> list[Json]:
        """What controllers say of the route there."""

        def named(reference: Json) -> tuple[str, str, str]:
            namespace = reference.get("namespace") or self.place.namespace
            return namespace, reference["name"], reference.get("sectionName") or ""

        parents = status_of(self.route).get("parents") or []
        return [one for one in parents if named(one["parentRef"]) == named(self.parent)]

    def finding(self, code: str, cause: str, what: str, hold: float) -> Finding:
        """Make a finding about it."""
        return Finding(self.place.problem(code, self.where, cause, what=what), hold, True)


def route_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield what keeps each route from being served, by the words of the gateway's controller."""
    for kind in KINDS:
        for route in view.own(kind, place.name, place.namespace):
            # First, since it names the owner: some gateways call it a conflict as well.
            yield from _taken(route, view, place)
            for parent in route["spec"].get("parentRefs") or []:
                yield from _link_findings(Link(route, parent, view, place))
            yield from _empty_backends(route, view, place)
    for gateway in view.own("Gateway", place.name, place.namespace):
        yield from _gateway_findings(gateway, {}, place)


def _empty_backends(route: Json, view: View, place: Place) -> Iterator[Finding]:
    """Yield a Service to which a part of the requests is led, and that leads to no pod."""
    for rule in spec_of(route).get("rules") or []:
        for end in rule.get("backendRefs") or []:
            elsewhere = end.get("namespace", place.namespace) != place.namespace
            if elsewhere or end.get("weight") == 0 or end.get("kind", "Service") != "Service":
                continue
            if leads_nowhere(end["name"], view, place):
                cause = f"a part of its requests is led to {end['name']}, which has no ready pod"
                told = place.problem("route-backend", title(route), cause)
                yield Finding(told, UNSEEN, True)


def _link_findings(link: Link) -> Iterator[Finding]:
    answers, gateway = link.answers, link.gateway
    # Some controllers accept a route also for a Gateway, or a listener, that is not there.
    if absent := _absent(link):
        yield absent
        return
    broken = list(_gateway_findings(gateway, link.parent, link.place)) if gateway else []
    yield from broken
    if not answers:
        cause = "no controller has said anything of it: nobody serves this Gateway's class"
        yield link.finding("route-unseen", cause, link.namespace, UNSEEN)
    if broken:
        return  # what is said of the route comes of it
    for answer in answers:
        seen = conditions_of(answer)
        for kind in ("Accepted", "ResolvedRefs", "Programmed", PARTLY):
            condition, good = seen.get(kind), "False" if kind == PARTLY else "True"
            if condition is None or condition["status"] == good:
                continue
            if condition.get("observedGeneration", 0) < link.route["metadata"].get("generation", 0):
                continue
            code = "route-backend" if kind == "ResolvedRefs" else "route-refused"
            what = f"{link.namespace}/{link.parent['name']}"
            yield link.finding(code, condition_text(condition), what, SETTLES)


def _absent(link: Link) -> Finding | None:
    gateway, section = link.gateway, link.parent.get("sectionName")
    if "Gateway" not in link.view.around or link.parent.get("kind", "Gateway") != "Gateway":
        return None  # not allowed to look, or the parent is a Service of a mesh
    if gateway is None:
        cause = f"there is no Gateway {link.parent['name']} in the namespace {link.namespace}"
        return link.finding("gateway-missing", cause, link.namespace, SETTLES)
    listeners = [one["name"] for one in spec_of(gateway).get("listeners") or []]
    if section and section not in listeners:
        cause = f"the Gateway has no listener {section}; it has {', '.join(listeners)}"
        return link.finding("route-refused", cause, link.namespace, SETTLES)
    return None


def _gateway_findings(gateway: Json, parent: Json, place: Place) -> Iterator[Finding]:
    """Yield what the Gateway itself lacks: no route of it is served then."""
    namespace = gateway["metadata"].get("namespace", "")
    where = f"Gateway {namespace}/{gateway['metadata']['name']}"
    # A route without a section is served by every listener that takes it: one in order will do.
    listeners = [
        one
        for one in status_of(gateway).get("listeners") or []
        if parent.get("sectionName") in (None, one["name"])
    ]
    wrong = list(filter(None, map(_listener_wrong, listeners)))
    cause = wrong[0] if wrong and len(wrong) == len(listeners) else ""
    for kind in ("Accepted", "Programmed"):
        condition = condition_of(gateway, kind)
        if not cause and condition and condition["status"] != "True":
            cause = condition_text(condition)
    if cause:
        problem = place.problem("gateway-not-ready", where, cause, what=namespace)
        yield Finding(problem, UNSEEN, True)


def _listener_wrong(listener: Json) -> str:
    """Return what keeps a listener from serving: its certificate, its port, its protocol."""
    for kind, condition in conditions_of(listener).items():
        good = "False" if kind in ("Conflicted", "OverlappingTLSConfig") else "True"
        if condition["status"] != good and kind != "OverlappingTLSConfig":
            said = f"its listener {listener['name']}: {kind} is {condition['status']}"
            return f"{said}, {condition.get('reason')}: {condition.get('message')}"
    return ""


def _taken(route: Json, view: View, place: Place) -> Iterator[Finding]:
    """Yield an older route of somebody else for the same host and path at the same Gateway."""
    for other, owner, (_, host, path) in rivals(route, view, _claims):
        if _age_key(other) > _age_key(route):
            continue
        cause = f"{host}{path} is led to {owner}, which is older and so wins"
        problem = place.problem("host-taken", title(route), cause, what=owner, host=host)
        yield Finding(problem, 0, True)
        return


def _age_key(item: Json) -> tuple[str, str, str]:
    meta = item["metadata"]
    return meta.get("creationTimestamp", ""), meta.get("namespace", ""), meta["name"]


def _claims(route: Json) -> Iterator[Claim]:
    spec, namespace = route["spec"], route["metadata"].get("namespace", "")
    for parent in spec.get("parentRefs") or []:
        gateway = f"{parent.get('namespace') or namespace}/{parent['name']}"
        for host in spec.get("hostnames") or ["*"]:
            for rule in spec.get("rules") or []:
                for match in rule.get("matches") or [{}]:
                    if set(match) - {"path"}:
                        continue  # it takes a part of the requests only
                    path = match.get("path") or {"type": "PathPrefix", "value": "/"}
                    yield gateway, str(host), str(path.get("value", "/"))
