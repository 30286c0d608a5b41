"""The lab's network: a bridge in a namespace of its own, the host and each node on it."""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import ip_address, ip_network
from pathlib import Path

from lab.errors import LabError
from lab.layout import ARGOCD, FABRIC, HOST, HOST_LINK, NODES, NodeAddress
from lab.shell import run, succeeds

NAMESPACES = Path("/run/netns")


def _ip(*words: str, namespace: str = "") -> str:
    inside = ["-n", namespace] if namespace else []
    return run("ip", *inside, *words)


def _inside(namespace: str, *words: str) -> str:
    return run("nsenter", f"--net={NAMESPACES / namespace}", *words)


def _set(namespace: str, *settings: str) -> None:
    _inside(namespace, "sysctl", "-qw", *settings)


def make_fabric() -> None:
    """Make the bridge and the host's end of it."""
    if not Path("/proc/sys/net/bridge").exists() and not succeeds("modprobe", "br_netfilter"):
        raise LabError(
            "the kernel has no br_netfilter, without which pods of one node by-pass Services and "
            "policies; load it with `modprobe br_netfilter`"
        )
    _ip("netns", "add", FABRIC)
    _ip("link", "add", "bridge", "type", "bridge", namespace=FABRIC)
    _ip("link", "set", "bridge", "up", namespace=FABRIC)
    # Bridged frames shall not pass iptables here: this is only a wire.
    _set(FABRIC, "net.bridge.bridge-nf-call-iptables=0")
    _attach("host", "")
    _ip("addr", "add", f"{HOST}/24", "dev", HOST_LINK)
    _ip("link", "set", HOST_LINK, "up")
    for node in NODES:
        lead(node.pods, node)


def lead(address: str, node: NodeAddress) -> None:
    """Lead what this machine sends to an address to a node, as a load balancer's route does."""
    _ip("route", "replace", address, "via", node.address, "dev", HOST_LINK)


def _attach(port: str, namespace: str) -> None:
    """Plug a namespace (the host when empty) into the bridge."""
    name = "eth0" if namespace else HOST_LINK
    inside = ["netns", namespace] if namespace else []
    _ip("link", "add", name, *inside, "type", "veth", "peer", "name", port, "netns", FABRIC)
    _ip("link", "set", port, "master", "bridge", "up", namespace=FABRIC)


def make_node(node: NodeAddress) -> None:
    """Make the namespace that is a node, with routes to the other nodes' pods."""
    inside = node.namespace
    _ip("netns", "add", inside)
    _attach(node.name, inside)
    _ip("addr", "add", f"{node.address}/24", "dev", "eth0", namespace=inside)
    _ip("link", "set", "eth0", "up", namespace=inside)
    _ip("link", "set", "lo", "up", namespace=inside)
    _ip("route", "add", "default", "via", HOST, namespace=inside)
    for other in NODES:
        if other != node:
            _ip("route", "add", other.pods, "via", other.address, namespace=inside)
    _set(inside, "net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=1")


def unplug(node: NodeAddress) -> None:
    """Cut a node off, as when its power fails: nothing it still says is heard."""
    if succeeds("ip", "-n", FABRIC, "link", "show", node.name):
        _ip("link", "set", node.name, "down", namespace=FABRIC)


def remove_node(node: NodeAddress) -> None:
    """Remove a node's link and its namespace."""
    # First the link: a namespace's own links go some time after it.
    if succeeds("ip", "-n", FABRIC, "link", "show", node.name):
        _ip("link", "del", node.name, namespace=FABRIC)
    if (NAMESPACES / node.namespace).exists():
        _ip("netns", "del", node.namespace)


def forget_connections(node: NodeAddress) -> None:
    """Let the other nodes forget what they carried to this one's pods before it stopped.

    Nobody closed those connections, so they stay in the tables for up to five minutes. A new
    connection from the same address and port would be led to a pod that is no more. One client
    that opens hundreds a second comes round to the same ports that soon; many clients do not.
    """
    gone = ip_network(node.pods)
    for other in NODES:
        if other == node or not (NAMESPACES / other.namespace).exists():
            continue
        known = set(re.findall(r" src=(\S+)", _inside(other.namespace, "conntrack", "-L")))
        for address in known:
            if ip_address(address) in gone:
                with suppress(LabError):  # it has expired just now, or only ever asked
                    _inside(other.namespace, "conntrack", "-D", "--reply-src", address)


def remove_all() -> None:
    """Remove every namespace, link and route of the lab."""
    if succeeds("ip", "link", "show", HOST_LINK):
        _ip("link", "del", HOST_LINK)
    for namespace in [each.namespace for each in (*NODES, ARGOCD)] + [FABRIC]:
        if (NAMESPACES / namespace).exists():
            _ip("netns", "del", namespace)


def remains() -> list[str]:
    """Return what is left of the lab's network on the host."""
    found = [f"network namespace {path.name}" for path in NAMESPACES.glob("morrow-*")]
    if succeeds("ip", "link", "show", HOST_LINK):
        found.append(f"link {HOST_LINK}")
    routes = run("ip", "route", "show")
    return found + [f"route {line}" for line in routes.splitlines() if HOST_LINK in line]
