"""Whether a gateway leads requests to the service: HTTPRoute, GRPCRoute and their Gateways."""

from __future__ import annotations

from collections.abc import Iterator

from morrow.tool.base.errors import Problem
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import Finding, Json, View, conditions_of, title

# Seconds that a controller may take to say something of a route that it has never seen.
UNSEEN = 20.0
SETTLES = 6.0
KINDS = ("HTTPRoute", "GRPCRoute")


def route_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield what keeps each route from being served, by the words of the gateway's controller."""
    for kind in KINDS:
        for route in view.own(kind, place.name, place.namespace):
            for parent in route["spec"].get("parentRefs") or []:
                yield from _parent(route, parent, view, place)
            yield from _taken(route, view, place)


def _parent(route: Json, parent: Json, view: View, place: Place) -> Iterator[Finding]:
    namespace = parent.get("namespace") or place.namespace
    where = f"{title(route)} at Gateway {namespace}/{parent['name']}"
    told = _answers(route, parent, place)
    if not told:
        yield from _unanswered(route, parent, namespace, where, view, place)
        return
    for answer in told:
        seen = conditions_of(answer)
        for kind in ("Accepted", "ResolvedRefs", "Programmed"):
            condition = seen.get(kind)
            if condition is None or condition["status"] == "True":
                continue
            if condition.get("observedGeneration", 0) < route["metadata"].get("generation", 0):
                continue
            yield Finding(_refused(condition, where, parent, namespace, place), SETTLES, True)
    gateway = _gateway(parent, namespace, view)
    if gateway is not None:
        yield from _gateway_findings(gateway, place)


def _answers(route: Json, parent: Json, place: Place) -> list[Json]:
    """Return what controllers say of a route at one of its parents."""

    def named(reference: Json) -> tuple[str, str, str]:
        namespace = reference.get("namespace") or place.namespace
        return namespace, reference["name"], reference.get("sectionName") or ""

    parents = (route.get("status") or {}).get("parents") or []
    return [one for one in parents if named(one["parentRef"]) == named(parent)]


def _unanswered(
    route: Json, parent: Json, namespace: str, where: str, view: View, place: Place
) -> Iterator[Finding]:
    gateway = _gateway(parent, namespace, view)
    if gateway is None and "Gateway" in view.around:
        cause = f"there is no Gateway {parent['name']} in the namespace {namespace}"
        problem = place.problem("gateway-missing", where, cause, what=namespace)
        yield Finding(problem, SETTLES, True)
        return
    section = parent.get("sectionName")
    listeners = [one["name"] for one in ((gateway or {}).get("spec") or {}).get("listeners") or []]
    if gateway is not None and section and section not in listeners:
        cause = f"the Gateway has no listener {section}; it has {', '.join(listeners)}"
        yield Finding(place.problem("route-refused", where, cause), SETTLES, True)
        return
    if gateway is not None:
        yield from _gateway_findings(gateway, place)
    cause = "no controller has said anything of it: nobody serves this Gateway's class"
    yield Finding(place.problem("route-unseen", where, cause, what=namespace), UNSEEN, True)


def _refused(condition: Json, where: str, parent: Json, namespace: str, place: Place) -> Problem:
    cause = f"{condition['type']} is {condition['status']}, {condition.get('reason')}"
    if condition.get("message"):
        cause += f": {condition['message']}"
    code = "route-backend" if condition["type"] == "ResolvedRefs" else "route-refused"
    return place.problem(code, where, cause, what=f"{namespace}/{parent['name']}")


def _gateway(parent: Json, namespace: str, view: View) -> Json | None:
    for gateway in view.of("Gateway"):
        meta = gateway["metadata"]
        if (meta["name"], meta.get("namespace")) == (parent["name"], namespace):
            return gateway
    return None


def _gateway_findings(gateway: Json, place: Place) -> Iterator[Finding]:
    """Yield what the Gateway itself lacks: no route of it is served then."""
    seen = conditions_of(gateway.get("status") or {})
    namespace = gateway["metadata"].get("namespace", "")
    where = f"Gateway {namespace}/{gateway['metadata']['name']}"
    for kind in ("Accepted", "Programmed"):
        condition = seen.get(kind)
        if condition is not None and condition["status"] != "True":
            cause = f"{kind} is {condition['status']}, {condition.get('reason')}"
            cause += f": {condition.get('message')}" if condition.get("message") else ""
            problem = place.problem("gateway-not-ready", where, cause, what=namespace)
            yield Finding(problem, UNSEEN, True)
            return


def _taken(route: Json, view: View, place: Place) -> Iterator[Finding]:
    """Yield an older route of somebody else for the same host and path at the same Gateway."""
    mine = set(_claims(route))
    for other in view.of(route["kind"]):
        if other["metadata"].get("uid") == route["metadata"].get("uid"):
            continue
        both = sorted(mine & set(_claims(other)))
        if not both or _age_key(other) > _age_key(route):
            continue
        _, host, path = both[0]
        meta = other["metadata"]
        owner = f"{other['kind']} {meta.get('namespace')}/{meta['name']}"
        cause = f"{host}{path} is led to {owner}, which is older and so wins"
        problem = place.problem("host-taken", title(route), cause, what=owner, host=host)
        yield Finding(problem, 0, True)
        return


def _age_key(item: Json) -> tuple[str, str, str]:
    meta = item["metadata"]
    return meta.get("creationTimestamp", ""), meta.get("namespace", ""), meta["name"]


def _claims(route: Json) -> Iterator[tuple[str, str, str]]:
    spec, namespace = route["spec"], route["metadata"].get("namespace", "")
    for parent in spec.get("parentRefs") or []:
        gateway = f"{parent.get('namespace') or namespace}/{parent['name']}"
        for host in spec.get("hostnames") or ["*"]:
            for rule in spec.get("rules") or []:
                for match in rule.get("matches") or [{}]:
                    if set(match) - {"path"}:
                        continue  # it takes a part of the requests only
                    path = match.get("path") or {"type": "PathPrefix", "value": "/"}
                    yield gateway, str(host), f"{path.get('value', '/')}"
