"""Look at a release: its pods' objects each time, what lies beyond the namespace less often."""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Callable
from typing import TypeVar

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import is_ending, is_ready, parse, spec_of
from morrow.tool.cluster.place import Place
from morrow.tool.cluster.site import Site
from morrow.tool.diagnose.images import REGISTRY, host_of, pulled
from morrow.tool.diagnose.references import references
from morrow.tool.diagnose.service import DNS
from morrow.tool.diagnose.view import DECLARED, View, own_pods, view_of
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.registry import unreached
from morrow.tool.programs.runner import Result

Told = TypeVar("Told")
AWAY = 60.0  # seconds for an API server that is away for a moment
HEALS = ("cluster-unreachable", "program-failed")  # what is asked again; the latter is unknown
CORE = ("deployments", "statefulsets", "replicasets", "pods", "jobs", "events")
# Also in the namespace, but a person may be forbidden to look at some of them.
NEAR = {
    "Service": "services",
    "EndpointSlice": "endpointslices",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "Ingress": "ingresses",
    "DaemonSet": "daemonsets",
    "NetworkPolicy": "networkpolicies",
    "CronJob": "cronjobs",
}
ROUTES = {
    "HTTPRoute": "httproutes.gateway.networking.k8s.io",
    "GRPCRoute": "grpcroutes.gateway.networking.k8s.io",
}
_HIDDEN = re.compile(
    r'cannot get resource "'
    r'(secrets|configmaps|serviceaccounts|services|persistentvolumeclaims|(?:cluster)?roles)"'
)
_FORBIDDEN = re.compile(r'cannot list resource "([a-z]+)"')


def patiently(question: Callable[[], Told]) -> Told:
    """Ask again while the API server is away for a moment: what was applied is no worse by it."""
    until = time.monotonic() + AWAY
    while True:
        try:
            return question()
        except Failure as failure:
            if failure.problems[0].code not in HEALS or time.monotonic() > until:
                raise
            terminal.status(f"waiting for the API server: {failure.problems[0].cause}")
        time.sleep(1)


def look(kubectl: Kubectl, place: Place) -> View:
    """Return what the namespace holds of the release, in one question."""
    done = kubectl.run("get", ",".join((*CORE, *NEAR.values())), "-o", "json")
    forbidden = set(_FORBIDDEN.findall(done.err))
    if done.code and (not forbidden or forbidden & set(CORE)):
        raise kubectl.failure(done)
    items = _items(done)
    near = {kind: resource for kind, resource in NEAR.items() if resource not in forbidden}
    around = _sorted(items, "Deployment", *near)
    return dataclasses.replace(view_of(items, place.name), around=around)


def look_beyond(kubectl: Kubectl, view: View) -> dict[str, tuple[Json, ...]]:
    """Return what the release depends on in the cluster; what is forbidden to us is left out."""
    found: dict[str, tuple[Json, ...]] = {}
    # A lost node shows in its pods: where all are ready, and none ends, nodes are not asked for.
    pods = [pod for pod in own_pods(view) if not is_ready(pod) or is_ending(pod)]
    names = sorted({pod["spec"].get("nodeName") for pod in pods} - {None})
    if names:
        found |= _ask(kubectl, "nodes", "Node", *names, "--ignore-not-found")
    # Of a device's claim that was made by hand no pod's status tells whether it is there.
    claims = [one for pod in pods for one in pod["spec"].get("resourceClaims") or []]
    if any(one.get("resourceClaimName") for one in claims):
        found |= _ask(kubectl, "resourceclaims", "ResourceClaim")
    hosts = {host_of(image) for pod in pods for image in pulled(pod, view)}
    if silent := [(host, said) for host in sorted(hosts) if (said := unreached(host))]:
        answers = ({"metadata": {"name": host}, "status": {"says": said}} for host, said in silent)
        found[REGISTRY] = tuple(answers)
    if any(".svc." in str(spec_of(one).get("externalName")) for one in view.of("Service")):
        found |= _ask(kubectl, "configmap", DNS, "coredns", "-n", "kube-system")
    if view.of("Ingress"):
        found |= _ask(kubectl, "ingressclasses", "IngressClass")
        # Those of other namespaces too: one of them may have taken the host.
        found |= _ask(kubectl, NEAR["Ingress"], "Ingress", "--all-namespaces")
    return found


def look_at_all(site: Site) -> View:
    """Return one look at everything that is judged."""
    return look_around(site, look(site.kubectl, site.place))


def look_around(site: Site, view: View) -> View:
    """Return a look at the release with what lies beyond its namespace."""
    around = {**view.around, **look_beyond(site.kubectl, view)}
    declared, live = look_at_declared(site)
    environment = site.environment
    routes = environment.value("route", "mode") == "gateway" or environment.values.get("routes")
    if routes or any(one["kind"] in (*ROUTES, "Gateway") for one in declared):
        around |= _look_at_routes(site.kubectl)
    return dataclasses.replace(view, around={**around, DECLARED: live}, declared=declared)


def look_at_declared(site: Site) -> tuple[tuple[Json, ...], tuple[Json, ...]]:
    """Return what the deployed revision was applied as, and what there is of it now."""
    record = site.records.get(site.deployed or 0)
    if record is None:
        return (), ()
    declared = parse(record["manifest"])
    needed = references(declared, site.environment.namespace)
    asked = [{key: one[key] for key in ("apiVersion", "kind", "metadata")} for one in needed]
    done = site.kubectl.live("\n---\n".join([record["manifest"], *map(json.dumps, asked)]))
    declared += needed
    live = _items(done)
    if done.code:
        declared = _judged(declared, live, done.err)
    return tuple(declared), tuple(live)


def _judged(declared: list[Json], live: list[Json], said: str) -> list[Json]:
    """Return what can be judged when some of it could not be looked at, or its kind is gone.

    Many who may look at a release may not look at Secrets: that hides nothing else.
    """
    seen = {(one["kind"], one["metadata"]["name"]) for one in live}
    lines = [line for line in said.splitlines() if line.strip()]
    hidden = [_HIDDEN.search(line) for line in lines]
    kinds = {found[1] for found in hidden if found}
    return [
        one
        for one in declared
        if (one["kind"], one["metadata"]["name"]) in seen
        or (all(hidden) and f"{one['kind'].lower()}s" not in kinds)
    ]


def _look_at_routes(kubectl: Kubectl) -> dict[str, tuple[Json, ...]]:
    """Return the routes of all namespaces and their gateways, as far as we may look."""
    found: dict[str, tuple[Json, ...]] = {}
    for kind, resource in ROUTES.items():
        found |= _ask(kubectl, resource, kind, "--all-namespaces") or _ask(kubectl, resource, kind)
    gateways = "gateways.gateway.networking.k8s.io"
    return found | _ask(kubectl, gateways, "Gateway", "--all-namespaces")


def _ask(kubectl: Kubectl, resource: str, kind: str, *more: str) -> dict[str, tuple[Json, ...]]:
    """Return the objects; nothing when we may not look or the cluster does not know the kind."""
    try:
        done = kubectl.run("get", resource, *more, "-o", "json", timeout=15)
    except Failure:
        return {}  # the API server is slow for a moment; the next look asks again
    return {} if done.code else _sorted(_items(done), kind)


def _items(done: Result) -> list[Json]:
    told: Json = json.loads(done.out) if done.out.strip() else {"items": []}
    items: list[Json] = told.get("items", [told])  # of one name kubectl gives the object itself
    return items


def _sorted(items: list[Json], *kinds: str) -> dict[str, tuple[Json, ...]]:
    return {kind: tuple(one for one in items if one["kind"] == kind) for kind in kinds}
