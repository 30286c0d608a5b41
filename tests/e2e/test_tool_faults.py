"""Every fault of the catalogue is named: right code, right object, a fix that works."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster import Cluster, CommandError, Image
from tests.e2e.faults_beyond import FAULTS as BEYOND
from tests.e2e.faults_cluster import FAULTS as OF_THE_CLUSTER
from tests.e2e.faults_further import FAULTS as FURTHER
from tests.e2e.faults_images import FAULTS as OF_IMAGES
from tests.e2e.faults_network import FAULTS as OF_THE_NETWORK
from tests.e2e.faults_others import FAULTS as OF_OTHERS
from tests.e2e.faults_pods import FAULTS as OF_PODS
from tests.e2e.faults_processes import FAULTS as OF_PROCESSES
from tests.e2e.faults_release import FAULTS as OF_A_RELEASE
from tests.e2e.faults_routes import FAULTS as OF_ROUTES
from tests.e2e.faults_rules import FAULTS as OF_RULES
from tests.e2e.faults_storage import FAULTS as OF_STORAGE
from tests.e2e.faults_unseen import FAULTS as UNSEEN
from tests.e2e.tool_faults import Fault
from tests.e2e.tool_project import ToolProject, laid_over
from tests.unit.tool.command import MORROW

# A hang is found by this; a machine that is busy with other things is not.
pytestmark = pytest.mark.timeout(900)
UP = "morrow up test"
# Only `up` asks the service itself, and whether the pods of a cron could be made.
ASKED = ("smoke-failed", "certificate-wrong", "outside-unserved", "port-silent", "liveness-failed",
         "pod-security-refused", "priority-class-missing", "listens-locally")  # fmt: skip
OLDER = (*OF_IMAGES, *OF_A_RELEASE, *OF_PODS, *OF_THE_NETWORK, *OF_THE_CLUSTER)
EVERY: tuple[Fault, ...] = (
    *OLDER,
    *OF_STORAGE,
    *OF_PROCESSES,
    *OF_RULES,
    *OF_ROUTES,
    *UNSEEN,
    *BEYOND,
    *FURTHER,
    *OF_OTHERS,
)


@pytest.fixture
def project(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> ToolProject:
    return ToolProject(tmp_path, cluster, namespace, hello_image)


def _cases() -> list[object]:
    return [
        pytest.param(
            fault, id=fault.name.replace(" ", "-"), marks=[] if fault.ci else pytest.mark.full
        )
        for fault in EVERY
    ]


@pytest.mark.parametrize("fault", _cases())
def test_a_fault_is_named_and_its_mend_works(fault: Fault, project: ToolProject) -> None:
    tried(fault, project)


def tried(fault: Fault, project: ToolProject) -> None:
    """Bring the fault, hold what is said of it, type the mend."""
    try:
        _tried(fault, project)
    except BaseException:
        with suppress(CommandError):  # what it brought to the cluster must not stay
            fault.after(project)
        raise


def _tried(fault: Fault, project: ToolProject) -> None:
    good = laid_over(project.hello() if fault.kit else project.simple(), fault.first)
    good = json.loads(project.filled(json.dumps(good)))
    fault.early(project)
    if fault.over:
        project.write(good)
        assert project.morrow("up", "test").code == 0
        serving = project.ready_pods()
    text = json.dumps(_bent(good, fault))
    project.write(json.loads(project.filled(text).replace("SERVER", _server(project))))
    fault.before(project)

    confirm = ["--confirm", "test"] if fault.confirm else []
    confirm += ["--timeout", str(fault.seconds)] if fault.seconds else []
    with _at_work(fault, project):
        told = project.morrow("up", "test", "--json", *confirm)

    print(f"{fault.name}: {told.problem['code']} after {told.seconds:.0f} s")
    assert told.code == fault.exit, told
    assert told.problem["code"] == fault.code, told
    assert re.search(fault.object, told.problem["object"]), told
    assert re.search(fault.cause, told.problem["cause"], re.DOTALL), told
    assert not re.search("timed out|condition", f"{told.problem['cause']}"), told
    assert told.problem["fix"], told
    if fault.over and fault.exit != 3:  # there the new one was applied
        assert _serve(serving, project), "the old release does not serve"
        # Who is at it all the while keeps what is put back from coming: those of before serve on.
        after = "serves again" + ("|is put back; .*[1-9] of an earlier" if fault.during else "")
        said = f"the release that served before ({after})"
        if fault.exit == 1:
            assert re.search(said, " ".join(told.problem["details"])), told
    if fault.exit == 3 and fault.code not in ASKED and fault.during is None:
        _told_by_all(fault.code, project)
    fix = told.problem["fix"]
    for file in re.findall(r"environments/\S+?\.yaml", fix):
        assert (project.folder / file).is_file(), fix
    fault.meanwhile(project)
    for command in commands(fix):
        if command != UP:
            _type(project, command, fault.stdin)
    fault.after(project)
    if not fault.typed:
        project.write(good)
    if fault.code != "confirm-needed":  # there the fix was the deploy itself
        _type(project, UP)


def _serve(pods: set[str], project: ToolProject) -> bool:
    """Whether they are ready; a probe that a busy machine answers too late comes again."""
    until = time.monotonic() + 20
    while not pods <= project.ready_pods():
        if time.monotonic() > until:
            return False
        time.sleep(1)
    return True


def _told_by_all(code: str, project: ToolProject) -> None:
    """`status` and `doctor` ask the same judges as `up`."""
    assert code in [one["code"] for one in project.morrow("status", "test", "--json").problems]
    (found,) = [one for one in project.morrow("doctor", "test", "--json").answer["checks"]
                if (one["problem"] or {}).get("code") == code]  # fmt: skip
    assert (found["name"], found["state"]) == ("serves", "fail")


@contextmanager
def _at_work(fault: Fault, project: ToolProject) -> Iterator[None]:
    """Let somebody else be at it for as long as this lasts."""
    end = threading.Event()
    other = threading.Thread(target=fault.during or (lambda *_: None), args=(project, end))
    other.start()
    try:
        yield
    finally:
        end.set()
        other.join()


def commands(fix: str) -> list[str]:
    """Return what can be typed of a fix, in its order."""
    return re.findall(r"\b(?:kubectl|morrow) .+?(?=; |, then\b|, or |$)", fix)


def _bent(good: dict[str, Any], fault: Fault) -> dict[str, Any]:
    bent = laid_over(good, fault.values)
    if fault.kit:
        bent["config"] = fault.values["config"]  # what is missing must be missing
    return bent


def _server(project: ToolProject) -> str:
    path = "jsonpath={.clusters[0].cluster.server}"
    return project.cluster.kubectl("config", "view", "--minify", "-o", path)


def _type(project: ToolProject, command: str, stdin: str = "") -> None:
    """Run a command as a person types it, who puts a file for PATH."""
    # Whoever works with two clusters must not land in the other one.
    asks = f"--context {project.cluster.context} "
    assert not command.startswith("kubectl") or asks in command or "get-contexts" in command
    (project.folder / "PATH").write_text("a-value")
    python, *rest = MORROW
    script = f'morrow() {{ {python} {rest[0]} "{rest[1]}" "$@"; }}\n{command}'
    done = subprocess.run(
        ["bash", "-euc", script],
        input=stdin,
        capture_output=True,
        text=True,
        env=project.environment(),
        cwd=project.folder,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
