"""Deploys that are slow, or stumble once, and are good: `morrow up` must not call them broken."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster, Image
from tests.e2e.odd_beyond import ODD as BEYOND
from tests.e2e.odd_deploys import ODD
from tests.e2e.odd_further import ODD as FURTHER
from tests.e2e.odd_unseen import ODD as UNSEEN
from tests.e2e.slow_deploys import SLOW, Slow
from tests.e2e.tool_project import ToolProject

# A hang is found by this; a machine that is busy with other things is not.
pytestmark = pytest.mark.timeout(900)


EVERY = (*SLOW, *ODD, *UNSEEN, *BEYOND, *FURTHER)


@pytest.mark.parametrize(
    "slow",
    [
        pytest.param(
            slow, id=slow.name.replace(" ", "-"), marks=[] if slow.ci else pytest.mark.full
        )
        for slow in EVERY
    ],
)
def test_a_slow_deploy_is_no_fault(
    slow: Slow, cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path
) -> None:
    project = ToolProject(tmp_path, cluster, namespace, hello_image)
    if slow.over is not None:
        project.write(json.loads(project.filled(json.dumps(project.simple(**slow.over)))))
        assert project.morrow("up", "test").code == 0
    slow.before(project)
    text = json.dumps(project.simple(**slow.values)).replace("SOON", str(time.time() + 14))
    project.write(json.loads(project.filled(text)))
    meanwhile = threading.Timer(6, slow.meanwhile, [project])
    meanwhile.start()

    told = project.morrow("up", "test", "--json")

    meanwhile.join()
    print(f"{slow.name}: exit {told.code} after {told.seconds:.0f} s")
    assert told.code == 0, told
    assert told.answer["state"] == "serving", told
    assert told.seconds >= slow.least, "it was not slow at all"
    slow.after(project)
