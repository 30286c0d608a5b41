"""What the lab's cluster is: three zones, real admission, real DNS, aggregated metrics."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path

import pytest

from lab import base_images, cgroups, lock, oci, versions
from lab.errors import LabError
from lab.layout import CGROUP, HOST
from tests.e2e.cluster import Cluster, CommandError, eventually, needs_lab
from tests.e2e.lab_command import run

PYTHON = f"/usr/bin/python{versions.PYTHON}"
LISTEN = "0A"  # as /proc/net/tcp writes that state


def pod(name: str, *command: str, **spec: object) -> dict[str, object]:
    """A pod that Pod Security `restricted` admits."""
    container = {
        "name": "main",
        "image": base_images.RUNTIME,
        "command": list(command),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    whole = {
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": 0,
        "restartPolicy": "Never",
        "containers": [container],
        **spec,
    }
    metadata = {"name": name, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": whole}


@pytest.fixture(scope="session", autouse=True)
def _image(cluster: Cluster) -> None:
    base_images.push()
    assert oci.digest_of(base_images.RUNTIME)


@needs_lab("has three zones for sure")
def test_three_nodes_in_three_zones(cluster: Cluster) -> None:
    zones = {
        node["metadata"]["labels"]["topology.kubernetes.io/zone"]
        for node in cluster.get("nodes")["items"]
    }
    assert zones == {"a", "b", "c"}


def test_pod_security_refuses_a_privileged_pod(cluster: Cluster, namespace: str) -> None:
    wicked = pod("wicked", PYTHON, "-c", "pass", hostNetwork=True)
    with pytest.raises(CommandError, match="violates PodSecurity"):
        cluster.apply(namespace, wicked)


def test_rbac_refuses_a_stranger(cluster: Cluster, namespace: str) -> None:
    stranger = f"--as=system:serviceaccount:{namespace}:default"
    with pytest.raises(CommandError, match="forbidden"):
        cluster.kubectl("get", "secrets", "-n", namespace, stranger)


@needs_lab("has a DNS that says that there is no world outside")
def test_a_pod_resolves_services_and_nothing_else(cluster: Cluster, namespace: str) -> None:
    script = """
import json, socket, time
def ask(name):
    try:
        return socket.gethostbyname(name)
    except socket.gaierror as error:
        return error.strerror
print(json.dumps([ask('kubernetes.default.svc.cluster.local'), ask('example.com')]))
"""
    cluster.apply(namespace, pod("asks", PYTHON, "-c", script))
    where = ["-n", namespace, "pod/asks"]
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", *where, "--timeout=90s")
    inside, outside = json.loads(cluster.kubectl("logs", *where))
    assert inside == "10.96.0.1"
    assert "Name or service not known" in outside or "No address" in outside


def test_metrics_of_pods_are_served_by_the_aggregated_api(cluster: Cluster, namespace: str) -> None:
    cluster.apply(namespace, pod("busy", PYTHON, "-c", "while True: pass"))

    def measured() -> bool:
        path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods"
        items = json.loads(cluster.kubectl("get", "--raw", path))["items"]
        return any(item["containers"][0]["usage"]["cpu"] != "0" for item in items)

    eventually("metrics of the pod", measured, within=120, every=1)


@needs_lab("says where it is")
def test_status_says_where_everything_is_and_how_it_does(cluster: Cluster) -> None:
    done = run("status", "--json")
    assert done.returncode == 0, done.stdout
    said = json.loads(done.stdout)
    assert said["dead"] == []
    config = f"--kubeconfig={said['kubeconfig']}"
    assert cluster.kubectl(config, "config", "current-context").strip() == said["context"] == "lab"
    assert said["memory_mib"] > 300
    assert {"nodes Ready", "add-ons ready"} <= set(said["seconds"])
    told = run("status")
    assert told.returncode == 0
    assert f"export KUBECONFIG={said['kubeconfig']}" in told.stdout
    assert "stand-ins   the enforcer of NetworkPolicies" in told.stdout


@needs_lab("has its programs on this machine")
def test_on_the_host_it_listens_on_its_own_address_alone(cluster: Cluster) -> None:
    del cluster
    sockets = set()
    for pid in cgroups.processes(f"{CGROUP}/control-plane"):
        for opened in Path(f"/proc/{pid}/fd").glob("*"):
            with contextlib.suppress(OSError):  # closed since it was listed
                sockets.add(str(opened.readlink()))
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == LISTEN and f"socket:[{inode}]" in sockets:
                listening.add(local)
    address = socket.inet_aton(HOST)[::-1].hex().upper()
    assert len(listening) >= 4, "etcd twice, API server, registry: the test does not see them"
    assert {each.partition(":")[0] for each in listening} == {address}


@needs_lab("has this lock")
def test_the_lock_names_its_holder(cluster: Cluster) -> None:
    del cluster
    try:
        with lock.held():
            done = run("down")
    except LabError as taken:
        pytest.fail(f"someone changes the lab while its tests run: {taken}")
    assert done.returncode == 1
    assert "the lab is being changed by process" in done.stderr


@needs_lab("can stop a node")
def test_wrong_names_are_refused_with_what_is_right(cluster: Cluster) -> None:
    del cluster
    done = run("node", "stop", "n9")
    assert done.returncode == 1
    assert "there is no node n9; the lab has n1, n2, n3" in done.stderr
