"""What the package brings beside its code: the chart, the Terraform modules and AWS's roots.

A wheel holds them in `morrow/tool/shipped`; a checkout of the sources has them at its root.
"""

from __future__ import annotations

import re
from pathlib import Path

CHART, MODULE = "chart", "terraform/modules/service"
ROOT = "terraform/environments/dev"
_WHEEL = Path(__file__).resolve().parents[1] / "shipped"
_CHECKOUT = Path(__file__).resolve().parents[4]


def shipped(name: str) -> Path:
    """Return the folder of one part, as this version of the package has it."""
    return (_WHEEL if _WHEEL.is_dir() else _CHECKOUT) / name


def version_of(folder: Path) -> str:
    """Return the version that a chart states, or that `eject` wrote beside a module; or ""."""
    for name, pattern in (
        ("Chart.yaml", r"(?m)^version: *['\"]?([^\s'\"]+)"),
        ("VERSION", r"(\S+)"),
    ):
        file = folder / name
        if file.is_file() and (version := re.search(pattern, file.read_text(errors="replace"))):
            return version[1]
    return ""
