"""The tests take any cluster: its kubeconfig and a registry name it, one step prepares it.

Here it is the lab without its add-ons, under another name: all that is known of it is what
someone who brings a cluster of their own gives. It runs last, as it takes the lab away.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from lab import api, cleanup, cluster, lock
from lab.kubectl import kubectl_json
from lab.layout import KUBECONFIG, LAB_REGISTRY
from lab.timings import Clock
from tests.e2e.cluster import ROOT, needs_lab
from tools.build import program

pytestmark = [pytest.mark.life, needs_lab("can be started without its add-ons")]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def with_other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A function that runs a Python module where the environment names the other cluster."""
    with lock.held():
        cleanup.remove_everything()
        cluster.start_kubernetes(Clock())
    config = tmp_path_factory.mktemp("other") / "config"
    config.write_text(KUBECONFIG.read_text())
    kubectl = [str(program("kubernetes", "kubectl")), f"--kubeconfig={config}"]
    subprocess.run([*kubectl, "config", "rename-context", "lab", "other"], check=True)

    def run(*words: str, registry: str = LAB_REGISTRY) -> subprocess.CompletedProcess[str]:
        named = {"MORROW_E2E_KUBECONFIG": str(config), "MORROW_E2E_REGISTRY": registry}
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env=os.environ | named,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    yield run
    with lock.held():
        cleanup.remove_everything()


def test_one_step_prepares_it_for_the_tests(with_other: Run) -> None:
    files = ("tests/e2e/test_lab_cluster.py", "tests/e2e/test_hello_install.py")
    tests = ("pytest", "-rps", "-n", "2", *files)
    before = with_other(*tests)
    assert before.returncode == 1
    assert "`python -m lab addons` prepares a cluster" in before.stdout

    nowhere = with_other("lab", "addons", registry="127.0.0.1:9")
    assert nowhere.returncode == 1
    assert "no registry answers at http://127.0.0.1:9" in nowhere.stderr

    made = []
    for _ in range(2):
        prepared = with_other("lab", "addons")
        assert prepared.returncode == 0, prepared.stderr
        found = kubectl_json("get", "deployments,services,configmaps,gateways", "-A")["items"]
        made.append({one["metadata"]["uid"]: one["metadata"].get("generation") for one in found})
    assert made[0] == made[1], "a second time it changes nothing"

    after = with_other(*tests)
    assert after.returncode == 0, after.stdout
    assert "PASSED tests/e2e/test_hello_install.py" in after.stdout
    assert "only the lab has three zones" in after.stdout, "a test that was left out says why"


def test_the_labs_own_commands_do_not_touch_it(with_other: Run) -> None:
    for words in (("up",), ("down",), ("node", "stop", "n1"), ("api", "stop")):
        refused = with_other("lab", *words)
        assert refused.returncode == 1
        assert "MORROW_E2E_KUBECONFIG names another cluster" in refused.stderr
    assert api.is_ready()
