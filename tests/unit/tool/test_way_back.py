"""Helm's way back: waited for while it may end, and ended when its pods never come."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Json
from morrow.tool.deliver import apply, failed, rollout, way_back
from morrow.tool.deliver.helm import ByHelm
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.deliver.way_back import WayBack
from morrow.tool.programs import runner
from morrow.tool.programs.kubectl import Kubectl
from tests.unit.tool.around import PLACE, bent, good, pod, seen
from tests.unit.tool.kept_history import KeptHistory

DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); {}"


# A helm that never ends its upgrade.
ENDLESS = {"seconds": 60, "code": 1, "leaves": "pending-upgrade", "deaf": True}


REMOVED = "nothing was deployed before, and what was made is removed again"
ONCE = {"restartPolicy": "Never"}


def broken() -> list[Json]:
    items = good()
    items[2] = pod(ready=False)
    waits = {"reason": "ErrImagePull", "message": "shop:1 not found"}
    items[2]["status"]["containerStatuses"][0]["state"] = {"waiting": waits}
    return items


def test_only_a_fault_that_stays_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    way = WayBack(PLACE)
    way.look(seen(broken()))
    assert not way.is_closed, "it may heal"
    monkeypatch.setattr(way_back, "LASTS", -1)
    way.look(seen(good()))
    assert not way.is_closed, "the control: nothing is wrong"
    way.look(seen(broken()))
    assert way.is_closed


@pytest.mark.parametrize(
    ("deployed", "code", "verb", "after", "waits"),
    [
        (1, 0, "rollback", "the release that served before serves again", True),
        (1, 0, "rollback", "the release that served before serves again", False),
        (1, 1, "rollback", "release 1 is deployed", True),
        (None, 0, "uninstall", REMOVED, True),
        (None, 0, "uninstall", REMOVED, False),
        (None, 1, "uninstall", "no release is deployed whole", True),
    ],
)
def test_what_puts_right_an_ended_helm_is_let_be(
    deployed: int | None,
    code: int,
    verb: str,
    after: str,
    waits: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site: Any = KeptHistory(
        tmp_path,
        monkeypatch,
        history=[(deployed, "deployed")] if deployed else [],
        upgrade=ENDLESS,
        **{verb: {"seconds": 2, "code": code, "leaves": "failed" if code else "deployed"}},
    )
    site.objects = [] if waits else [{"kind": "Pod", "metadata": {}, "spec": ONCE}]
    told = site.told

    def watch(self: Rollout) -> None:
        while not told.exists() or not told.read_text():
            time.sleep(0.05)
        self._end_helm()

    monkeypatch.setattr(Rollout, "_watch", watch)
    monkeypatch.setattr(rollout, "PERIOD", 0.1)
    monkeypatch.setattr(rollout, "look", lambda *_: seen(broken()))
    monkeypatch.setattr(rollout, "look_beyond", lambda *_: {})
    monkeypatch.setattr(failed, "look", lambda *_: seen(good()))
    if waits:  # else it is ended at once: it has no way back of its own
        monkeypatch.setattr(way_back, "LASTS", -1)
    monkeypatch.setattr(apply, "finish_earlier_command", lambda _: None)
    monkeypatch.setattr(apply, "delivery_of", lambda _: ByHelm())
    with pytest.raises(Failure) as failure:
        apply.apply(site, timeout=60)
    assert told.read_text().splitlines() == ["upgrade", verb, f"{verb} ended"]
    assert failure.value.problems[0].details[-1] == after


def test_what_puts_right_a_helm_that_failed_by_itself_is_let_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both see the fault at once: the helm that was to be ended has gone, and the next has come."""
    ends = {**ENDLESS, "seconds": 0}
    back = {"seconds": 2}
    site: Any = KeptHistory(
        tmp_path, monkeypatch, history=[(1, "deployed")], upgrade=ends, rollback=back
    )
    told = site.told
    monkeypatch.setattr(rollout, "PERIOD", 0.1)
    monkeypatch.setattr(rollout, "look", lambda *_: seen(broken()))
    monkeypatch.setattr(rollout, "look_beyond", lambda *_: {})

    def watch(self: Rollout) -> None:
        while not told.exists() or "upgrade ended" not in told.read_text():
            time.sleep(0.01)
        time.sleep(0.5)
        self._end_helm()

    monkeypatch.setattr(Rollout, "_watch", watch)
    lone: Json = {"kind": "Pod", "metadata": {}, "spec": ONCE}
    site.objects = [lone]
    delivery = ByHelm()
    kubectl = Kubectl("lab", "demo")
    with Rollout(kubectl, PLACE, interrupt=True, applied=lambda: [lone]) as watched:
        site.unwatch = watched.end
        assert delivery.apply(site, 60, None) is not None
    lines = ["upgrade", "upgrade ended", "rollback", "rollback ended"]
    assert told.read_text().splitlines() == lines
    assert delivery.undone


def test_somebody_who_goes_on_closes_it() -> None:
    def looks(*generations: int, scaled: bool = False, two: bool = False) -> bool:
        way = WayBack(PLACE)
        way._began -= 99
        for look, number in enumerate(generations):
            items = good()
            items[0]["metadata"]["generation"] = items[0]["status"]["observedGeneration"] = number
            items[0]["spec"]["replicas"] = number if scaled else 1
            other = bent(items[0], lambda one: one["metadata"].update(name="other", uid="o"))
            other["metadata"]["generation"] = other["status"]["observedGeneration"] = look // 3 * 2
            way.look(seen([*items, other] if two else items))
        return way.is_closed

    assert looks(1, 2, 3, 4, 5, 6)
    assert not looks(1, 2, 2, 2, 2, 3, 3), "the control: it is put back, and scaled"
    assert not looks(1, 2, 3, 4, 5, 6, scaled=True), "an autoscaler"
    assert not looks(1, 2, 2, 2, 3, 3, 3, two=True), "two that are changed twice each"


def test_a_program_that_hears_no_request_is_ended() -> None:
    said = threading.Event()

    def at_work() -> None:
        said.wait(20)
        runner.stop(sys.executable.rsplit("/", 1)[-1])
        time.sleep(0.5)
        runner.stop(sys.executable.rsplit("/", 1)[-1], kill=True)

    other = threading.Thread(target=at_work)
    other.start()
    words = ("-c", DEAF.format("time.sleep(60)"))
    done = runner.run(sys.executable, *words, on_line=lambda _: said.set())
    other.join()
    assert done.code == -9
