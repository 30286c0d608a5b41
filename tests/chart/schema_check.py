"""Helm's judgement of many values files at once: each is one subchart of a chart made for it.

A `helm template` of its own would cost each of them twenty times as much.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.chart.many import describe
from tests.chart.rendering import CHART, SMALLEST, Values
from tools.build import program

AT_ONCE = 200


def taken(values: Sequence[Values], folder: Path, tool: str = "helm") -> list[int]:
    """Return the places of those that the chart's schema takes, as this Helm reads it."""
    found = []
    for start in range(0, len(values), AT_ONCE):
        part = {f"m{start + i}": one for i, one in enumerate(values[start : start + AT_ONCE])}
        refused = told({**part, "right": SMALLEST}, folder / str(start), tool)
        assert "right" not in refused, "the control: a values file without a fault"
        found += [int(name[1:]) for name in part if name not in refused]
    return found


def told(named: dict[str, Values], chart: Path, tool: str = "helm") -> dict[str, str]:
    """Return what this Helm's schema says of each that it refuses, by its name."""
    within = chart / "charts" / "one"
    within.mkdir(parents=True)
    for file in ("Chart.yaml", "values.yaml", "values.schema.json"):
        shutil.copy(CHART / file, within)
    describe(chart, named)
    (chart / "given.json").write_text(json.dumps(named))
    done = subprocess.run(
        [program(tool, "helm"), "template", "x", chart, "--values", chart / "given.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) == ("don't meet the specifications" in done.stderr), done.stderr
    parts = re.split(r"^(\w+):$", done.stderr, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))
