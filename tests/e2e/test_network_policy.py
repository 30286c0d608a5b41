"""NetworkPolicies bite, and as they should: what pods can reach is compared with an oracle.

The lab enforces policies by a stand-in of its own (lab/policy_agent.py). Cyclonus, which knows
the semantics and no cluster, says for each case what must be let through; pods try it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import base_images
from tests.e2e.cluster import Cluster, Image, needs_lab
from tests.e2e.conftest import make_namespace
from tests.e2e.network_oracle import PORTS, SERVE, TRY, Peer, World, differences
from tests.e2e.policy_cases import CASES
from tests.e2e.test_hello_install import install
from tests.e2e.test_lab_cluster import PYTHON
from tests.e2e.test_lab_cluster import pod as bare_pod

pytestmark = [pytest.mark.timeout(400), needs_lab("enforces NetworkPolicies for sure")]


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
