"""Helm's way back: waited for while it may end, and ended when its pods never come."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from morrow.tool.deliver import way_back
from morrow.tool.deliver.way_back import WayBack
from morrow.tool.programs import runner
from tests.unit.tool.around import PLACE, good, pod, seen

DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); {}"


def test_only_a_fault_that_stays_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = good()
    broken[2] = pod(ready=False)
    waits = {"reason": "ErrImagePull", "message": "shop:1 not found"}
    broken[2]["status"]["containerStatuses"][0]["state"] = {"waiting": waits}
    way = WayBack(PLACE)
    way.look(seen(broken))
    assert not way.is_closed, "it may heal"
    monkeypatch.setattr(way_back, "LASTS", -1)
    way.look(seen(good()))
    assert not way.is_closed, "the control: nothing is wrong"
    way.look(seen(broken))
    assert way.is_closed


def test_somebody_who_goes_on_closes_it() -> None:
    def looks(*generations: int) -> bool:
        way = WayBack(PLACE)
        way._began -= 99
        for number in generations:
            items = good()
            items[0]["metadata"]["generation"] = items[0]["status"]["observedGeneration"] = number
            way.look(seen(items))
        return way.is_closed

    assert looks(1, 2, 3, 4, 5, 6)
    assert not looks(1, 2, 2, 2, 2, 3, 3), "the control: it is put back, and scaled"


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
