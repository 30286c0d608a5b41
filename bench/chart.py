"""How long `helm template` takes for the chart's largest example."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tools.build import program

CHART = Path(__file__).parents[1] / "chart"
LARGEST = max((CHART / "examples").glob("*.yaml"), key=lambda file: file.stat().st_size)


def renders(rounds: int) -> dict[str, list[float]]:
    """Return milliseconds, round by round, beside a Helm that only says its version."""
    helm = str(program("helm"))
    commands = {
        "helm version": [helm, "version"],
        f"helm template, {LARGEST.stem}": [helm, "template", "x", str(CHART), "-f", str(LARGEST)],
    }
    took: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, words in commands.items():
            began = time.perf_counter()
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            took[name].append((time.perf_counter() - began) * 1e3)
    return took
