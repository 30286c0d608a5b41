"""When a fault is said to be final: at once, at its second, or when a budget ran out."""

from __future__ import annotations

import json
import time

import pytest

from morrow.tool.deliver import rollout
from morrow.tool.diagnose import images as diagnose_images
from morrow.tool.diagnose import refused as diagnose_refused
from morrow.tool.diagnose.view import HEALS_OFTEN, WAIT, View
from morrow.tool.programs.kubectl import Kubectl
from tests.unit.tool.views import (
    PLACE,
    bent,
    ended,
    first,
    missing,
    mounts,
    recorded,
    refused,
    waiting,
)

HELPLESS = "0/3 nodes are available: 3 node(s) didn't match. preemption: 0/3: 3 Preemption is not"
UNPLACED = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}

# What Kubernetes states as final, in its own words.
FINAL = [
    ("image-not-found", bent(waiting("ErrImagePull", "ghcr.io/x/y:1: not found"))),
    ("image-unauthorised", bent(waiting("ImagePullBackOff", "401 Unauthorized"))),
    ("secret-missing", missing('secret "web-1" not found')),
    ("secret-missing", mounts('MountVolume.SetUp failed: secret "web-1" not found')),
    ("secret-key-missing", missing("couldn't find key A in Secret demo/theirs")),
    ("secret-key-missing", mounts("references non-existent secret key: A")),
    ("secret-incomplete", missing("couldn't find key DB_PASSWORD in Secret demo/web-1")),
    ("settings-refused", bent(ended(78))),
    ("crashed", bent(waiting("CrashLoopBackOff"), ended(1), restarts=1)),
    ("crashed", bent(ended(1), restarts=1)),
    ("quota-exceeded", refused("exceeded quota: small, requested: pods=1")),
    ("admission-refused", refused('admission webhook "w.example.com" denied the request: no')),
    ("pod-security-refused", refused('violates PodSecurity "restricted:latest": runAsNonRoot')),
    (
        "unschedulable",
        bent(conditions=({**UNPLACED, "message": f"{HELPLESS} helpful for scheduling."},)),
    ),
]


@pytest.mark.parametrize(
    ("code", "view"), FINAL, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_final_fault_is_named_within_30_seconds_of_its_statement(code: str, view: View) -> None:
    """The looks are `PERIOD` apart: one may just have missed it, another finds it ripe."""
    finding = first(view)
    assert finding.problem.code == code
    assert finding.hold + 2 * rollout.PERIOD <= 30


def test_every_word_of_the_api_server_is_in_time_too() -> None:
    final = [
        (code, hold) for _, code, hold in (*diagnose_images._IMAGE, *diagnose_refused._REFUSALS)
    ]
    final = [(code, hold) for code, hold in final if code != "registry-unreachable"]
    assert len(final) > 10
    assert [(code, hold) for code, hold in final if hold + 2 * rollout.PERIOD > 30] == []
    assert WAIT + 2 * rollout.PERIOD > 30  # the control


class Watched(rollout.Rollout):
    """The watcher without its thread and its cluster; the test is the clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(Kubectl("lab", "demo"), PLACE, interrupt=False)
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        self._began = self.now

    def at(self, seconds: float, view: View) -> str:
        """Return the code that is judged so many seconds after the beginning."""
        self.now = self._began + seconds
        fault = self._judge(view)
        return fault.code if fault else ""


PROBE = {
    "startupProbe": {"periodSeconds": 1, "failureThreshold": 60},
    "readinessProbe": {"periodSeconds": 5, "failureThreshold": 2},
}


def test_runs_and_never_ready_is_judged_at_the_startup_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched, view = Watched(monkeypatch), bent({"running": {}}, container=PROBE)
    assert [watched.at(seconds, view) for seconds in (0, 30, 69)] == ["", "", ""]
    assert watched.waiting is not None
    assert watched.waiting.code == "never-ready"
    assert watched.at(70, view) == "never-ready"


def test_each_pod_has_its_own_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty pods, one after the other, that take 20 s each: at any look one is not ready."""
    watched = Watched(monkeypatch)
    for seconds in range(400):
        view = bent({"running": {}}, container=PROBE)
        view.pods[0]["metadata"]["name"] = f"web-1-{seconds // 20:05}"
        assert watched.at(seconds, view) == "", f"a false red after {seconds} s"
    stuck = {watched.at(400 + more, view) for more in range(80)}
    assert "never-ready" in stuck, "the control: the last one stays as it is"


def test_what_heals_begins_anew_and_what_only_explains_is_never_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched, gone = Watched(monkeypatch), missing('secret "late" not found')
    good = recorded("good")
    assert [watched.at(n, gone) for n in (0, 10)] == ["", ""]
    assert watched.at(11, good) == ""
    assert [watched.at(n, gone) for n in (12, 23)] == ["", ""]
    assert watched.at(24, gone) == "secret-missing"
    assert watched.at(9000, bent(ended(1))) == "", "one death explains a wait"


def test_a_pod_that_was_thrown_out_is_a_fault_when_the_next_one_is_too() -> None:
    view = bent(pod={"phase": "Failed", "reason": "Evicted", "message": "low on memory"})
    assert (first(view).problem.code, first(view).hold) == ("pod-evicted", WAIT)
    second = json.loads(json.dumps(view.pods[0]))
    second["metadata"] |= {"name": "web-1-again", "uid": "p2"}
    twice = View(view.deployment, view.replicasets, (*view.pods, second))
    assert first(twice).hold == HEALS_OFTEN
    view.replicasets[0]["spec"]["replicas"] = 2
    assert first(twice).hold == WAIT, "two of two, and neither in the other's place"
