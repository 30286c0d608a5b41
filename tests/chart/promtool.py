"""Debian's promtool, and the rules that it judges: of a service with one process of each kind."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.chart.rendering import SMALLEST, one, over, render
from tests.unit.frame.skips import cannot

RULES = {"enabled": True, "runbooks": "https://example.com/runbooks", "routing": {"team": "till"}}
VALUES = over(
    SMALLEST,
    {
        "route": {"mode": "gateway", "hosts": ["shop.example.com"], "gateway": {"name": "g"}},
        "secrets": {"keys": ["TOKEN"], "maxAge": "90d"},
        "observability": {"rules": RULES},
        "processes": {
            "migrate": {"kind": "job", "command": ["x"]},
            "night": {"kind": "cron", "command": ["x"], "schedule": "0 3 * * *"},
            "worker": {"kind": "worker", "command": ["x"], "backlog": "shop_tasks_waiting"},
        },
    },
)


@cache
def groups(**more: Any) -> list[dict[str, Any]]:
    """Return the rendered groups of rules; `more` is laid over observability.rules."""
    values = over(VALUES, {"observability": {"rules": more}})
    found: list[dict[str, Any]] = one(render(values), "PrometheusRule")["spec"]["groups"]
    return found


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool."""
    found = shutil.which("promtool")
    if found is None:
        cannot("the alerts", "Debian's package prometheus brings promtool", "promtool")
    return subprocess.run([found, *words], capture_output=True, text=True, check=False)


def unit_test(
    rules: list[dict[str, Any]],
    tests: Sequence[dict[str, Any]],
    folder: Path,
    *,
    interval: str = "1m",
) -> str:
    """Return what promtool says of tests of groups of rules; empty when it is content."""
    done = promtool("test", "rules", written(rules, tests, folder, interval=interval))
    return "" if done.returncode == 0 else done.stdout + done.stderr


def written(
    rules: list[dict[str, Any]],
    tests: Sequence[dict[str, Any]],
    folder: Path,
    *,
    interval: str = "1m",
) -> Path:
    """Write tests for promtool, and the rules beside them."""
    folder.mkdir(exist_ok=True)
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": rules}))
    whole = [{"interval": interval} | test for test in tests]
    head = {"rule_files": ["rules.yaml"], "evaluation_interval": interval}
    file = folder / "test.yaml"
    file.write_text(yaml.safe_dump(head | {"tests": whole}))
    return file


def inputs(series: dict[str, str]) -> list[dict[str, str]]:
    """Return series as promtool reads them."""
    return [{"series": name, "values": values} for name, values in series.items()]
