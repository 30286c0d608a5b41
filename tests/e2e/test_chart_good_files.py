"""Good files of the chart on a real cluster: the API takes them, and the pods become ready.

The images are a stand-in's, volumes are empty folders: see good_files.py. Everything else is real:
Pod Security `restricted`, the quota of names, selectors, probes, hooks, routes, roles.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lab import images, oci
from tests.e2e.cluster import Cluster, CommandError, Image, eventually, needs_lab
from tests.e2e.good_files import RUNNABLE, SERVER, config_maps_of, runnable, secrets_of

pytestmark = needs_lab("takes the stand-in's image")
# One of each kind of thing: files and a volume, a job first, a sidecar in front, a StatefulSet.
FEW = ["django-gunicorn", "nginx-website", "oauth2-proxy-sidecar", "rbac-client", "stateful-cache"]


@pytest.fixture(scope="session")
def stand_in(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """A server that answers 200 to everything, in an image of one file."""
    binary = tmp_path_factory.mktemp("stand-in") / "stand-in"
    images.compile_c(SERVER, binary)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(binary, arcname="stand-in")
    name = f"{cluster.registry}/chart-stand-in:1"
    oci.push(name, buffer.getvalue(), {"Entrypoint": ["/stand-in"]})
    print("the programs in these pods are stand-ins; what the chart makes around them is real")
    return Image(name.rpartition(":")[0], oci.digest_of(name))


def install(cluster: Cluster, namespace: str, values: dict[str, Any], folder: Path) -> None:
    """Install a file by plain Helm, after the Secrets and ConfigMaps that others make."""
    for name, keys in secrets_of(values).items():
        literals = [f"--from-literal={key}=not-a-secret" for key in keys]
        cluster.kubectl("create", "secret", "generic", name, "-n", namespace, *literals)
    for name in config_maps_of(values):
        cluster.kubectl("create", "configmap", name, "-n", namespace, "--from-literal=A=b")
    given = folder / f"{values['name']}.json"
    given.write_text(json.dumps(values))
    cluster.helm("install", values["name"], "chart", "-n", namespace, "-f", str(given))


def ready(cluster: Cluster, namespace: str, name: str) -> bool:
    """Say whether all pods are ready and the Service leads to each."""
    [workload] = cluster.get("deployments,statefulsets", "-n", namespace, "-l", selector(name))[
        "items"
    ]
    wanted = workload["spec"]["replicas"]
    slices = cluster.get(
        "endpointslices", "-n", namespace, "-l", f"kubernetes.io/service-name={name}"
    )["items"]
    led = [e for one in slices for e in one["endpoints"] or [] if e["conditions"]["ready"]]
    there = int(workload["status"].get("readyReplicas", 0))
    return bool(there == wanted == len(led))


def selector(name: str) -> str:
    return f"app.kubernetes.io/name={name},app.kubernetes.io/component=service"


def run(cluster: Cluster, namespace: str, image: Image, files: Sequence[Path], to: Path) -> None:
    """Install files beside each other, and wait until each of them serves."""
    all_ = [runnable(file, image, cluster) for file in files]
    for values in all_:
        install(cluster, namespace, values, to)
    for values in all_:
        name = values["name"]
        eventually(
            f"{name} is ready",
            lambda name=name: ready(cluster, namespace, name),  # type: ignore[misc]
            within=120,
            every=1,
        )


def test_few_good_files_run(
    cluster: Cluster, namespace: str, stand_in: Image, tmp_path: Path
) -> None:
    files = [file for file in RUNNABLE if file.stem in FEW]
    assert len(files) == len(FEW)
    run(cluster, namespace, stand_in, files, tmp_path)
    # The job ran first; the account may do what its role says, and nothing else.
    assert cluster.get("job", "shop-migrate", "-n", namespace)["status"]["succeeded"] == 1
    account = f"--as=system:serviceaccount:{namespace}:janitor"
    assert may(cluster, namespace, account, "list", "pods")
    assert not may(cluster, namespace, account, "list", "secrets")
    # Each pod of the StatefulSet has a name of its own.
    pods = cluster.get("pods", "-n", namespace, "-l", selector("cache"))["items"]
    assert {pod["metadata"]["name"] for pod in pods} == {"cache-0", "cache-1", "cache-2"}


def may(cluster: Cluster, namespace: str, *words: str) -> bool:
    """Ask the API whether an account may do something."""
    account, *asked = words
    try:
        return cluster.kubectl("auth", "can-i", *asked, account, "-n", namespace).strip() == "yes"
    except CommandError:
        return False


def test_a_pod_that_is_not_ready_is_seen(
    cluster: Cluster, namespace: str, stand_in: Image, tmp_path: Path
) -> None:
    """The control: the same file, with a probe that asks a port on which nobody listens."""
    file = next(file for file in RUNNABLE if file.stem == "metrics-port")
    values = runnable(file, stand_in, cluster)
    values["args"] = ["8080"]
    values["probes"] = {"readiness": {"port": "metrics"}}
    install(cluster, namespace, values, tmp_path)
    with pytest.raises(AssertionError, match="not within"):
        eventually("it is ready", lambda: ready(cluster, namespace, values["name"]), within=8)


@pytest.mark.full
@pytest.mark.timeout(900)
def test_every_good_file_that_can_run_here_runs(
    cluster: Cluster, namespace: str, stand_in: Image, tmp_path: Path
) -> None:
    files = [file for file in RUNNABLE if file.stem not in FEW]
    assert len(files) + len(FEW) >= 24
    for start in range(0, len(files), 8):
        part = files[start : start + 8]
        run(cluster, namespace, stand_in, part, tmp_path)
        for file in part:
            cluster.helm("uninstall", runnable(file, stand_in, cluster)["name"], "-n", namespace)
