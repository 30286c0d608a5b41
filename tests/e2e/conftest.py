"""One cluster a session, one namespace a test."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import addons, pki, service_image, status
from lab.errors import LabError
from lab.kubectl import kubectl
from lab.layout import FOREIGN, FOREIGN_CONTEXT, GATEWAY_DOMAIN, REGISTRY
from tests.e2e import proof_report
from tests.e2e.cluster import Cluster, Image
from tests.e2e.rig import CHAPTERS, NOTHING, Chapter, Rig
from tests.records import record
from tests.terraform.fixtures import pytest_terminal_summary as say_terraform_provider


def facts(chapters: list[Chapter]) -> dict[str, Any]:
    """Return what `make numbers` takes from the scenarios."""
    return {
        "scenarios": [
            {
                "title": chapter.title,
                "requests": chapter.result.requests,
                "lost": len(chapter.result.failures),
                "nothing": chapter.promise == NOTHING,
                "control": chapter.title.startswith("control"),
            }
            for chapter in chapters
        ]
    }


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Show the proof's numbers, also when all is well."""
    say_terraform_provider(terminalreporter)
    known = config.stash.get(CHAPTERS, {})
    told = {folder: chapters for folder, chapters in known.items() if chapters}
    if told:
        name = "proof" if "MORROW_PROOF_REQUESTS" in os.environ else "e2e"
        record(name, facts([chapter for chapters in told.values() for chapter in chapters]))
    for folder, chapters in told.items():
        terminalreporter.section("no lost request")
        for line in proof_report.table(chapters):
            terminalreporter.line(line)
        terminalreporter.line(f"report: {folder / 'report.html'}")


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster: the one of MORROW_E2E_KUBECONFIG, or the lab's."""
    if FOREIGN:
        return _foreign(Path(FOREIGN))
    found = status.read()
    if not found.up:
        pytest.fail("the lab is not up; `make cluster` starts it", pytrace=False)
    record("cluster", {"seconds": found.seconds, "memory_mib": found.memory_mib})
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
    """A cluster that someone else runs, prepared by `python -m lab addons`."""
    try:
        addresses = addons.gateway_addresses()
        context = FOREIGN_CONTEXT or kubectl("config", "current-context").strip()
    except LabError as problem:
        pytest.fail(f"{problem}\n`python -m lab addons` prepares a cluster", pytrace=False)
    return Cluster(
        kubeconfig=kubeconfig,
        context=context,
        registry=REGISTRY,
        gateway="gateway/lab",
        gateway_addresses=tuple(addresses),
        gateway_domain=GATEWAY_DOMAIN,
        ca_file=pki.GATEWAY / "ca.crt",
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


@contextmanager
def proving(
    what: str,
    cluster: Cluster,
    images: dict[str, Image],
    request: pytest.FixtureRequest,
    folder: Path,
) -> Iterator[Rig]:
    """A rig in a namespace of its own; what it finds is reported, and summed up at the end."""
    name = f"e2e-{what}-{secrets.token_hex(3)}"
    make_namespace(cluster, name)
    rig = Rig(cluster, name, images, folder)
    request.config.stash.setdefault(CHAPTERS, {})[folder] = rig.chapters
    yield rig
    if rig.chapters:
        proof_report.write(rig.chapters, folder / "report.html")
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def hello_images(cluster: Cluster) -> dict[str, Image]:
    """Two releases of hello in the registry: `hello`, and `hello-next` to update to."""
    del cluster
    try:
        found = service_image.build_hello()
    except LabError as problem:
        pytest.fail(str(problem), pytrace=False)
    return {name: Image(service_image.REPOSITORY, digest) for name, digest in found.items()}


@pytest.fixture(scope="session")
def hello_image(hello_images: dict[str, Image]) -> Image:
    """hello in the lab's registry."""
    return hello_images["hello"]
