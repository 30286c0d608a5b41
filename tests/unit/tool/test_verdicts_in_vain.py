"""What Helm waits for in vain, a look that fails for a moment, and what is the same as before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.deliver import failed, look, rollout, take_back
from morrow.tool.deliver.helm import ByHelm
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.deliver.terraform import ByTerraform
from morrow.tool.diagnose.awaited import AFTER_ROLLBACK, AFTER_UP, in_vain
from morrow.tool.diagnose.view import View
from morrow.tool.programs.kubectl import Kubectl
from tests.unit.tool.around import PLACE, good, pod, seen, thing
from tests.unit.tool.test_verdicts_pods import event
from tests.unit.tool.test_verdicts_unwaited import DEAD, DONE, RUNS, lone

ENDS = thing("Pod", "odd", spec={"restartPolicy": "Never"})
AFTER = thing("Job", "after", spec={})
AFTER["metadata"]["annotations"] = {"helm.sh/hook": "post-install"}
AWAY = problem("cluster-unreachable", "context lab", "away", kubectl="kubectl")


@pytest.mark.parametrize(
    ("objects", "by_helm"),
    [
        ([ENDS, AFTER], True),  # its hook needs what is ready, so Helm is let wait
        ([ENDS], False),  # the tool waits itself
        ([AFTER], True),
    ],
)
def test_who_waits_for_each_object(objects: list[Json], by_helm: bool) -> None:
    assert ByHelm().awaited(objects, AFTER_UP) == (objects if by_helm else [])
    assert ByTerraform().awaited(objects, AFTER_UP) == objects, "the provider's Helm always does"
    assert (AFTER in ByHelm().awaited(objects, AFTER_ROLLBACK)) == (ENDS not in objects)


@pytest.mark.parametrize(
    ("states", "begun", "told"),
    [
        ([(DONE, False)], False, True),
        ([(RUNS, True), (DONE, False)], False, True),  # one of two has ended: never ready
        ([(RUNS, True)], False, False),
        ([(RUNS, False), (DONE, False)], False, False),  # it has not come so far
        ([(DEAD, False)], False, False),  # that is another fault
        ([(DONE, False)], True, False),  # it was ready while all else was
    ],
)
def test_a_pod_that_has_ended_is_waited_for_in_vain(
    states: list[tuple[Json, bool]], begun: bool, told: bool
) -> None:
    view = seen(good(lone(*states), *([AFTER] if begun else [])))
    found = list(in_vain(view, PLACE, [ENDS, AFTER], ()))
    assert [one.problem.object for one in found] == (["Pod odd"] if told else [])
    assert all("make it a Job" in one.problem.fix for one in found)
    assert list(in_vain(view, PLACE, [], ())) == [], "nobody waits"
    if begun:
        assert len(list(in_vain(view, PLACE, [ENDS, AFTER], ("Job-after",)))) == 1, "an old one's"


@pytest.mark.parametrize(
    ("phase", "reason", "held", "told"),
    [
        ("Pending", "WaitForFirstConsumer", False, True),
        ("Bound", "WaitForFirstConsumer", False, False),
        ("Pending", "WaitForFirstConsumer", True, False),  # its pod comes
        ("Pending", "ExternalProvisioning", False, False),
    ],
)
def test_a_claim_that_no_pod_mounts_is_waited_for_in_vain(
    phase: str, reason: str, held: bool, told: bool
) -> None:
    claim = thing("PersistentVolumeClaim", "data", status={"phase": phase})
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    keeps = thing("Deployment", "web", spec={"template": {"spec": {"volumes": [volume]}}})
    view = seen(
        good(event("PersistentVolumeClaim-data", reason, "x")), PersistentVolumeClaim=[claim]
    )
    found = list(in_vain(view, PLACE, [claim, *([keeps] if held else [])], ()))
    assert [one.problem.code for one in found] == (["waited-in-vain"] if told else [])


def test_it_is_the_verdict_while_helm_waits_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("morrow.tool.diagnose.awaited.ENDED", 0)
    view = seen(good(lone((DONE, False))))
    both = [ENDS, AFTER]
    watched = Rollout(Kubectl("lab", "demo"), PLACE, interrupt=False, awaited=lambda: both)
    told = watched._judge(view)
    assert told is not None
    assert told.code == "waited-in-vain"
    monkeypatch.setattr(rollout, "look", lambda *_: view)
    monkeypatch.setattr(rollout, "look_beyond", lambda *_: {})
    watched._known = frozenset(("Pod-odd", "Pod-web-1-a"))
    with watched as inside:
        assert inside.settled(1) is None, "who applied has gone on"


FINAL = ["access-denied", "cluster-login", "context-missing", "admission-refused", "interrupted"]


@pytest.mark.parametrize("code", ["cluster-unreachable", "program-failed", *FINAL])
def test_the_first_look_is_tried_again(
    code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it nothing is brought back."""
    words = {"verb": "list", "resource": "pods", "do": "follow it", "command": "kubectl get pods"}
    asked: list[int] = []

    def answer(*_: object) -> View:
        asked.append(1)
        if len(asked) < 3:
            raise Failure(PLACE.problem(code, "context lab", "away", (), **words))
        return seen(good())

    monkeypatch.setattr(terminal, "_status", "")
    monkeypatch.setattr(look, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda _: None))
    monkeypatch.setattr(rollout, "look", answer)
    monkeypatch.setattr(rollout, "look_beyond", lambda *_: {})
    watched = Rollout(Kubectl("lab", "demo"), PLACE, interrupt=False)
    if code in FINAL:  # that does not heal
        with pytest.raises(Failure):
            watched.__enter__()
        assert len(asked) == 1
        assert "waiting" not in capsys.readouterr().err
        return
    with watched:
        assert len(asked) == 3
        assert "waiting for the API server: away" in capsys.readouterr().err


@pytest.mark.parametrize("same", [True, False])
def test_what_is_the_same_as_before_is_not_taken_back(
    same: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier release that was another is nobody's wish."""
    asked: list[object] = []

    def brought(*words: object) -> bool:
        asked.append(words)
        return True

    monkeypatch.setattr(take_back, "take_back", brought)
    kept = {1: {"manifest": "a"}, 2: {"manifest": "b"}, 3: {"manifest": "b" if same else "c"}}
    site: Any = SimpleNamespace(records=kept, deployed=3, place=PLACE, kubectl=None, history=[3])
    back = take_back.put_back(site, 2)
    assert (back, bool(asked)) == ((None, False) if same else (True, True))
    items = good()
    items[2] = pod(ready=False)
    monkeypatch.setattr(failed, "look", lambda *_: seen(items))
    told = failed.failed(site, AWAY, None, 2, back=back).problems[0].details[-1]
    said = "0 of 1 pods are ready (web-1-a runs, not ready yet)"
    first = "nothing is taken back: release 2 was the same"
    assert told == f"{first if same else 'the release that served before is put back'}; {said}"
