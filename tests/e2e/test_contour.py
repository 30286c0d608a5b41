"""A second implementation of the Gateway API: the tool serves, proves and judges with it too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster, Image, needs_lab
from tests.e2e.faults_network import FAULTS as OF_THE_NETWORK
from tests.e2e.faults_network import LAB, led
from tests.e2e.faults_routes import FAULTS as OF_ROUTES
from tests.e2e.gateways import second
from tests.e2e.lab_command import run
from tests.e2e.test_tool_faults import tried
from tests.e2e.test_tool_verify import PYPROJECT, Hello, assert_nothing_lost
from tests.e2e.tool_faults import Fault
from tests.e2e.tool_project import ToolProject

pytestmark = [pytest.mark.full, pytest.mark.timeout(900), needs_lab("has a second gateway")]

REFUSED = Fault(
    "listener of the second gateway admits no route from here", "route-refused",
    r"HTTPRoute web at Gateway projectcontour/contour", r"NotAllowedByListeners",
    led(**LAB, section="closed"), exit=3,
)  # fmt: skip
# What both gateways must be judged by, with Contour's own words where they differ.
BOTH = {
    "Gateway is not there": "",
    "Gateway has no such listener": "",
    "certificate is for another name": "",
    "host has an older route": "",
    "own route leads to no Service": "",
    "own route leads to no port": r"port .*81",
    "own route leads into another namespace": "",
    "own route weighs nothing": "",
    "leads to itself": "",
    # Envoy gives a pod 2 s and then answers itself.
    "a policy shuts the gateway out": r"is (none within|503).*NetworkPolicy deny decides",
}
FAULTS = [
    REFUSED,
    *(
        replace(one, cause=BOTH[one.name] or one.cause)
        for one in (*OF_THE_NETWORK, *OF_ROUTES)
        if one.name in BOTH
    ),
]


@pytest.fixture
def project(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> ToolProject:
    return ToolProject(tmp_path, second(cluster), namespace, hello_image)


def test_the_lab_says_that_it_has_it_and_adds_it_again(project: ToolProject) -> None:
    pods = project.cluster.get("pods", "-n", "projectcontour")["items"]
    done = run("add", "contour")
    assert done.returncode == 0, done.stderr
    assert project.cluster.get("pods", "-n", "projectcontour")["items"] == pods
    assert "contour" in run("status").stdout.partition("added")[2]


@pytest.mark.proof
def test_an_update_through_it_loses_nothing(project: ToolProject) -> None:
    (project.folder / "pyproject.toml").write_text(PYPROJECT)
    hello = Hello(project)
    hello.up()
    pods = hello.pods()
    told = hello.verify("--during", "update", "--json")
    assert_nothing_lost(told, 1000)
    assert not hello.pods() & pods, "the control: every pod was replaced"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_a_fault_is_named_and_its_mend_works(fault: Fault, project: ToolProject) -> None:
    assert len(FAULTS) == 1 + len(BOTH)
    tried(fault, project)
