"""Releases that stay stuck, and pods that go: what the scenarios of lost requests share."""

from __future__ import annotations

import time
from collections.abc import Callable

from lab import pods as lab_pods
from lab.errors import LabError
from tests.e2e.cluster import eventually
from tests.e2e.pods import names, ready, restarts
from tests.e2e.rig import Rig, Run

# The gateway hears of an endpoint's end and acts on it: Traefik gathers changes for 2 s.
GATEWAY_HEARS = 4.0


def broken_release(run: Run, what: str, stuck: Callable[[], bool], changes: dict[str, str]) -> None:
    """Roll out what cannot work: the old pods serve on, and a good release fixes it."""
    rig = run.rig
    old = names(rig.pods())
    run.mark("broken release")
    rig.upgrade(changes, wait=False)
    eventually(what, stuck, within=90, every=0.5)
    run.mark("it is stuck")
    time.sleep(5)
    serving = names([pod for pod in rig.pods() if ready(pod)])
    assert serving == old, "the pods that served before serve on"
    run.mark("fixed")
    rig.upgrade()
    run.settle()


def reasons(rig: Rig) -> set[str]:
    """What the containers that wait wait for."""
    return {
        status["state"].get("waiting", {}).get("reason", "")
        for pod in rig.pods()
        for status in pod["status"].get("containerStatuses", [])
    }


def exit_codes(rig: Rig, pods: list[object] | None = None) -> set[int]:
    """The exit codes of all containers that have ended."""
    return {
        state["terminated"]["exitCode"]
        for pod in (pods if pods is not None else rig.pods())
        for status in pod["status"].get("containerStatuses", [])  # type: ignore[index]
        for state in (status["state"], status.get("lastState", {}))
        if "terminated" in state
    }


def no_digest() -> str:
    """A digest that no image has."""
    return "sha256:" + "0" * 64


def has_another(uid: str, worker: int) -> bool:
    """Tell whether the pod has a worker that is not this one; between two it has none."""
    try:
        return lab_pods.worker(uid) != worker
    except LabError:
        return False


def gone_or_back(run: Run, address: str, uid: str, main: int) -> None:
    """Wait until the endpoint is gone, or the container is back before anyone saw it gone."""

    def over() -> bool:
        if address not in run.rig.serving_endpoints():
            return True
        fresh = [pid for pid in lab_pods.processes(uid) if pid != main]
        pod = next(p for p in run.rig.pods() if p["metadata"]["uid"] == uid)
        return bool(fresh) and ready(pod) and restarts(pod) > 0

    eventually("the endpoint is gone", over, within=60, every=0.1)
    run.mark("its endpoint is gone")


def judge_until_gone(rig: Rig, victims: set[str]) -> None:
    """Hold that what was lost was due between the blow and the endpoint's end, and theirs."""
    result = rig.chapters[-1].result
    blow = next(event.at for event in result.events if event.name.startswith(("kill", "stop")))
    gone = next(event.at for event in result.events if event.name.endswith("gone"))
    early = [f for f in result.failures if f.at + f.latency < blow]
    late = [f for f in result.failures if f.at > gone + GATEWAY_HEARS]
    others = rig.not_of(victims)
    served = sum(not s.failed for s in result.samples if blow <= s.at <= gone)
    lost = len(result.failures)
    found = f"{lost} lost in the {gone - blow:.1f} s until its endpoint was gone, {len(late)} after"
    found = f"{found}, {others} at other pods; {served} served meanwhile"
    rig.judge(served > 0 and not (early or late or others), found)


def judge_in_flight(rig: Rig, victims: set[str]) -> None:
    """What was in flight at the killed worker may be lost, and nothing else."""
    result = rig.chapters[-1].result
    begin, end = (event.at for event in result.events if "kill" in event.name)
    in_flight = {s.at for s in result.samples if s.at <= end and s.at + s.latency >= begin}
    late = [failure for failure in result.failures if failure.at not in in_flight]
    others = rig.not_of(victims)
    found = f"{len(result.failures)} lost of {len(in_flight)} in flight, {len(late)} afterwards"
    rig.judge(not late and not others, f"{found}, {others} at other pods")
