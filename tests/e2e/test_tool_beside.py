"""history, logs, exec, task, scale and restart on a real release of hello with a worker."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster, Image
from tests.e2e.tool_project import Told, ToolProject

# A hang is found by this; a machine that is busy with other things is not.
pytestmark = pytest.mark.timeout(900)

TICK = "import time\nwhile True:\n    print('tick', flush=True)\n    time.sleep(1)"
LOOK = """
import os
print(os.environ["API_BASE_URL"], *sorted(n for n in os.listdir(os.environ["MORROW_SECRETS_DIR"])
      if n[0] != "."), sep="|")
raise SystemExit(9)
"""


@pytest.fixture
def project(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> ToolProject:
    made = ToolProject(tmp_path, cluster, namespace, hello_image)
    tick = {"kind": "worker", "command": ["python3", "-c", TICK]}
    made.write(made.hello(processes={"tick": tick}))
    assert made.morrow("up", "test").code == 0
    return made


def _good(told: Told) -> Told:
    assert told.code == 0, told
    return told


def _messages(told: Told) -> set[str]:
    """What the lines say, each without its pod's name."""
    lines = [line.partition("] ")[2] for line in told.answer["lines"]]
    return {str(json.loads(line)["message"]) for line in lines if line.startswith("{")}


def test_what_people_do_between_two_deploys(project: ToolProject) -> None:
    manifest = project.cluster.helm("get", "manifest", "web", "-n", project.namespace)
    rendered = _good(project.morrow("render", "test", "--json")).answer
    assert rendered["manifest"].strip() == manifest.strip(), "to the byte what Helm has applied"

    (first,) = _good(project.morrow("history", "test", "--json")).answer["releases"]
    assert (first["revision"], first["state"], first["secrets"]) == (1, "deployed", "web-1")

    every = _messages(_good(project.morrow("logs", "test", "--json")))
    assert {"serving", "tick"} <= every
    assert _messages(_good(project.morrow("logs", "test", "--process", "tick", "--json"))) >= {
        "tick"
    }
    web = _messages(_good(project.morrow("logs", "test", "--process", "web", "--json")))
    assert "serving" in web
    assert "tick" not in web
    assert _good(project.morrow("logs", "test", "--level", "error", "--json")).answer["lines"] == []

    # A command in the pod: standard input, output and exit code are its own.
    code = "import sys; print(sys.stdin.read().upper()); sys.exit(5)"
    told = project.morrow("exec", "test", "--", "python3", "-c", code, stdin="given")
    assert (told.code, told.out) == (5, "GIVEN\n"), told
    other = project.morrow("exec", "test", "--process", "tick", "--json", "--", "python3", "-V")
    assert _good(other).answer["pod"].startswith("web-tick-")
    told = project.morrow("exec", "test", "--pod", "no-such", "--json", "--", "true")
    assert (told.code, told.problem["code"]) == (2, "pod-missing")

    # Beside the pod, where its own image lacks the program.
    image = f"{project.image.repository}@{project.image.digest}"
    beside = project.morrow(
        "exec", "test", "--image", image, "--", "python3", "-c", "print('beside'); exit(6)"
    )
    assert (beside.code, beside.out) == (6, "beside\n"), beside
    absent = f"{project.image.repository}:no-such-tag"
    told = project.morrow("exec", "test", "--image", absent, "--json", "--", "true")
    assert (told.code, told.problem["code"]) == (1, "beside-refused")
    assert "not found" in told.problem["cause"]


def test_a_task_has_what_the_release_has_and_leaves_nothing_that_counts(
    project: ToolProject,
) -> None:
    told = project.morrow("task", "test", "--json", "--", "python3", "-c", LOOK)
    assert told.code == told.answer["exit_code"] == 9, told
    said = "\n".join(told.answer["lines"])
    assert "https://api.example.com|DB_PASSWORD|SECRET_KEY" in said
    # The Job failed, and the release serves: it is no part of it, nor of the Service.
    assert _good(project.morrow("status", "test", "--json")).answer["problems"] == []
    ends = json.loads(project.kubectl("get", "endpointslices", "-o", "json"))["items"]
    named = {one["targetRef"]["name"] for ends_of in ends for one in ends_of["endpoints"]}
    assert not any("task" in name for name in named)

    # Ctrl-C ends it, and takes the Job away.
    jobs = set(project.kubectl("get", "jobs", "-o", "name").split())
    child = project.start("task", "test", "--", "python3", "-c", "import time; time.sleep(300)")
    assert child.stdout is not None
    next(line for line in child.stdout if '"running"' in line)
    child.send_signal(signal.SIGINT)
    assert child.wait(60) == 1
    left = set(project.kubectl("get", "jobs", "-o", "name").split())
    assert left == jobs, "and the one that ended by itself is still there to be looked at"


def test_scale_and_restart(project: ToolProject) -> None:
    told = _good(project.morrow("scale", "test", "2"))
    assert told.out.startswith("web: 1 → 2 pods\nenvironments/test.yaml:")
    assert "still says 1: the next `morrow up test` goes back to it" in told.out
    assert len([name for name in project.ready_pods() if "tick" not in name]) == 2
    assert _good(project.morrow("scale", "test", "1", "--json")).answer["from"] == 2
    assert "still says" not in _good(project.morrow("scale", "test", "1")).out

    before = project.ready_pods()
    _good(project.morrow("restart", "test", "--process", "tick"))
    assert {name for name in before if "tick" not in name} < project.ready_pods()
    _good(project.morrow("restart", "test"))
    assert before.isdisjoint(project.ready_pods())
    told = project.morrow("plan", "test", "--detailed-exitcode")
    assert told.code == 0, f"a restart changes nothing that the plan must take back: {told}"

    aim = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": aim, "maxReplicas": 2}
    kind = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}
    project.make({**kind, "metadata": {"name": "by-hand"}, "spec": spec})
    told = project.morrow("scale", "test", "2", "--json")
    assert (told.code, told.problem["code"]) == (2, "autoscaler-rules")
    assert "by-hand" in told.problem["cause"]
    _good(project.morrow("scale", "test", "2", "--process", "tick"))

    _a_forwarded_port_answers(project)


def _a_forwarded_port_answers(project: ToolProject) -> None:
    child = project.start("port-forward", "test", "0:admin")
    assert child.stdout is not None
    opened = (re.search(r"127\.0\.0\.1:(\d+)", line) for line in child.stdout)
    port = next(found[1] for found in opened if found)
    try:
        url = f"http://127.0.0.1:{port}/livez"
        assert "alive" in subprocess.check_output(["curl", "-sS", url], text=True)
    finally:
        os.kill(child.pid, signal.SIGTERM)
        child.wait(20)
