"""Why a program cannot be started: its processor, its place, its first line."""

from __future__ import annotations

import pytest

from tests.unit.tool.views import BACKS_OFF, Json, bent, ended, first

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
