"""The page inside the chart's package, made from its schema and its defaults.

`python -m tests.chart.readme` writes chart/README.md.
"""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.chart.reference import entries, rows
from tests.chart.rendering import CHART

PAGE = CHART / "README.md"
HEAD = Path(__file__).with_name("readme.md")


def page() -> str:
    """Return the whole page; nothing in it leads out of the package but addresses."""
    root = json.loads((CHART / "values.schema.json").read_text())
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    return HEAD.read_text() + "\n".join([*rows(root, defaults, root), *entries(root)]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
