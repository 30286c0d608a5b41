"""Whether an ingress controller leads requests to the service."""

from __future__ import annotations

from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import annotations_of, status_of, title
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.service import leads_nowhere
from morrow.tool.diagnose.view import Claim, Finding, View, events_of, rivals

DEFAULT = "ingressclass.kubernetes.io/is-default-class"
ACTION = "use-annotation"  # the port of a backend that stands in an annotation
SETTLES = 6.0
UNSEEN = 45.0


def ingress_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield what keeps each Ingress from being served."""
    for ingress in view.own("Ingress", place.name, place.namespace):
        yield from _class(ingress, view, place)
        yield from _backends(ingress, view, place)
        yield from _taken(ingress, view, place)
        yield from _unseen(ingress, view, place)


def _class(ingress: Json, view: View, place: Place) -> Iterator[Finding]:
    if "IngressClass" not in view.around:
        return  # not allowed to look
    classes = {one["metadata"]["name"]: one for one in view.of("IngressClass")}
    defaults = [annotations_of(one).get(DEFAULT) for one in classes.values()]
    wanted = ingress["spec"].get("ingressClassName")
    known = ", ".join(sorted(classes)) or "none"
    if wanted and wanted not in classes:
        cause = f"the cluster has no IngressClass {wanted}; it has {known}"
    elif not wanted and "true" not in defaults:
        cause = f"it names no class and the cluster has no default one; it has {known}"
    else:
        return
    yield Finding(place.problem("ingress-class-missing", title(ingress), cause), SETTLES, True)


def _unseen(ingress: Json, view: View, place: Place) -> Iterator[Finding]:
    """Yield an Ingress without an address where its class gives others theirs.

    Some controllers never write one: then nothing is known.
    """
    wanted = ingress["spec"].get("ingressClassName")
    alike = [one for one in view.of("Ingress") if one["spec"].get("ingressClassName") == wanted]
    # A cloud makes a load balancer for each, which takes minutes: its controller says so.
    if not _address(ingress) and not events_of(view, ingress) and any(map(_address, alike)):
        cause = "its controller gives others of its class an address, and it none"
        yield Finding(place.problem("ingress-unseen", title(ingress), cause), UNSEEN, True)


def _address(ingress: Json) -> bool:
    return bool((status_of(ingress).get("loadBalancer") or {}).get("ingress"))


def _backends(ingress: Json, view: View, place: Place) -> Iterator[Finding]:
    """Yield a Service, or a port of one, to which it leads and that is not there."""
    if "Service" not in view.around:
        return
    services = {one["metadata"]["name"]: one["spec"] for one in view.of("Service")}
    rules = ingress["spec"].get("rules") or []
    paths = [path for rule in rules for path in (rule.get("http") or {}).get("paths") or []]
    ends = [one.get("backend") or {} for one in paths]
    ends.append(ingress["spec"].get("defaultBackend") or {})
    for end in (one["service"] for one in ends if "service" in one):
        name, port = end["name"], end.get("port") or {}
        service = services.get(name) or {}
        ports = service.get("ports") or []
        # An action of its controller has no Service; a name elsewhere needs to declare no ports.
        if port.get("name") == ACTION or (service.get("type") == "ExternalName" and not ports):
            continue
        if name not in services:
            cause = f"it leads to Service {name}, which is not in the namespace"
        elif not any(port.items() <= {**one, "number": one["port"]}.items() for one in ports):
            wanted = port.get("name") or port.get("number")
            cause = f"it leads to the port {wanted} of Service {name}, which has no such port"
        elif leads_nowhere(name, view, place):
            cause = f"it leads to Service {name}, which has no ready pod"
        else:
            continue
        yield Finding(place.problem("route-backend", title(ingress), cause), SETTLES, True)
        return


def _taken(ingress: Json, view: View, place: Place) -> Iterator[Finding]:
    for _, owner, (_, host, path) in rivals(ingress, view, _claims):
        cause = f"{host}{path} is claimed by {owner} too"
        problem = place.problem("host-taken", title(ingress), cause, what=owner, host=host)
        yield Finding(problem, 0, True)
        return


def _claims(ingress: Json) -> Iterator[Claim]:
    spec = ingress["spec"]
    leads = spec.get("ingressClassName") or ""
    for rule in spec.get("rules") or []:
        for path in (rule.get("http") or {}).get("paths") or []:
            yield leads, rule.get("host") or "*", path.get("path") or "/"
