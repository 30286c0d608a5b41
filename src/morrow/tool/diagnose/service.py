"""Whether a Service leads to the new pods, to nothing, or to somebody else's."""

from __future__ import annotations

from collections.abc import Iterator

from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import (
    WAIT,
    Finding,
    Json,
    View,
    age_of,
    events_of,
    is_ready,
    own_pods,
    title,
)

SETTLES = 10.0
# A cloud needs minutes for a load balancer, and says so in an event; silence means nobody is at it.
SILENT = 30.0
AT_WORK = ("EnsuringLoadBalancer", "EnsuredLoadBalancer", "UpdatedLoadBalancer")


def service_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield what is wrong with each Service that the release declares."""
    for service in view.own("Service", place.name, place.namespace):
        spec = service["spec"]
        if spec.get("type") == "LoadBalancer":
            yield from _balancer(service, view, place)
        if spec.get("selector") and spec.get("clusterIP") != "None":
            yield from _endpoints(service, view, place)


def _balancer(service: Json, view: View, place: Place) -> Iterator[Finding]:
    status = (service.get("status") or {}).get("loadBalancer") or {}
    if status.get("ingress"):
        return
    events = events_of(view, service)
    failed = next((e for e in events if e.get("type") == "Warning"), None)
    if failed is not None:
        cause = f"it gets no address, {failed.get('reason')}: {failed.get('message')}"
        yield Finding(place.problem("load-balancer-pending", title(service), cause), SILENT)
    elif any(event.get("reason") in AT_WORK for event in events):
        cause = "its load balancer is being made and has no address yet"
        yield Finding(place.problem("load-balancer-pending", title(service), cause), WAIT)
    else:
        cause = "it gets no address, and no controller of the cluster says that it is at it"
        yield Finding(place.problem("load-balancer-pending", title(service), cause), SILENT)


def _endpoints(service: Json, view: View, place: Place) -> Iterator[Finding]:
    if "EndpointSlice" not in view.around:
        return
    pods = {pod["metadata"]["name"]: pod for pod in own_pods(view)}
    name = service["metadata"]["name"]
    led_to = set(_ready_targets(name, view))
    strangers = sorted(led_to - set(pods))
    if strangers:
        cause = f"it leads to pods that are not of this release: {', '.join(strangers[:3])}"
        problem = place.problem("service-shared", title(service), cause, what=strangers[0])
        yield Finding(problem, SETTLES, True)
    ready = [pod for pod in pods.values() if is_ready(pod)]
    if ready and not led_to:
        cause = f"it leads to no pod, though {len(ready)} are ready"
        age = max(0.0, age_of(service["metadata"]["creationTimestamp"]))
        hold = SETTLES if age > SETTLES else 2 * SETTLES
        yield Finding(place.problem("service-leads-nowhere", title(service), cause), hold, True)


def _ready_targets(name: str, view: View) -> Iterator[str]:
    for piece in view.of("EndpointSlice"):
        if (piece["metadata"].get("labels") or {}).get("kubernetes.io/service-name") != name:
            continue
        if not piece.get("ports"):
            continue  # the Service's target port is none of the pods'
        for endpoint in piece.get("endpoints") or []:
            target = endpoint.get("targetRef") or {}
            if (endpoint.get("conditions") or {}).get("ready") and target.get("kind") == "Pod":
                yield target["name"]
