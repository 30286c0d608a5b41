"""Two environments do not take one release from each other, and a name that was left is told."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from tests.unit.tool.command import morrow
from tests.unit.tool.stand_in import Json, StandIn, thing
from tests.unit.tool.test_program_starts import serving


def kept(name: str, environment: str, chart: str = "morrow") -> Json:
    """What Helm stores of a deployed release."""
    record = {
        "version": 1,
        "info": {"status": "deployed"},
        "manifest": "",
        "chart": {"metadata": {"name": chart}},
        "config": {"environment": environment},
    }
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(record).encode())))
    labels = {"owner": "helm", "name": name}
    stored = f"sh.helm.release.v1.{name}.v1"
    return thing("Secret", stored, data={"release": packed.decode()}, metadata={"labels": labels})


@pytest.mark.parametrize(
    ("owner", "chart", "code"),
    [
        ("prod", "morrow", 2),
        ("dev", "morrow", 0),
        ("", "morrow", 0),
        ("", "theirs", 2),
        ("dev", "copied", 0),
    ],
)
def test_a_release_of_another_is_refused(
    cluster: StandIn, owner: str, chart: str, code: int
) -> None:
    serving(cluster)
    cluster.says(objects=[*cluster.world["objects"], kept("shop", owner, chart)], history=[])
    done = morrow("up", "dev", "--json")
    assert done.code == code, done
    changed = [line for line in cluster.asked if line.startswith("helm upgrade")]
    assert bool(changed) == (code == 0)
    if code:
        (problem,) = json.loads(done.out)["problems"]
        assert problem["code"] == "release-of-another"
        by = f"by the environment {owner}" if owner else f"with the chart {chart}"
        assert by in problem["cause"]
        away = f"morrow down {owner}" if owner else "helm uninstall shop"
        assert f"given up: {away}" in problem["fix"]


@pytest.mark.parametrize(
    ("environment", "chart", "told"), [("dev", "morrow", 1), ("prod", "morrow", 0), ("dev", "x", 0)]
)
def test_a_release_that_was_renamed_is_told(
    cluster: StandIn, environment: str, chart: str, told: int
) -> None:
    serving(cluster)
    notes = {"annotations": {"meta.helm.sh/release-name": "old"}}
    labels = {"labels": {"app.kubernetes.io/name": "old"}}
    left = thing("Deployment", "old", "apps/v1", metadata={**notes, **labels})
    mine = kept("old", environment, chart)
    cluster.says(objects=[*cluster.world["objects"], left, mine])
    done = morrow("up", "dev")
    assert done.code == 0, done
    assert done.err.count("this environment is named shop now, and old still runs") == told
