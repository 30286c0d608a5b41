"""What the tool takes back where Helm waits for nothing, and so takes nothing back by itself."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.outcome import Json
from morrow.tool.deliver import apply, rollout, take_back
from morrow.tool.deliver.helm import ByHelm
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.diagnose import awaited
from morrow.tool.diagnose.view import View
from tests.unit.tool.around import bent, good, seen
from tests.unit.tool.kept_history import History, KeptHistory
from tests.unit.tool.test_verdicts_unwaited import RUNS, lone

ENDS: Json = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "odd"},
    "spec": {"restartPolicy": "Never"},
}
FAILS = {"code": 1, "leaves": "failed"}
AWAY = "uninstall web --ignore-not-found"
SERVED: History = [(1, "superseded"), (2, "deployed")]


@pytest.mark.parametrize(
    ("history", "does", "asked", "undone"),
    [
        ([], FAILS, ["uninstall web"], True),
        ([(1, "deployed")], FAILS, ["rollback web 1"], True),
        (SERVED, FAILS, ["rollback web 2"], True),
        # No release is deployed, and one was: what it made is nobody's to take away.
        ([(1, "superseded")], FAILS, ["rollback web 1"], True),
        ([(1, "superseded"), (2, "superseded"), (3, "failed")], FAILS, ["rollback web 2"], True),
        ([(1, "failed")], FAILS, [], False),
        # Helm recorded nothing: no right, a release that is too large, a chart that is none.
        ([], {"code": 1, "leaves": None}, [], True),
        (SERVED, {"code": 1, "leaves": None}, [], True),
        ([(1, "failed")], {"code": 1, "leaves": None}, [], True),
    ],
)
def test_it_goes_back_to_what_served_before(
    history: History,
    does: Json,
    asked: list[str],
    undone: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site: Any = KeptHistory(tmp_path, monkeypatch, history=history, upgrade=does)
    site.objects = [ENDS]
    delivery = ByHelm()
    assert delivery.apply(site, 60, None) is not None
    assert (site.asked, delivery.undone) == (asked, undone)
    assert ("no release before it has served" in capsys.readouterr().err) != undone


def test_what_has_gone_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site: Any = KeptHistory(tmp_path, monkeypatch, history=[], upgrade=FAILS)
    site.objects = [ENDS]
    ByHelm().apply(site, 60, None)
    assert f"\n{AWAY}" in (tmp_path / "arguments").read_text()


def test_that_it_cannot_be_taken_back_does_not_hide_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site: Any = KeptHistory(tmp_path, monkeypatch, history=[], upgrade=FAILS)
    site.objects = [ENDS]
    gone = problem("interrupted", "kubectl", "kubectl was told to stop")

    def undo(*_: object) -> bool:
        raise Failure(gone)

    monkeypatch.setattr(ByHelm, "undo_install", undo)
    delivery = ByHelm()
    told = delivery.apply(site, 60, None)
    assert told is not None
    assert told.code == "program-failed"
    assert not delivery.undone
    assert "it was not taken back: kubectl was told to stop" in capsys.readouterr().err


@pytest.mark.parametrize("waits", [False, True])
def test_ctrl_c_while_helm_works(
    waits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    does = {"seconds": 30, "leaves": "pending-upgrade"}
    site: Any = KeptHistory(tmp_path, monkeypatch, history=SERVED, upgrade=does)
    site.objects = [] if waits else [ENDS]

    def stop() -> None:
        while not site.told.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=stop).start()
    with pytest.raises(Failure) as failure:
        ByHelm().apply(site, 60, None)
    assert failure.value.interrupted
    assert site.asked == ([] if waits else ["rollback web 2"]), "--atomic does it where Helm waits"


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("history", [SERVED, []])
@pytest.mark.parametrize(
    "stopped", [KeyboardInterrupt(), Failure(problem("interrupted", "x", "y"))]
)
def test_ctrl_c_while_the_tool_waits(
    waits: bool,
    history: History,
    stopped: BaseException,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site: Any = KeptHistory(tmp_path, monkeypatch, history=history)
    site.objects = [] if waits else [ENDS]

    def settled(*_: object) -> None:
        raise stopped

    monkeypatch.setattr(Rollout, "settled", settled)
    monkeypatch.setattr(rollout, "look", lambda *_: seen(good()))
    monkeypatch.setattr(rollout, "look_beyond", lambda *_: {})
    monkeypatch.setattr(apply, "finish_earlier_command", lambda _: None)
    monkeypatch.setattr(apply, "delivery_of", lambda _: ByHelm())
    with pytest.raises(type(stopped)):
        apply.apply(site, timeout=60)
    back = ["rollback web 2"] if history else ["uninstall web"]
    assert site.asked == ([] if waits else back), "what Helm waited for is ready, and stays"


def test_what_comes_while_helm_goes_back_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site: Any = KeptHistory(tmp_path, monkeypatch, history=SERVED)
    judged: list[View] = []
    since = 0

    def look(*_: object) -> View:
        """The pod comes with the rollback, and is ready at the third look after it."""
        nonlocal since
        if not site.told.exists():
            return seen(good())
        since += 1
        return seen(good(lone((RUNS, since > 2))))

    def is_settled(view: View, *rest: Any) -> bool:
        judged.append(view)
        return really(view, *rest)

    really = awaited.is_settled
    monkeypatch.setattr(rollout, "is_settled", is_settled)
    monkeypatch.setattr(rollout, "look", look)
    monkeypatch.setattr(rollout, "look_beyond", lambda *_: {})
    monkeypatch.setattr(rollout, "PERIOD", 0.1)
    monkeypatch.setattr(Rollout, "_watch", lambda _: None)
    hook = bent(ENDS, lambda one: one["metadata"].update(annotations={"helm.sh/hook": "test"}))
    hooks = [{"manifest": json.dumps(hook)}]
    record = {"version": 1, "manifest": json.dumps(ENDS), "hooks": hooks}
    goal: Any = SimpleNamespace(record=record)
    monkeypatch.setattr(take_back, "delivery_of", lambda _: ByHelm())
    assert take_back.take_back(site, lambda _: goal)
    assert site.asked == ["rollback web 1"]
    assert since == len(judged) == 3, "it was not there before"
    assert list(judged[-1].declared) == [ENDS, hook], "what was applied is judged"
