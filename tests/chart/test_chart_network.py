"""Who may reach what: the NetworkPolicy as a table, judged by cyclonus without a cluster."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.chart.rendering import FOREIGN, NAMESPACE, SMALLEST, Values, one, over, render
from tools.build import program

PORTS = {"http": 5000, "admin": 8081}
SERVICE = {
    "app.kubernetes.io/name": "shop",
    "app.kubernetes.io/component": "service",
    "app.kubernetes.io/instance": "shop",
    "app.kubernetes.io/managed-by": "Helm",
}


@dataclass(frozen=True)
class Peer:
    """Someone who calls, or is called: a pod, or an address outside."""

    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    address: str = "10.1.0.9"

    def for_cyclonus(self) -> dict[str, Any]:
        if not self.namespace:
            return {"Internal": None, "IP": self.address}
        inside = {
            "PodLabels": dict(self.labels),
            "NamespaceLabels": {"kubernetes.io/metadata.name": self.namespace},
            "Namespace": self.namespace,
        }
        return {"Internal": inside, "IP": self.address}


def pod(namespace: str, **labels: str) -> Peer:
    return Peer(namespace, tuple(sorted(labels.items())))


SHOP = Peer(NAMESPACE, tuple(sorted(SERVICE.items())), "10.1.0.1")
TEST_POD = Peer(
    NAMESPACE, tuple(sorted({**SERVICE, "app.kubernetes.io/component": "test"}.items()))
)
STRANGER = pod(NAMESPACE, app="stranger")
ABROAD = pod("elsewhere", app="stranger")
GATEWAY = pod("edge", app="gateway")
MONITORING = pod("monitoring", app="prometheus")
OUTSIDE = Peer(address="203.0.113.7")
SUBNET = Peer(address="10.20.3.4")
DNS = pod("kube-system", app="dns")
POD_IDENTITY = Peer(address="169.254.170.23")
DATABASE = Peer(address="10.40.0.5")

Case = tuple[Peer, str, bool]
ROUTE: Values = {
    "route": {"mode": "gateway", "hosts": ["a.b"], "gateway": {"name": "g", "namespace": "edge"}}
}
BASKET: Values = {"network": {"ingress": {"from": {"basket": {"pods": {"app": "basket"}}}}}}
BATCH: Values = {"network": {"ingress": {"from": {"batch": {"namespace": "batch"}}}}}
BOTH: Values = {
    "network": {"ingress": {"from": {"x": {"namespace": "batch", "pods": {"app": "b"}}}}}
}
SUBNETS: Values = {"network": {"ingress": {"cidrs": {"alb": "10.20.0.0/16"}}}}

# values, then who may reach which port of the shop
INGRESS: dict[str, tuple[Values, list[Case]]] = {
    "nobody is named": (
        SMALLEST,
        [
            (TEST_POD, "http", True),
            (TEST_POD, "admin", False),
            (MONITORING, "admin", True),
            (MONITORING, "http", False),
            (STRANGER, "http", False),
            (STRANGER, "admin", False),
            (ABROAD, "http", False),
            (GATEWAY, "http", False),
            (OUTSIDE, "http", False),
            (OUTSIDE, "admin", False),
        ],
    ),
    "a gateway": (
        over(SMALLEST, ROUTE),
        [(GATEWAY, "http", True), (GATEWAY, "admin", False), (ABROAD, "http", False)],
    ),
    "a gateway whose pods are elsewhere": (
        over(over(SMALLEST, ROUTE), {"network": {"ingress": {"gateway": "elsewhere"}}}),
        [(GATEWAY, "http", False), (ABROAD, "http", True)],
    ),
    "pods of this namespace": (
        over(SMALLEST, BASKET),
        [
            (pod(NAMESPACE, app="basket"), "http", True),
            (pod(NAMESPACE, app="basket"), "admin", False),
            (pod("elsewhere", app="basket"), "http", False),
            (STRANGER, "http", False),
        ],
    ),
    "a whole namespace": (
        over(SMALLEST, BATCH),
        [(pod("batch", app="x"), "http", True), (pod(NAMESPACE, app="x"), "http", False)],
    ),
    "some pods of a namespace": (
        over(SMALLEST, BOTH),
        [
            (pod("batch", app="b"), "http", True),
            (pod("batch", app="c"), "http", False),
            (pod(NAMESPACE, app="b"), "http", False),
        ],
    ),
    "addresses": (
        over(SMALLEST, SUBNETS),
        [(SUBNET, "http", True), (SUBNET, "admin", False), (OUTSIDE, "http", False)],
    ),
    "no admin port": (
        FOREIGN,
        [(MONITORING, "http", True), (STRANGER, "http", False)],
    ),
    "no policy": (
        over(SMALLEST, {"network": {"policy": False}}),
        [(STRANGER, "http", True), (OUTSIDE, "admin", True)],
    ),
}
LIMITED = over(
    SMALLEST,
    {
        "network": {
            "egress": {
                "to": {
                    "database": {"cidr": "10.40.0.0/16", "ports": [5432]},
                    "api": {"namespace": "elsewhere", "pods": {"app": "stranger"}},
                }
            }
        }
    },
)
# values, then whom the shop may reach: target, port, protocol, verdict
EGRESS: dict[str, tuple[Values, list[tuple[Peer, int, str, bool]]]] = {
    "not stated": (SMALLEST, [(OUTSIDE, 443, "TCP", True), (DATABASE, 5432, "TCP", True)]),
    "nothing but names and identity": (
        over(SMALLEST, {"network": {"egress": {"to": {}}}}),
        [
            (DNS, 53, "UDP", True),
            (DNS, 53, "TCP", True),
            (OUTSIDE, 53, "UDP", True),
            (POD_IDENTITY, 80, "TCP", True),
            (POD_IDENTITY, 443, "TCP", False),
            (OUTSIDE, 443, "TCP", False),
            (DATABASE, 5432, "TCP", False),
        ],
    ),
    "two places": (
        LIMITED,
        [
            (DATABASE, 5432, "TCP", True),
            (DATABASE, 5433, "TCP", False),
            (ABROAD, 8080, "TCP", True),
            (pod("elsewhere", app="other"), 8080, "TCP", False),
            (STRANGER, 8080, "TCP", False),
            (DNS, 53, "UDP", True),
        ],
    ),
}


def traffic(source: Peer, target: Peer, port: int, name: str, protocol: str) -> dict[str, Any]:
    return {
        "Source": source.for_cyclonus(),
        "Destination": target.for_cyclonus(),
        "ResolvedPort": port,
        "ResolvedPortName": name,
        "Protocol": protocol,
    }


def verdicts(values: Values, asked: list[dict[str, Any]], folder: Path) -> list[bool]:
    """Return what cyclonus says of each connection."""
    policies = folder / "policies"
    policies.mkdir()
    objects = [o for o in render(values) if o["kind"] == "NetworkPolicy"]
    for policy in objects or [UNRELATED]:
        policy["metadata"]["namespace"] = NAMESPACE
        (policies / "policy.yaml").write_text(json.dumps(policy))
    (folder / "traffic.json").write_text(json.dumps(asked))
    words = [str(program("cyclonus")), "analyze", "--mode=query-traffic"]
    words += [f"--policy-path={policies}", f"--traffic-path={folder / 'traffic.json'}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = re.findall(r"IS ALLOWED\?\s*\|\s*(TRUE|FALSE)", done.stdout)
    assert len(found) == len(asked), done.stdout
    return [verdict == "TRUE" for verdict in found]


# Cyclonus wants one policy at least; this one is about nobody here.
UNRELATED: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "unrelated"},
    "spec": {"podSelector": {"matchLabels": {"app": "nobody"}}, "policyTypes": ["Ingress"]},
}


@pytest.mark.parametrize("what", INGRESS)
def test_who_may_call(what: str, tmp_path: Path) -> None:
    values, cases = INGRESS[what]
    asked = [traffic(source, SHOP, PORTS[port], port, "TCP") for source, port, _ in cases]
    assert verdicts(values, asked, tmp_path) == [verdict for _, _, verdict in cases]


@pytest.mark.parametrize("what", EGRESS)
def test_whom_it_may_call(what: str, tmp_path: Path) -> None:
    values, cases = EGRESS[what]
    asked = [traffic(SHOP, peer, port, "", protocol) for peer, port, protocol, _ in cases]
    assert verdicts(values, asked, tmp_path) == [verdict for *_, verdict in cases]


def test_ports_are_named_so_that_they_follow_the_container() -> None:
    policy = one(render(over(SMALLEST, {"ports": {"http": 9000}})), "NetworkPolicy")
    named = [port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]]
    assert named == ["http", "admin"]
