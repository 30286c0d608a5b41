"""Whether NetworkPolicies leave anybody who could reach the service's port."""

from __future__ import annotations

from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import is_ending, labels_of, spec_of
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.containers import named_ports
from morrow.tool.diagnose.view import Finding, View, new_pods

SETTLES = 8.0


def network_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield policies that shut the service's port for all.

    Policies only add up: where one lets somebody in, who that is, is its owner's affair.
    """
    pods = [pod for pod in new_pods(view) if not is_ending(pod)]
    for service in view.own("Service", place.name, place.namespace):
        if service["metadata"]["name"] != place.name:
            continue
        selector = spec_of(service).get("selector") or {}
        reached = [pod for pod in pods if selector.items() <= labels_of(pod).items()]
        ports = [
            port.get("targetPort", port["port"]) for port in spec_of(service).get("ports") or []
        ]
        if not reached:
            continue
        policies = policies_of(reached[0], view)
        open_for_some = any(_lets(one, port, reached[0]) for one in policies for port in ports)
        if not policies or open_for_some:
            continue
        names = sorted(one["metadata"]["name"] for one in policies)
        shown = ", ".join(map(str, ports))
        cause = f"NetworkPolicy {', '.join(names)} selects its pods and lets nobody reach {shown}"
        where = f"Service {place.name}"
        yield Finding(place.problem("network-blocked", where, cause, what=names[0]), SETTLES, True)


def policies_of(pod: Json, view: View, way: str = "Ingress") -> list[Json]:
    """Return the policies that decide who reaches a pod, or, by `Egress`, what it reaches."""
    return [one for one in view.of("NetworkPolicy") if _holds(one, labels_of(pod), way)]


def _holds(policy: Json, labels: dict[str, str], way: str) -> bool:
    """Whether a policy decides that for a pod with these labels."""
    spec = spec_of(policy)
    usual = ["Ingress", *(["Egress"] if "egress" in spec else [])]
    if way not in (spec.get("policyTypes") or usual):
        return False
    return matches(spec.get("podSelector") or {}, labels)


def _lets(policy: Json, port: int | str, pod: Json) -> bool:
    numbers = named_ports(pod)
    port = numbers.get(str(port), port)
    for rule in spec_of(policy).get("ingress") or []:
        ports = rule.get("ports") or []
        for one in ports:
            first = numbers.get(str(one.get("port")), one.get("port"))
            last = one.get("endPort", first)
            if first is None or first == port:
                return True
            if isinstance(first, int) and isinstance(port, int) and first <= port <= last:
                return True
        if not ports:
            return True
    return False


def matches(selector: Json, labels: dict[str, str]) -> bool:
    """Whether a label selector takes these labels."""
    if not (selector.get("matchLabels") or {}).items() <= labels.items():
        return False
    for rule in selector.get("matchExpressions") or []:
        key, wanted = rule["key"], rule.get("values") or []
        there, value = key in labels, labels.get(key)
        answer = {
            "In": value in wanted,
            "NotIn": value not in wanted,
            "Exists": there,
            "DoesNotExist": not there,
        }
        if not answer[rule["operator"]]:
            return False
    return True
