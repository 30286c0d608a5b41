"""What is learnt late: after the rollout, of Jobs that are gone, of what fell beside Helm."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.deliver import rollout, smoke
from morrow.tool.deliver.helm import _waits
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.job import running
from morrow.tool.diagnose.view import View
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result
from morrow.tool.targets.kubernetes.status import _state
from tests.unit.tool.around import PLACE, condition, good, owned_by, pod, seen, thing


def job(ttl: int | None = 0, **status: Any) -> Json:
    return thing("Job", "odd", "j", spec={"ttlSecondsAfterFinished": ttl}, status=status)


def said(reason: str, name: str = "odd") -> Json:
    about = {"kind": "Job", "name": name, "uid": "gone"}
    meta = {"name": "e"}
    return {"kind": "Event", "metadata": meta, "involvedObject": about, "reason": reason}


@pytest.mark.parametrize(
    ("declared", "event", "known", "expected"),
    [
        (job(), said("BackoffLimitExceeded"), (), ["job-failed"]),
        (job(), said("Completed"), (), []),
        (job(), said("BackoffLimitExceeded"), ("gone",), []),  # of a release before
        (job(), said("BackoffLimitExceeded", "theirs"), (), []),
        (job(None), said("BackoffLimitExceeded"), (), []),  # it stays, and tells itself
    ],
)
def test_a_job_that_failed_and_is_gone(
    declared: Json, event: Json, known: tuple[str, ...], expected: list[str]
) -> None:
    view = replace(seen(good(event)), declared=(declared,))
    assert [one.problem.code for one in diagnose(view, PLACE, known)] == expected


def test_helm_waits_for_no_job_that_vanishes_and_the_tool_does() -> None:
    assert "--wait-for-jobs" not in _waits([job()])
    assert "--wait-for-jobs" in _waits([job(900)]), "the control"
    part = job(900)
    part["spec"]["successPolicy"] = {"rules": [{"succeededIndexes": "0"}]}
    assert "--wait-for-jobs" not in _waits([part]), "it would wait for every part"
    view = replace(seen(good(job(active=1))), declared=(job(),))
    assert len(running(view, ("j",))) == 1
    ended = job(conditions=[condition("Complete", "True")])
    assert running(replace(view, jobs=(ended,)), ()) == running(replace(view, jobs=()), ()) == []


def test_no_hook_and_no_job_that_rested_before_is_waited_for() -> None:
    hook = job()
    hook["metadata"]["annotations"] = {"helm.sh/hook": "post-upgrade"}
    at_work = seen(good(job(active=1)))
    assert running(replace(at_work, declared=(hook,)), ()) == []
    assert len(running(replace(at_work, declared=(job(),)), ())) == 1, "the control"
    rests = job()
    rests["spec"]["suspend"] = True
    view = replace(seen(good(rests)), declared=(job(),))
    assert running(view, ("j",)) == []
    assert len(running(view, ())) == 1, "the control: a new one is judged in time"


@pytest.mark.parametrize("heals", [False, True])
def test_pods_that_fall_again_and_again_are_no_good_end(
    heals: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is replaced by one of another name after 20 s, so that no finding lasts."""
    clock = [0.0]

    def look(_: Any) -> View:
        items = good() if heals and clock[0] > 60 else fallen()
        items[2]["metadata"]["name"] = f"web-1-{clock[0] // 20:.0f}"
        return seen(items)

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: clock.append(clock.pop() + seconds))
    monkeypatch.setattr(smoke, "look_around", lambda *_: look(None))
    monkeypatch.setattr(smoke, "look_at_all", look)
    found, _ = smoke.unserved(SITE, seen(good()))
    assert [one.object for one in found] == ([] if heals else ["Pod web-1-4"])


SITE: Any = SimpleNamespace(place=PLACE)


def scaler(least: int) -> Json:
    aim = {"kind": "Deployment", "name": "web"}
    return thing("HorizontalPodAutoscaler", "x", spec={"scaleTargetRef": aim, "minReplicas": least})


def fallen() -> list[Json]:
    items = good()
    items[0]["status"]["availableReplicas"] = 0
    items[2] = pod(ready=False)
    return items


def crashed() -> list[Json]:
    items = fallen()
    ended = {"exitCode": 1, "reason": "Error"}
    waits = {
        "waiting": {"reason": "CrashLoopBackOff"},
    }
    items[2]["status"]["containerStatuses"][0] |= {
        "state": waits, "lastState": {"terminated": ended}, "restartCount": 3,
    }  # fmt: skip
    return items


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (seen(good()), []),
        (seen(fallen()), ["rollout-slow"]),
        (seen(crashed()), ["crashed"]),
    ],
)
def test_pods_that_fell_once_it_had_rolled_out(view: View, expected: list[str]) -> None:
    assert [one.problem.code for one in smoke._beside(SITE, view)] == expected


def test_a_pod_that_nothing_keeps_is_judged_too() -> None:
    odd = crashed()[2]
    odd["metadata"] |= {"name": "odd", "ownerReferences": []}
    assert [one.problem.object for one in smoke._beside(SITE, seen(good(odd)))] == [
        "Pod odd, container web"
    ]
    odd["metadata"]["annotations"] = {"helm.sh/hook": "test"}
    assert smoke._beside(SITE, seen(good(odd))) == [], "the control: `helm test` made it"


@pytest.mark.parametrize(
    ("policy", "status", "expected"),
    [
        ("Never", {"phase": "Failed"}, ["crashed"]),
        ("Never", {"phase": "Failed", "reason": "Evicted"}, ["pod-evicted", "crashed"]),
        ("Never", {"phase": "Running"}, ["crashed"]),  # another container of it still runs
        ("Never", {"phase": "Succeeded"}, []),
        ("OnFailure", {"phase": "Succeeded"}, []),
    ],
)
def test_how_a_pod_that_nothing_keeps_has_ended(
    policy: str, status: Json, expected: list[str]
) -> None:
    odd = pod("odd", ready=False)
    odd["metadata"]["ownerReferences"] = []
    odd["spec"]["restartPolicy"] = policy
    ended = {"exitCode": int(status["phase"] != "Succeeded"), "reason": "any"}
    odd["status"]["containerStatuses"][0]["state"] = {"terminated": ended}
    odd["status"] |= status
    view = seen(good(odd))
    assert [one.problem.code for one in smoke._beside(SITE, view)] == expected
    assert _state(view, diagnose(view, PLACE), PLACE) == (
        "serving" if status["phase"] == "Succeeded" else "degraded"
    )


def test_an_autoscaler_that_asks_for_more_than_its_least_is_at_work() -> None:
    items = good()
    items[0]["spec"]["replicas"] = 3
    found = []
    for least in (1, 3):
        scalers = [scaler(least)]
        for one in scalers:
            one["metadata"]["labels"] = {}
        found.append(len(smoke._beside(SITE, seen(items, HorizontalPodAutoscaler=scalers))))
    assert found == [0, 1]


def test_a_job_whose_end_helm_saw_first(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = job(conditions=[condition("Failed", "True", "BackoffLimitExceeded", "it failed")])
    monkeypatch.setattr(rollout, "explain", lambda fault, *_: fault)
    monkeypatch.setattr(rollout, "look", lambda *_: seen([failed]))
    monkeypatch.setattr(rollout, "look_beyond", lambda *_: {})
    watched = Rollout(Kubectl("lab", "demo"), PLACE, interrupt=False)
    watched._thread.start()
    watched.look_for_job()
    assert watched.fault is not None
    assert watched.fault.object == "Job odd"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ('failed calling webhook "a.b": dial: connection refused', "webhook-unreachable"),
        (
            "is invalid: : ValidatingAdmissionPolicy 'no' with binding 'no' denied",
            "admission-refused",
        ),
        ("policy 'adds' with binding 'adds' denied request: JSON Patch", "admission-refused"),
        ("connection refused", "cluster-unreachable"),
    ],
)
def test_who_stands_before_the_api_server_is_not_the_server(said: str, code: str) -> None:
    failure = Kubectl("lab", "demo").failure(Result(("kubectl",), 1, "", said))
    assert failure.problems[0].code == code


def test_what_a_whole_cluster_refuses_is_said_of_its_context() -> None:
    said = 'admission webhook "a.example.com" denied the request: no'
    for namespace, where in (("demo", "namespace demo"), ("", "context lab")):
        failure = Kubectl("lab", namespace).failure(Result(("kubectl",), 1, "", said))
        assert failure.problems[0].object == where
        forbidden = 'User "ann" cannot delete resource "pods" in API group ""'
        failure = Kubectl("lab", namespace).failure(Result(("kubectl",), 1, "", forbidden))
        assert failure.problems[0].object == f"pods in {where}"


def test_somebody_who_changes_the_template_all_the_time() -> None:
    sets = [thing("ReplicaSet", f"web-{n}", f"r{n}", metadata=owned_by("d")) for n in range(2, 7)]
    for one in sets:
        one |= {"spec": {"replicas": 0}, "status": {}}
    view = seen(good(*sets))
    (found,) = diagnose(view, PLACE, ("r1",))
    assert (found.problem.code, found.problem.object) == ("release-overwritten", "Deployment web")
    assert diagnose(view, PLACE, ("r1", "r2")) == [], "the control"
    assert diagnose(view, PLACE) == [], "its history is no rollout"
