"""What is judged of the pods: paused rollouts, deadlines, probes; and what fits no rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.deliver import rollout
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.diagnose.deployment import rolled_out
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.unknown import stuck
from morrow.tool.diagnose.view import new_pods
from morrow.tool.programs.kubectl import Kubectl
from tests.unit.tool.around import (
    PLACE,
    codes,
    condition,
    good,
    only,
    owned_by,
    pod,
    seen,
    template,
    thing,
)


def test_a_paused_rollout_is_judged_by_what_its_pods_are_made_from() -> None:
    items = good()
    items[0]["spec"]["paused"] = True
    items[0]["status"] |= {"replicas": 1, "updatedReplicas": 1}
    on_purpose = seen(items)
    assert rolled_out(on_purpose.deployment, on_purpose)
    assert codes(on_purpose) == []
    # Paused on its way: one pod of the new template is there, and one of the old.
    items[0]["spec"]["replicas"] = 2
    items[0]["status"] |= {"replicas": 2, "availableReplicas": 2}
    half = seen(items)
    assert not rolled_out(half.deployment, half)
    assert codes(half) == ["rollout-paused"]
    items[0]["spec"]["replicas"] = 1
    items[0]["spec"]["template"] = template("shop:2")
    view = seen(items)
    assert not rolled_out(view.deployment, view)
    assert new_pods(view) == [], "a ReplicaSet of another template has no new pods"
    finding = only(view)
    assert (finding.problem.code, finding.beside) == ("rollout-paused", True)
    assert "shop:1" in finding.problem.cause
    assert finding.problem.fix.endswith("rollout resume deployment/web")


def test_a_deployment_that_is_scaled_is_done_when_the_new_pods_are_there() -> None:
    items = good()
    view = seen(items)
    assert rolled_out(view.deployment, view), "the control"
    # The controller has seen the new number; its condition still speaks of the last rollout.
    items[0]["spec"]["replicas"] = 2
    items[0]["status"]["replicas"] = 2
    assert items[0]["status"]["conditions"][0]["reason"] == "NewReplicaSetAvailable"
    view = seen(items)
    assert not rolled_out(view.deployment, view)
    items[0]["status"] |= {"updatedReplicas": 2, "availableReplicas": 2}
    view = seen(items)
    assert rolled_out(view.deployment, view)
    items[0]["spec"]["replicas"] = 1
    view = seen(items)
    assert not rolled_out(view.deployment, view), "one too many is still there"


def test_at_the_progress_deadline_what_explained_the_wait_is_the_fault() -> None:
    items = good()
    items[2]["status"]["conditions"] = [
        condition("PodScheduled", "False", "Unschedulable", "0/3 nodes: 3 No preemption victims")
    ]
    items[2]["status"]["containerStatuses"] = []
    assert only(seen(items)).hold == float("inf")
    items[0]["status"]["conditions"] = [
        condition("Progressing", "False", "ProgressDeadlineExceeded")
    ]
    finding = only(seen(items))
    assert (finding.problem.code, finding.hold) == ("unschedulable", 0.0)


def test_a_worker_and_a_statefulset_of_the_release_are_judged_too() -> None:
    keeper = thing(
        "StatefulSet",
        "web-store",
        "s",
        spec={"replicas": 1, "template": template()},
        status={"observedGeneration": 1, "updateRevision": "b", "currentRevision": "a"},
    )
    crashed = pod("web-store-0", ready=False)
    crashed["metadata"] |= owned_by("s", **{"controller-revision-hash": "b"})
    ended = {"exitCode": 1, "reason": "Error"}
    crashed["status"]["containerStatuses"] = [
        {
            "name": "web",
            "ready": False,
            "restartCount": 3,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": ended},
        }
    ]
    view = seen(good(keeper, crashed))
    assert [one["metadata"]["name"] for one in view.others] == ["web-store"]
    assert codes(view) == ["crashed"]
    assert not rolled_out(view.others[0], view)
    crashed["metadata"]["labels"]["controller-revision-hash"] = "a"
    assert codes(seen(good(keeper, crashed))) == [], "one of an earlier revision is not judged"


def test_what_fits_no_rule_names_what_stands_still_and_says_that_it_is_not_sure() -> None:
    items = good()
    items[2] = pod(ready=False)
    items[2]["status"]["conditions"][1] |= {"reason": "ReadinessGatesNotReady", "message": "odd"}
    told = stuck(seen(items), PLACE, 90)
    assert told.object == "Pod web-1-a"
    assert "not sure" in told.cause
    assert any("ReadinessGatesNotReady odd" in line for line in told.details)
    assert "involvedObject.name=web-1-a" in told.fix


# -- routes ------------------------------------------------------------------------------------


def unhealthy(message: str, reason: str = "Unhealthy") -> Json:
    return {
        "kind": "Event",
        "metadata": {"name": "e"},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "involvedObject": {"uid": "Pod-web-1-a"},
    }


def test_a_container_that_its_liveness_probe_ended_is_not_called_crashed() -> None:
    items = good()
    items[2] = pod(ready=False)
    dead = {"terminated": {"exitCode": 0, "reason": "Completed"}}
    items[2]["status"]["containerStatuses"][0] |= {"lastState": dead, "restartCount": 2}
    items[2]["status"]["containerStatuses"][0]["state"] = {
        "waiting": {"reason": "CrashLoopBackOff"}
    }
    assert codes(seen(items)) == ["crashed"], "the control"
    killed = unhealthy("Container web failed liveness probe, will be restarted", "Killing")
    failed = unhealthy("Liveness probe failed: HTTP probe failed with statuscode: 500")
    finding = only(seen([*items, killed, failed]))
    assert (finding.problem.code, finding.hold) == ("liveness-failed", 0)
    assert "statuscode: 500" in finding.problem.cause


def test_a_pod_that_falls_again_and_again_does_not_last() -> None:
    items = good()
    view = seen(items)
    assert codes(replace(view, falls={"web-1-a": 0})) == []
    assert [f.hold for f in diagnose(replace(view, falls={"web-1-a": 2}), PLACE)] == [float("inf")]
    finding = only(replace(view, falls={"web-1-a": 3}))
    assert (finding.problem.code, finding.hold) == ("readiness-flaps", 0)


@pytest.mark.parametrize(
    ("falls", "started", "restarts", "hold"),
    [(0, True, 0, 70), (1, True, 0, 30), (1, False, 0, 70), (1, True, 1, 70)],  # `started` at once
)
def test_what_was_ready_has_no_time_to_start_any_more(
    falls: int, started: bool, restarts: int, hold: float
) -> None:
    items = good()
    items[2] = pod(ready=False)
    items[2]["status"]["containerStatuses"][0] |= {"started": started, "restartCount": restarts}
    items[2]["spec"]["containers"][0] |= {
        "startupProbe": {"periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": {"periodSeconds": 5, "failureThreshold": 2},
    }
    found = diagnose(replace(seen(items), falls={"web-1-a": falls}), PLACE)
    (finding,) = [one for one in found if one.problem.code == "never-ready"]
    assert finding.hold == hold
    assert ("it was ready" in finding.problem.cause) == (hold == 30)


def test_a_listener_on_loopback_is_concluded_from_the_two_answers() -> None:
    items = good()
    items[2] = pod(ready=False)
    items[2]["spec"]["containers"][0]["readinessProbe"] = {"periodSeconds": 5}
    refused = "Readiness probe failed: dial tcp 10.0.0.1:5000: connect: connection refused"
    view = seen([*items, unhealthy(refused)])
    assert codes(view) == ["never-ready"]
    assert codes(replace(view, answers={"web-1-a": "nothing (refused)"})) == ["never-ready"]
    assert codes(replace(view, answers={"web-1-a": "200 hello"})) == ["listens-locally"]


def test_an_init_container_that_runs_is_said_to_run() -> None:
    items = good()
    items[2] = pod(ready=False)
    items[2]["spec"]["initContainers"] = [{"name": "waits", "image": "x"}]
    items[2]["status"]["initContainerStatuses"] = [{"name": "waits", "state": {"running": {}}}]
    items[2]["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "PodInitializing"}}
    finding = only(seen(items))
    assert (finding.problem.code, finding.hold) == ("init-hangs", float("inf"))
    assert finding.problem.object == "Pod web-1-a, container waits"


def test_a_watcher_knows_the_way_back_from_what_others_add() -> None:
    def seen_of(*images: str) -> list[bool]:
        watched = Rollout(Kubectl("lab", "demo"), PLACE, interrupt=False)
        views = []
        for image in images:
            items = good()
            items[0]["spec"]["template"] = template(image)
            views.append(seen(items))
        return [watched._goes_back(view) for view in views]

    assert seen_of("shop:1", "shop:2", "shop:2", "shop:1", "shop:1")[-2:] == [True, True]
    assert not any(seen_of("shop:1", "shop:2", "injected/shop:2", "injected/shop:3"))


@pytest.mark.parametrize(
    ("image", "code"),
    [("shop:1", "crashed"), ("mirror/shop:1", "crashed"), ("other:1", "release-overwritten")],
)
def test_pods_of_an_image_that_somebody_put_in_are_not_the_releases_fault(
    image: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "explain", lambda fault, *_: fault)
    ours = good()[:1]
    watched = Rollout(Kubectl("lab", "demo"), PLACE, interrupt=False, applied=lambda: ours)
    items = good()
    items[0]["spec"]["template"] = template(image)
    watched._goes_back(seen(items))
    watched._name(PLACE.problem("job-failed", "Job web-once", "it failed"), seen(items))
    assert watched.fault is not None
    assert watched.fault.code == "job-failed", "it is the release before: nothing is applied yet"
    watched._templates.append("another")
    watched._name(PLACE.problem("crashed", "Pod web-1-a", "exit code 1"), seen(items))
    assert watched.fault is not None
    assert watched.fault.code == code


def test_what_was_waited_for_is_kept_when_it_is_taken_away_first() -> None:
    watched = Rollout(Kubectl("lab", "demo"), PLACE, interrupt=False)
    began = {"startTime": "2026-01-01T00:00:00Z", "active": 1}
    job = thing("Job", "web-once", "j", spec={}, status=began)
    for view in (seen(good(job)), seen(good())):
        assert watched._judge(view) is None
        assert watched.waiting is not None
        assert watched.waiting.code == "job-slow"
