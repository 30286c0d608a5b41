"""Who may reach whom, by the pods themselves and by cyclonus."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.cluster import Cluster
from tests.e2e.policy_cases import CASES
from tests.e2e.test_lab_cluster import PYTHON
from tools.build import program

PORTS = {"web": 8080, "admin": 8081}
SERVE = f"""
import socket, time
for port in {list(PORTS.values())}:
    listening = socket.create_server(('', port), backlog=200)
    globals()[f'kept{{port}}'] = listening
time.sleep(100000)
"""
# A connection that the kernel accepts is enough: nobody needs to answer.
TRY = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def reach(target):
    try:
        socket.create_connection(tuple(target), timeout=1.5).close()
        return True
    except OSError:
        return False
targets = json.loads(sys.argv[1])
with ThreadPoolExecutor(len(targets)) as pool:
    print(json.dumps(list(pool.map(reach, targets))))
"""


@dataclass(frozen=True)
class Peer:
    """A pod of the table, with all that an oracle needs to know of it."""

    namespace: str
    name: str
    address: str
    labels: dict[str, str]
    namespace_labels: dict[str, str]

    def for_cyclonus(self) -> dict[str, Any]:
        inside = {
            "PodLabels": self.labels,
            "NamespaceLabels": self.namespace_labels,
            "Namespace": self.namespace,
        }
        return {"Internal": inside, "IP": self.address}


@dataclass(frozen=True)
class World:
    """Two namespaces, two pods in each."""

    cluster: Cluster
    home: str
    abroad: str
    peers: list[Peer]


def differences(world: World, specs: list[dict[str, Any]], folder: Path) -> dict[str, bool]:
    """Apply a case's policies; return what pods reach against the oracle, once rules are loaded."""
    policies = [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": f"case-{number}", "namespace": world.home},
            "spec": rules,
        }
        for number, rules in enumerate(with_addresses(world, specs))
    ]
    expected = ask_cyclonus(world, policies, folder)
    assert any(expected.values())
    open_to_all = specs == CASES["all may come in"]
    assert all(expected.values()) == open_to_all, "a case in which nothing is refused shows nothing"
    world.cluster.apply(world.home, *policies)
    try:
        ends = time.monotonic() + 30
        while (found := reach_all(world)) != expected and time.monotonic() < ends:
            time.sleep(0.2)
    finally:
        world.cluster.kubectl("delete", "networkpolicy", "--all", "-n", world.home)
    return {name: verdict for name, verdict in found.items() if verdict != expected[name]}


def with_addresses(world: World, specs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the pods' addresses where a case speaks of them."""
    text = json.dumps(specs)
    for peer in world.peers:
        place = "HOME" if peer.namespace == world.home else "ABROAD"
        text = text.replace(f"{place}_{peer.name.upper()}/", f"{peer.address}/")
    filled: list[dict[str, Any]] = json.loads(text)
    return filled


def pairs(world: World) -> list[tuple[Peer, Peer, str]]:
    """Everything that is tried: each pod to each other one, on each port."""
    return [
        (source, target, port)
        for source in world.peers
        for target in world.peers
        if source != target
        for port in PORTS
    ]


def key(source: Peer, target: Peer, port: str) -> str:
    return f"{source.namespace}/{source.name} to {target.namespace}/{target.name} {port}"


def ask_cyclonus(world: World, policies: list[dict[str, Any]], folder: Path) -> dict[str, bool]:
    """What the oracle says of every pair."""
    kept = folder / "policies"
    kept.mkdir(parents=True)
    for policy in policies:
        (kept / f"{policy['metadata']['name']}.yaml").write_text(json.dumps(policy))
    traffic = [
        {
            "Source": source.for_cyclonus(),
            "Destination": target.for_cyclonus(),
            "ResolvedPort": PORTS[port],
            "ResolvedPortName": port,
            "Protocol": "TCP",
        }
        for source, target, port in pairs(world)
    ]
    (folder / "traffic.json").write_text(json.dumps(traffic))
    done = world.cluster.command(
        str(program("cyclonus")),
        "analyze",
        "--mode=query-traffic",
        f"--policy-path={kept}",
        f"--traffic-path={folder / 'traffic.json'}",
    )
    assert done.returncode == 0, done.stderr
    verdicts = re.findall(r"IS ALLOWED\?\s*\|\s*(TRUE|FALSE)", done.stdout)
    assert len(verdicts) == len(traffic), done.stdout
    names = [key(*pair) for pair in pairs(world)]
    return dict(zip(names, [verdict == "TRUE" for verdict in verdicts], strict=True))


def reach_all(world: World) -> dict[str, bool]:
    """Try every pair, from inside the pods."""
    with ThreadPoolExecutor(len(world.peers)) as pool:
        parts = pool.map(lambda source: reach_from(world, source), world.peers)
        return {name: verdict for part in parts for name, verdict in part.items()}


def reach_from(world: World, source: Peer) -> dict[str, bool]:
    mine = [pair for pair in pairs(world) if pair[0] == source]
    targets = json.dumps([[target.address, PORTS[port]] for _, target, port in mine])
    said = world.cluster.kubectl(
        "exec", "-n", source.namespace, source.name, "--", PYTHON, "-c", TRY, targets
    )
    return dict(zip([key(*pair) for pair in mine], json.loads(said), strict=True))
