"""What is judged of a CronJob's runs, and what of them is no verdict of a deploy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.targets.kubernetes.promises import cron_line
from tests.unit.tool.around import PLACE, bent, codes, condition, good, only, owned_by, seen, thing

RUN: Json = {"spec": {"containers": [{"name": "tick", "image": "shop:1"}]}}
CRON = thing("CronJob", "web-tick", "c", spec={"jobTemplate": {"spec": {"template": RUN}}})


def job(name: str, *conditions: Json, at: int = 0, image: str = "shop:1") -> Json:
    template = {"spec": {"containers": [{"name": "tick", "image": image}]}}
    meta: Json = {**owned_by("c"), "creationTimestamp": f"2026-01-01T00:00:{at:02d}Z"}
    told = {"startTime": "2026-01-01T00:00:00Z", "conditions": list(conditions)}
    return thing("Job", name, metadata=meta, spec={"template": template}, status=told)


def waiting(owner: str, reason: str, message: str) -> Json:
    state = {"waiting": {"reason": reason, "message": message}}
    statuses = [{"name": "tick", "ready": False, "state": state, "restartCount": 0}]
    status = {"phase": "Pending", "containerStatuses": statuses}
    status["conditions"] = [condition("PodScheduled", "True")]
    spec = {**RUN["spec"], "nodeName": "one"}
    return thing("Pod", f"{owner}-x", metadata=owned_by(f"Job-{owner}"), spec=spec, status=status)


def said(reason: str, seconds: float) -> Json:
    when = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()
    return {
        "kind": "Event", "metadata": {"name": "e"}, "involvedObject": {"uid": "c"},
        "type": "Warning", "reason": reason, "message": "exceeded quota: few",
        "lastTimestamp": when,
    }  # fmt: skip


FAILED = condition("Failed", "True", "BackoffLimitExceeded", "it failed")
COMPLETE = condition("Complete", "True")


def crons(*items: Json, cron: Json = CRON) -> Any:
    return seen(good(*items), CronJob=[cron])


def test_a_run_whose_pod_cannot_start_is_named_beside() -> None:
    pulls = waiting("tick-1", "ErrImagePull", "shop:1 not found")
    found = only(crons(job("tick-1"), pulls))
    assert (found.problem.code, found.beside, found.past) == ("image-not-found", True, False)
    # the control: the image of an earlier template is no matter of the next run
    assert codes(crons(job("tick-1", image="shop:0"), pulls)) == []


def test_a_run_that_waits_for_a_node_speaks_against_no_deploy() -> None:
    def unplaced(message: str) -> Any:
        place = {**condition("PodScheduled", "False", "Unschedulable"), "message": message}
        status = {"phase": "Pending", "conditions": [place]}
        pod = thing("Pod", "a-x", metadata=owned_by("Job-a"), spec=RUN["spec"], status=status)
        return only(crons(job("a"), pod))

    hopeless = "0/1 nodes are available: preemption: 0/1 nodes: 1 Preemption is not helpful"
    assert unplaced("0/1 nodes are available: 1 Insufficient cpu.").past
    assert not unplaced(hopeless).past, "the control"


def test_a_run_whose_image_the_cluster_rewrites_is_a_run_all_the_same() -> None:
    mirrored = [job(name, FAILED, image="mirror.example.com/shop:1") for name in "ab"]
    assert codes(crons(*mirrored)) == ["cron-failing"]


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ((job("a", FAILED),), []),
        ((job("a", FAILED, at=1), job("b", FAILED, at=2)), ["cron-failing"]),
        ((job("a", FAILED, at=1), job("b", COMPLETE, at=2)), []),
        ((job("a", FAILED, at=1, image="shop:0"), job("b", FAILED, at=2)), []),
        ((job("a", FAILED, at=1), job("b", FAILED, at=2), job("c", at=3)), ["cron-failing"]),
    ],
)
def test_one_failed_run_may_be_bad_luck(jobs: tuple[Json, ...], expected: list[str]) -> None:
    assert codes(crons(*jobs)) == expected


def test_what_a_cron_did_before_is_no_verdict_of_a_deploy() -> None:
    assert only(crons(job("a", FAILED, at=1), job("b", FAILED, at=2))).past
    assert only(crons(said("FailedCreate", 5))).past


@pytest.mark.parametrize(
    ("reason", "seconds", "expected"),
    [
        ("FailedCreate", 5, ["cron-unmade"]),
        ("TooManyMissedTimes", 5, ["cron-unmade"]),
        ("FailedCreate", 900, []),  # its controller has stopped to say so
        ("MissSchedule", 5, []),  # the next one comes
    ],
)
def test_a_run_that_is_not_made(reason: str, seconds: float, expected: list[str]) -> None:
    assert codes(crons(said(reason, seconds))) == expected


@pytest.mark.parametrize(
    ("schedule", "suspended", "expected"),
    [
        ("0 0 30 2 *", False, ["cron-unmade"]),
        ("0 0 31 4,6,9,11 ?", False, ["cron-unmade"]),
        ("0 0 30 2 *", True, []),  # it is to have no run
        ("0 0 30 2 */1", False, ["cron-unmade"]),
        ("0 0 30 2 1", False, []),  # on Mondays too
        ("0 0 30 2 */2", False, []),  # on every second day of the week too
        ("0 0 29 2 *", False, []),
        ("@every 1h", False, []),  # not read here
    ],
)
def test_a_day_that_never_comes(schedule: str, suspended: bool, expected: list[str]) -> None:
    own = {"schedule": schedule, "suspend": suspended}
    view = crons(cron=bent(CRON, lambda one: one["spec"].update(own)))
    assert codes(view) == expected
    assert not any(one.past for one in diagnose(view, PLACE))


@pytest.mark.parametrize(("seconds", "expected"), [(0, ["cron-unmade"]), (5, []), (None, [])])
def test_a_run_that_is_too_late_as_soon_as_it_is_due(
    seconds: int | None, expected: list[str]
) -> None:
    own = {"startingDeadlineSeconds": seconds, "suspend": False}
    late = bent(CRON, lambda one: one["spec"].update(own))
    assert codes(crons(cron=late)) == expected
    rests = bent(late, lambda one: one["spec"].update(suspend=True))
    assert codes(crons(cron=rests)) == []


def test_verify_asks_for_the_last_run_that_ended() -> None:
    two = (job("a", COMPLETE, at=1), job("b", FAILED, at=2))
    line = cron_line(CRON, crons(*two))
    assert (line.ok, "b is Failed, BackoffLimitExceeded" in line.observed) == (False, True)
    assert cron_line(CRON, crons(*two[:1])).ok
    assert cron_line(CRON, crons()).observed == "none has ended yet"
    rests = bent(CRON, lambda one: one["spec"].update(suspend=True))
    assert cron_line(rests, crons(cron=rests)).observed == "it is suspended"
