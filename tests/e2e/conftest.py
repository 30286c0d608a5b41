"""One cluster a session, one namespace a test."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import service_image, status
from lab.errors import LabError
from tests.e2e import proof_report
from tests.e2e.cluster import Cluster, Image
from tests.e2e.rig import CHAPTERS, FOLDER
from tests.terraform.fixtures import pytest_terminal_summary as say_terraform_provider


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Show the proof's numbers, also when all is well."""
    say_terraform_provider(terminalreporter)
    chapters = config.stash.get(CHAPTERS, [])
    if chapters:
        terminalreporter.section("no lost request")
        for line in proof_report.table(chapters):
            terminalreporter.line(line)
        terminalreporter.line(f"report: {FOLDER / 'report.html'}")


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster: the one of MORROW_E2E_KUBECONFIG, or the lab's."""
    given = os.environ.get("MORROW_E2E_KUBECONFIG")
    if given:
        return _foreign(Path(given))
    found = status.read()
    if not found.up:
        pytest.exit("the lab is not up; `make cluster` starts it", returncode=1)
    return Cluster(
        kubeconfig=Path(found.kubeconfig),
        context=found.context,
        registry=found.registry,
        gateway=found.gateway,
        gateway_addresses=tuple(found.gateway_addresses),
        gateway_domain=found.gateway_domain,
        ca_file=Path(found.ca_file),
    )


def _foreign(kubeconfig: Path) -> Cluster:
    """A cluster that someone else runs; `MORROW_E2E_*` say what cannot be asked of it."""
    return Cluster(
        kubeconfig=kubeconfig,
        context=os.environ["MORROW_E2E_CONTEXT"],
        registry=os.environ["MORROW_E2E_REGISTRY"],
        gateway=os.environ.get("MORROW_E2E_GATEWAY", "gateway/lab"),
        gateway_addresses=tuple(os.environ["MORROW_E2E_GATEWAY_ADDRESSES"].split(",")),
        gateway_domain=os.environ.get("MORROW_E2E_GATEWAY_DOMAIN", "lab.example.com"),
        ca_file=Path(os.environ["MORROW_E2E_CA_FILE"]),
    )


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own, in which Pod Security admits only `restricted` pods."""
    word = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:40].strip("-")
    name = f"e2e-{word}-{secrets.token_hex(3)}"
    make_namespace(cluster, name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def make_namespace(cluster: Cluster, name: str) -> None:
    """Make a namespace labelled for Pod Security `restricted`."""
    cluster.kubectl("create", "namespace", name)
    level = "pod-security.kubernetes.io/enforce=restricted"
    cluster.kubectl("label", "namespace", name, level)


@pytest.fixture(scope="session")
def hello_images(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Image]:
    """Two releases of hello in the lab's registry: `hello`, and `hello-next` to update to."""
    # The workers of one run share the parent of their folders; what is above a run's own folder
    # would be an earlier run's, with the image of an earlier commit.
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    done = shared / "hello-images.json"
    with (shared / "hello-images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one of the workers builds
        if not done.exists():
            try:
                done.write_text(json.dumps(service_image.build_hello()))
            except LabError as problem:
                pytest.fail(str(problem), pytrace=False)
    found = json.loads(done.read_text())
    return {name: Image(service_image.REPOSITORY, digest) for name, digest in found.items()}


@pytest.fixture(scope="session")
def hello_image(hello_images: dict[str, Image]) -> Image:
    """hello in the lab's registry."""
    return hello_images["hello"]
