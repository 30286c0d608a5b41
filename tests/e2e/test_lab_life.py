"""The lab survives itself: killed in the middle, started twice at once, stopped without a trace.

These tests stop the lab that they run on. `make e2e` runs them last, and only on a lab that it
started itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from lab import api, cleanup, kernel, status
from lab.kubectl import kubectl_json
from lab.layout import RUN
from lab.program import find
from tests.e2e.cluster import ROOT, needs_lab
from tests.e2e.lab_command import LAB, run

pytestmark = [pytest.mark.life, needs_lab("can be stopped and started")]


def begin_up(until: str) -> subprocess.Popen[str]:
    """Start `lab up`; return while it runs, once it has said a word."""
    process = subprocess.Popen([*LAB, "up"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if until in line:
            return process
    raise AssertionError(f"`lab up` never said {until!r}")


def traces() -> list[str]:
    """What a lab that was taken away has left, looked for without the lab's own code."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            groups = (folder / "cgroup").read_text()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state in "ZX":
            continue  # dead: only who adopted it has not collected it yet
        if "/morrow-lab" in groups or "/run/morrow-lab" in words:
            found.append(f"process {folder.name}: {words}")
    found += [
        line
        for line in Path("/proc/mounts").read_text().splitlines()
        if "morrow-lab" in line or " /run/netns " in line
    ]
    logs = Path("/var/log/containers").glob("*")
    found += [str(link) for link in logs if "morrow-lab" in str(link.readlink())]
    found += [str(path) for path in Path("/sys/fs/cgroup").glob("**/morrow-lab")]
    found += [str(path) for path in Path("/run/netns").glob("*") if "morrow" in path.name]
    for query in (["ip", "link"], ["ip", "route"], ["ip", "addr"], ["nft", "list", "tables"]):
        said = subprocess.run(query, capture_output=True, text=True, check=True).stdout
        found += [line for line in said.splitlines() if "10.89.0" in line or "morrow" in line]
    found += [str(path) for path in Path("/run").glob("morrow-lab*") if path.is_dir()]
    return found


@pytest.fixture(autouse=True)
def _up() -> None:
    """Each test begins with a lab."""
    done = run("up")
    assert done.returncode == 0, done.stderr


def test_a_program_that_died_is_reported_and_mended() -> None:
    scheduler = find("kube-scheduler")
    os.kill(scheduler.pid, signal.SIGKILL)
    said = run("status")
    assert said.returncode == 1
    _, _, told = said.stdout.partition("kube-scheduler died; the end of ")
    last = Path(find("kube-scheduler").log).read_text().splitlines()[-1]
    assert last in told, "with the end of its log"
    fixed = run("up")
    assert fixed.returncode == 0, fixed.stderr
    assert find("kube-scheduler").pid != scheduler.pid
    assert run("status").returncode == 0


def test_a_node_stops_and_up_starts_it_again() -> None:
    assert run("node", "stop", "n2").returncode == 0
    again = run("node", "stop", "n2")
    assert again.returncode == 1
    assert "n2 does not run; `python -m lab node start n2` starts it" in again.stderr
    fixed = run("up")
    assert fixed.returncode == 0, fixed.stderr
    assert api.ready_nodes() == {"n1", "n2", "n3"}
    assert run("node", "stop", "n2").returncode == run("node", "start", "n2").returncode == 0
    assert api.ready_nodes() == {"n1", "n2", "n3"}


def test_the_api_server_stops_and_comes_back() -> None:
    before = kubectl_json("get", "namespace", "kube-system")["metadata"]["uid"]
    assert run("api", "stop").returncode == 0
    assert not api.is_ready()
    again = run("api", "start")
    assert again.returncode == 0, again.stderr
    assert kubectl_json("get", "namespace", "kube-system")["metadata"]["uid"] == before


def test_killed_in_the_middle_it_starts_again() -> None:
    assert run("down").returncode == 0
    first = begin_up("API server")
    first.kill()
    first.wait()
    assert traces(), "it was killed too early to leave anything: the test shows nothing"
    again = run("up")
    assert again.returncode == 0, again.stderr
    assert api.ready_nodes() == {"n1", "n2", "n3"}


def test_two_at_once_are_refused_by_a_lock_that_names_its_holder() -> None:
    assert run("down").returncode == 0
    first = begin_up("certificates")
    second = run("up")
    assert second.returncode == 1
    assert f"process {first.pid} (`python -m lab up`" in second.stderr
    assert first.wait(timeout=280) == 0
    found = status.read()
    assert found.up
    assert found.memory_mib <= 2048, "with its add-ons, before anything else runs on it"


def test_down_leaves_nothing() -> None:
    assert traces(), "the search does not even see a lab that runs"
    before = json.loads(kernel.KEPT.read_text())
    outside = [file for node in RUN.glob("n?") for file in cleanup.files_outside(node)]
    assert {str(file.parent) for file in outside} == {"/run/containerd/s", "/var/lib/cni/results"}
    done = run("down")
    assert done.returncode == 0, done.stderr
    assert traces() == []
    assert [file for file in outside if file.exists()] == []
    assert kernel.read() == before, "what kubelets changed for the whole machine is put back"
    assert run("down").returncode == 0, "down on a machine without a lab does nothing"
    assert run("status").returncode == 1
