"""Why a program cannot be started: its processor, its place, its first line."""

from __future__ import annotations

import pytest

from morrow.tool.deliver.explain import last_log
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result
from tests.unit.tool.views import BACKS_OFF, Json, bent, ended, first

LOST = "unable to retrieve container logs for containerd://21d5361162cb"
NO_FORMAT = 'exec: "/s/run": exec format error'


@pytest.mark.parametrize(
    ("mounts", "code"),
    [
        ([{"name": "s", "mountPath": "/s"}], "command-not-found"),
        ([{"name": "s", "mountPath": "/s/run", "subPath": "run"}], "command-not-found"),
        ([{"name": "s", "mountPath": "/so"}], "image-wrong-platform"),  # it is the image's own
        ([], "image-wrong-platform"),
    ],
)
def test_a_script_that_is_mounted_is_of_no_processor(mounts: list[Json], code: str) -> None:
    died = ended(128, "StartError", NO_FORMAT)
    own = {"command": ["/s/run"], "volumeMounts": mounts}
    problem = first(bent(BACKS_OFF, died, container=own, restarts=1)).problem
    assert problem.code == code
    assert ("first line" in problem.cause) == (code == "command-not-found")


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("dies\n", "lives\n", "dies\n"),
        (LOST, "exec format error\n", "exec format error\n"),  # the node threw it away
        (None, "dies\n", "dies\n"),  # there was none
        (LOST, LOST, ""),
    ],
)
def test_a_log_that_the_node_threw_away_is_no_log(
    before: str | None, now: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_: Kubectl, *words: str, **__: object) -> Result:
        said = before if "--previous" in words else now
        return Result(words, 1 if said is None else 0, said or "", "")

    monkeypatch.setattr(Kubectl, "run", run)
    assert last_log(Kubectl("lab", "demo"), "web-1-a", "web", previous=True) == told
