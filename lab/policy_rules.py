"""NetworkPolicies as nftables rules: a pure function from the API's objects to one text a node.

The semantics are those of networking.k8s.io/v1: a pod that no policy selects is open; one that
some policy selects, for a direction, admits only what one of its policies admits there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Object = Mapping[str, Any]
TABLE = "morrow_network_policy"


def matches(selector: Object | None, labels: Mapping[str, str]) -> bool:
    """Say whether a label selector selects these labels; an empty one selects all."""
    selector = selector or {}
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    return all(_holds(wish, labels) for wish in selector.get("matchExpressions") or [])


def _holds(wish: Object, labels: Mapping[str, str]) -> bool:
    key, values = wish["key"], wish.get("values") or []
    match wish["operator"]:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case unknown:
            raise ValueError(f"a selector has the operator {unknown}")


def rules(
    namespaces: Iterable[Object], pods: Iterable[Object], policies: Iterable[Object]
) -> dict[str, str]:
    """Return nft's input for each node that has a pod."""
    world = _World(namespaces, pods, list(policies))
    by_node: dict[str, list[Object]] = {}
    for pod in world.pods:
        by_node.setdefault(pod["spec"]["nodeName"], []).append(pod)
    return {node: _table(world, here) for node, here in by_node.items()}


class _World:
    """The objects, reduced to the pods that have an address of their own."""

    def __init__(
        self, namespaces: Iterable[Object], pods: Iterable[Object], policies: list[Object]
    ) -> None:
        self.namespace_labels = {each["metadata"]["name"]: _labels(each) for each in namespaces}
        self.policies = policies
        self.pods = [
            pod
            for pod in pods
            if pod["status"].get("podIP")
            and pod["spec"].get("nodeName")
            and not pod["spec"].get("hostNetwork")
            and pod["status"].get("phase") not in ("Succeeded", "Failed")
        ]

    def selecting(self, pod: Object, direction: str) -> list[Object]:
        """Return the policies that select the pod for `Ingress` or `Egress`."""
        return [
            policy
            for policy in self.policies
            if policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
            and direction in _types(policy["spec"])
            and matches(policy["spec"].get("podSelector"), _labels(pod))
        ]

    def peers(self, peer: Object, home: str) -> list[Object]:
        """Return the pods that one entry of `from` or `to` means, in a policy of `home`."""
        return [pod for pod in self.pods if self._is_peer(pod, peer, home)]

    def _is_peer(self, pod: Object, peer: Object, home: str) -> bool:
        namespace = pod["metadata"]["namespace"]
        if "namespaceSelector" in peer:
            labels = self.namespace_labels.get(namespace, {})
            if not matches(peer["namespaceSelector"], labels):
                return False
        elif namespace != home:
            return False
        return matches(peer.get("podSelector"), _labels(pod))


def _types(spec: Object) -> list[str]:
    given: list[str] | None = spec.get("policyTypes")
    return given or ["Ingress", *(["Egress"] if "egress" in spec else [])]


def _labels(thing: Object) -> Mapping[str, str]:
    labels: Mapping[str, str] = thing["metadata"].get("labels") or {}
    return labels


def _table(world: _World, pods: list[Object]) -> str:
    """Return one node's table; loading it replaces the one before at one stroke."""
    chains: list[str] = []
    jumps: dict[str, list[str]] = {"Egress": [], "Ingress": []}
    for pod in pods:
        for direction, known in jumps.items():
            policies = world.selecting(pod, direction)
            if not policies:
                continue
            address = pod["status"]["podIP"]
            chain = f"{direction.lower()}_{address.replace('.', '_')}"
            known.append(f"{address} : jump {chain}")
            admitted = [
                f"    {rule} return"
                for policy in policies
                for rule in _admitted(world, pod, policy, direction)
            ]
            chains.append("\n".join([f"  chain {chain} {{", *admitted, "    counter drop", "  }"]))
    dispatch = [
        f"    ip {side} vmap {{ {', '.join(jumps[direction])} }}"
        for direction, side in (("Egress", "saddr"), ("Ingress", "daddr"))
        if jumps[direction]
    ]
    # Behind the Services' translation of addresses, so that rules see pods. What the node itself
    # sends (the kubelet's probes) never passes here, as Kubernetes wants it.
    forward = [
        "  chain forward {",
        "    type filter hook forward priority -5; policy accept;",
        "    ct state established,related accept",
        *dispatch,
        "  }",
    ]
    body = "\n".join([*chains, *forward])
    return f"table ip {TABLE}\ndelete table ip {TABLE}\ntable ip {TABLE} {{\n{body}\n}}\n"


def _admitted(world: _World, pod: Object, policy: Object, direction: str) -> Iterable[str]:
    """Yield an nft match for each thing that the policy admits to or from the pod."""
    side, key = ("saddr", "from") if direction == "Ingress" else ("daddr", "to")
    home = policy["metadata"]["namespace"]
    for rule in policy["spec"].get(direction.lower()) or []:
        for peer in rule.get(key) or [None]:
            # A port's name means the number that the receiving pod gives it.
            for where, receivers in _places(world, peer, home, side):
                ends = [pod] if direction == "Ingress" else receivers
                for port in _ports(rule.get("ports"), ends):
                    yield f"{where} {port}".strip()


def _places(
    world: _World, peer: Object | None, home: str, side: str
) -> Iterable[tuple[str, list[Object]]]:
    """Yield a match on addresses, with the pods that have them."""
    if peer is None:
        yield "", world.pods
    elif "ipBlock" in peer:
        block = peer["ipBlock"]
        but = "".join(f" ip {side} != {part}" for part in block.get("except") or [])
        yield f"ip {side} {block['cidr']}{but}", world.pods
    else:
        for pod in world.peers(peer, home):
            yield f"ip {side} {pod['status']['podIP']}", [pod]


def _ports(ports: list[Object] | None, receivers: list[Object]) -> Iterable[str]:
    """Yield a match for each of a rule's ports; an empty one when it names none."""
    if not ports:
        yield ""
        return
    for port in ports:
        protocol = (port.get("protocol") or "TCP").lower()
        number = port.get("port")
        if number is None:
            yield f"meta l4proto {protocol}"
        elif isinstance(number, int):
            last = port.get("endPort")
            yield f"{protocol} dport {number}" + (f"-{last}" if last else "")
        else:
            for found in sorted(_numbers(number, protocol, receivers)):
                yield f"{protocol} dport {found}"


def _numbers(name: str, protocol: str, pods: list[Object]) -> set[int]:
    return {
        port["containerPort"]
        for pod in pods
        for container in pod["spec"]["containers"]
        for port in container.get("ports") or []
        if port.get("name") == name and port.get("protocol", "TCP").lower() == protocol
    }
