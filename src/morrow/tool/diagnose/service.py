"""Whether a Service leads to the new pods, to nothing, or to somebody else's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import typed
from morrow.tool.cluster.objects import (
    age_of,
    is_of,
    is_ready,
    labels_of,
    spec_of,
    status_of,
    template_of,
    title,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.containers import named_ports
from morrow.tool.diagnose.view import WAIT, Finding, View, events_of, own_pods

SETTLES = 10.0
# Some are filled by the pod that leads the others: one that has gone keeps its lead for half a
# minute, and the others look every ten seconds.
ELECTS = 45.0
DNS = "ConfigMap"  # of the cluster's DNS: no other is looked at
# A cloud needs minutes for a load balancer, and says so in an event; silence means nobody is at it.
SILENT = 30.0
AT_WORK = ("EnsuringLoadBalancer", "EnsuredLoadBalancer", "UpdatedLoadBalancer")


def service_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield what is wrong with each Service that the release declares."""
    for service in view.own("Service", place.name, place.namespace):
        spec = service["spec"]
        if spec.get("type") == "LoadBalancer":
            yield from _balancer(service, view, place)
        if spec.get("type") == "ExternalName":
            yield from _named(service, view, place)
        elif spec.get("selector") and spec.get("clusterIP") == "None":
            yield from _headless(service, view, place)
        elif spec.get("selector"):
            yield from _endpoints(service, view, place)
        elif "EndpointSlice" in view.around and not any(_pieces(service["metadata"]["name"], view)):
            cause = "it has no selector, and no EndpointSlice says where it leads"
            repair = f"selector: or an EndpointSlice in {place.file}, then: {typed()} up"
            repair += f" {place.environment}"
            told = place.problem("service-leads-nowhere", title(service), cause, repair=repair)
            yield Finding(told, ELECTS, True)


def _named(service: Json, view: View, place: Place) -> Iterator[Finding]:
    """Yield a name for a Service of this namespace that is not there."""
    # Behind another domain than the cluster's it is a name like any.
    domains = "|".join(map(re.escape, _domains(view)))
    own = rf"([a-z0-9-]+)\.{re.escape(place.namespace)}\.svc(\.({domains}))?\.?$"
    found = re.match(own, str(service["spec"].get("externalName")))
    if found and found[1] not in [one["metadata"]["name"] for one in view.of("Service")]:
        cause = f"it is a name for Service {found[1]}, which is not there"
        told = place.problem("service-missing", title(service), cause, what=found[1])
        yield Finding(told, SETTLES, True)


def _domains(view: View) -> list[str]:
    """Return the cluster's own domains, by its DNS where we may look."""
    files = [str((one.get("data") or {}).get("Corefile")) for one in view.of(DNS)]
    told = [one for file in files for one in re.findall(r"^\s*kubernetes\s+([^{\n]+)", file, re.M)]
    names = " ".join(told).split()
    return [one for one in names if not one.endswith(".arpa")] or ["cluster.local"]


def _headless(service: Json, view: View, place: Place) -> Iterator[Finding]:
    """Yield one whose selector fits no pod, and none that would be made: a cron's runs are few."""
    wanted = service["spec"]["selector"].items()
    jobs = [*view.jobs, *(one for one in view.declared if one["kind"] == "Job")]  # may be gone
    makers = (*view.workloads, *view.of("CronJob"), *jobs)
    made = [{"metadata": {}, **template_of(one)} for one in makers]
    if any(wanted <= labels_of(one).items() for one in (*view.pods, *made)):
        return
    cause = "it leads to no pod"
    ready = [pod for pod in own_pods(view) if is_ready(pod)]
    if ready:
        cause += _selector(service, ready, place)[0]
        repair = f"correct it in {place.file}, then: {typed()} up {place.environment}"
        told = place.problem("service-leads-nowhere", title(service), cause, repair=repair)
        yield Finding(told, SETTLES, True)


def _balancer(service: Json, view: View, place: Place) -> Iterator[Finding]:
    status = status_of(service).get("loadBalancer") or {}
    if status.get("ingress") or spec_of(service).get("externalIPs"):
        return
    events = events_of(view, service)
    failed = next((e for e in events if e.get("type") == "Warning"), None)
    cause = "it gets no address, and no controller of the cluster says that it is at it"
    hold = SILENT
    if failed is not None:
        cause = f"it gets no address, {failed.get('reason')}: {failed.get('message')}"
    elif any(event.get("reason") in AT_WORK for event in events):
        cause, hold = "its load balancer is being made and has no address yet", WAIT
    yield Finding(place.problem("load-balancer-pending", title(service), cause), hold)


def _endpoints(service: Json, view: View, place: Place) -> Iterator[Finding]:
    if "EndpointSlice" not in view.around:
        return
    pods = {pod["metadata"]["name"]: pod for pod in own_pods(view)}
    name = service["metadata"]["name"]
    led_to = set(_ready_targets(name, view))
    if _is_for_others(service, pods, led_to, place):
        return
    strangers = sorted(led_to - set(pods) - _canaries(view, list(pods.values())))
    if strangers:
        cause = f"it leads to pods that are not of this release: {', '.join(strangers[:3])}"
        problem = place.problem("service-shared", title(service), cause, what=strangers[0])
        yield Finding(problem, SETTLES, True)
    ready = [pod for pod in pods.values() if is_ready(pod)]
    if ready and not led_to:
        cause = f"it leads to no pod, though {len(ready)} are ready"
        age = max(0.0, age_of(service["metadata"]["creationTimestamp"]))
        hold = SETTLES if age > SETTLES else 2 * SETTLES
        said, repair = _selector(service, ready, place)
        if _as_applied(service, view):
            repair = f"correct them in {place.file}, then: {typed()} up {place.environment}"
        cause += said
        problem = place.problem("service-leads-nowhere", title(service), cause, repair=repair)
        yield Finding(problem, hold, True)
    yield from _by_hand(service, list(pods.values()), view, place)


def leads_nowhere(name: str, view: View, place: Place) -> bool:
    """Whether a Service of somebody else has pods to lead to, and none is ready."""
    if "EndpointSlice" not in view.around or place.name == name:
        return False
    found = [one for one in view.of("Service") if one["metadata"]["name"] == name]
    by_pods = any(spec_of(one).get("selector") for one in found if not is_of(one, place.name))
    return by_pods and not any(_ready_targets(name, view))


def _is_for_others(service: Json, pods: Json, led_to: set[str], place: Place) -> bool:
    """Whether the release declares it to reach somebody else's pods, as a name of its own."""
    wanted = service["spec"]["selector"].items()
    own = any(wanted <= labels_of(pod).items() for pod in pods.values())
    return bool(led_to) and not own and service["metadata"]["name"] != place.name


def _canaries(view: View, pods: list[Json]) -> set[str]:
    """Return the pods of another workload that run the release's own image, on purpose then."""
    own = set(map(_repository, pods))
    return {
        pod["metadata"]["name"]
        for pod in view.pods
        if pod["metadata"].get("ownerReferences") and _repository(pod) in own
    }


def _repository(pod: Json) -> str:
    return re.sub(r"(:[^/]*)?(@.*)?$", "", str(pod["spec"]["containers"][0]["image"]))


def _selector(service: Json, ready: list[Json], place: Place) -> tuple[str, str]:
    """Say what the selector asks for that no pod has, and what puts it right.

    What was added to it by hand `up` leaves alone.
    """
    name, up = service["metadata"]["name"], f"{typed()} up {place.environment}"
    labels = [labels_of(pod) for pod in ready]
    for key, value in service["spec"]["selector"].items():
        if any(one.get(key) == value for one in labels):
            continue
        said = f": its selector asks for {key}={value}, which none of them has"
        if any(key in one for one in labels):
            return said, up
        path = f"/spec/selector/{key.replace('~', '~0').replace('/', '~1')}"
        patch = json.dumps([{"op": "remove", "path": path}])
        return said, f"{place.kubectl} patch service {name} --type=json -p '{patch}', then: {up}"
    for port in service["spec"].get("ports") or []:
        wanted = port.get("targetPort")
        if isinstance(wanted, str) and all(wanted not in named_ports(pod) for pod in ready):
            return f": it asks for a port named {wanted}, and no container has one", up
    return "", up


def _as_applied(service: Json, view: View) -> bool:
    """Whether the file itself says so."""
    own = [one for one in view.declared if title(one) == title(service)]
    live = service["spec"]
    return (
        bool(own)
        and own[0]["spec"].get("selector") == live["selector"]
        and all(
            one.get("targetPort") in (None, other.get("targetPort"))
            for one, other in zip(own[0]["spec"]["ports"], live["ports"], strict=False)
        )
    )


def _by_hand(service: Json, pods: list[Json], view: View, place: Place) -> Iterator[Finding]:
    """Yield endpoints of a Service with a selector that no controller has made."""
    own = {one["ip"] for pod in pods for one in status_of(pod).get("podIPs") or []}
    for piece in _pieces(service["metadata"]["name"], view):
        led_to = {
            address
            for endpoint in piece.get("endpoints") or []
            if (endpoint.get("conditions") or {}).get("ready") and not endpoint.get("targetRef")
            for address in endpoint.get("addresses") or []
        }
        if foreign := sorted(led_to - own):
            name = piece["metadata"]["name"]
            cause = f"EndpointSlice {name} leads a part of its requests to {', '.join(foreign)}"
            cause += ", which is no pod"
            problem = place.problem("endpoints-foreign", title(service), cause, what=name)
            yield Finding(problem, SETTLES, True)


def _pieces(name: str, view: View) -> Iterator[Json]:
    for piece in view.of("EndpointSlice"):
        if labels_of(piece).get("kubernetes.io/service-name") == name:
            yield piece


def _ready_targets(name: str, view: View) -> Iterator[str]:
    for piece in _pieces(name, view):
        if not piece.get("ports"):
            continue  # the Service's target port is none of the pods'
        for endpoint in piece.get("endpoints") or []:
            target = endpoint.get("targetRef") or {}
            if (endpoint.get("conditions") or {}).get("ready") and target.get("kind") == "Pod":
                yield target["name"]
