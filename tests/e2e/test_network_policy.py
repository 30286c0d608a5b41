"""NetworkPolicies bite, and as they should: what pods can reach is compared with an oracle.

The lab enforces policies by a stand-in of its own (lab/policy_agent.py). Cyclonus, which knows
the semantics and no cluster, says for each case what must be let through; pods try it.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab import base_images
from tests.e2e.cluster import Cluster, Image, needs_lab
from tests.e2e.conftest import make_namespace
from tests.e2e.policy_cases import CASES
from tests.e2e.test_hello_install import install
from tests.e2e.test_lab_cluster import PYTHON
from tests.e2e.test_lab_cluster import pod as bare_pod
from tools.build import program

pytestmark = [pytest.mark.timeout(400), needs_lab("enforces NetworkPolicies for sure")]

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


@pytest.fixture(scope="module")
def world(cluster: Cluster) -> Iterator[World]:
    base_images.push()
    mark = secrets.token_hex(3)
    home, abroad = f"e2e-policy-home-{mark}", f"e2e-policy-abroad-{mark}"
    for namespace, team in ((home, "red"), (abroad, "blue")):
        make_namespace(cluster, namespace)
        cluster.kubectl("label", "namespace", namespace, f"team={team}")
        cluster.apply(namespace, *(server(name) for name in ("a", "b")))
    peers = []
    for namespace in (home, abroad):
        where = ["-n", namespace, "pods", "--all"]
        cluster.kubectl("wait", "--for=condition=Ready", *where, "--timeout=120s")
        labels = cluster.get("namespace", namespace)["metadata"]["labels"]
        for found in cluster.get("pods", "-n", namespace)["items"]:
            meta = found["metadata"]
            address = found["status"]["podIP"]
            peers.append(Peer(namespace, meta["name"], address, meta["labels"], labels))
    yield World(cluster, home, abroad, peers)
    cluster.kubectl("delete", "namespace", home, abroad, "--wait=false")


def server(name: str) -> dict[str, Any]:
    """A pod that listens on both ports."""
    made: dict[str, Any] = bare_pod(name, PYTHON, "-c", SERVE)
    container = made["spec"]["containers"][0]
    container["ports"] = [{"name": n, "containerPort": port} for n, port in PORTS.items()]
    container["readinessProbe"] = {"tcpSocket": {"port": "admin"}, "periodSeconds": 1}
    return made


def test_pods_reach_what_the_oracle_says(world: World, tmp_path: Path) -> None:
    """One test for the whole table: its pods serve all cases, one after the other."""
    wrong = {
        case: found
        for number, case in enumerate(CASES)
        if (found := differences(world, CASES[case], tmp_path / str(number)))
    }
    assert not wrong, f"reached or not, against the oracle: {wrong}"


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


def test_hello_admits_whom_it_names_and_nobody_else(
    cluster: Cluster, namespace: str, world: World, hello_image: Image
) -> None:
    """Gateway and monitoring come in, each where it may; a stranger's pod does not."""
    host = f"{namespace}.{cluster.gateway_domain}"
    install(
        cluster,
        namespace,
        hello_image,
        host,
        "--set",
        f"observability.namespace={world.abroad}",
        "--set",
        f"network.ingress.from.friend.namespace={world.home}",
        "--set",
        "network.ingress.from.friend.pods.app=a",
    )
    cluster.wait_for_route(host)
    pods = cluster.get("pods", "-n", namespace, "-l", "app.kubernetes.io/name=hello")["items"]
    address = next(p["status"]["podIP"] for p in pods if p["status"].get("podIP"))
    by_name = {(peer.namespace, peer.name): peer for peer in world.peers}
    expected = {
        ("home", "a"): [True, False],  # the friend: the service, not the metrics
        ("home", "b"): [False, False],  # a stranger
        ("abroad", "a"): [False, True],  # monitoring: the metrics, not the service
    }
    for (where, name), verdicts in expected.items():
        peer = by_name[(getattr(world, where), name)]
        targets = json.dumps([[address, 5000], [address, 8081]])
        ends = time.monotonic() + 30
        said: list[bool] = []
        while said != verdicts and time.monotonic() < ends:
            said = json.loads(
                cluster.kubectl(
                    "exec", "-n", peer.namespace, name, "--", PYTHON, "-c", TRY, targets
                )
            )
        assert said == verdicts, f"{where}/{name} reaches [service, metrics] {said}"
    read = f"import urllib.request as u; print(u.urlopen('http://{address}:8081/metrics').read())"
    said_text = cluster.kubectl("exec", "-n", world.abroad, "a", "--", PYTHON, "-c", read)
    assert "http_server_request_duration_seconds" in said_text
