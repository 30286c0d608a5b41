"""The reference page is what schema and defaults make of it."""

from __future__ import annotations

import json

from tests.chart.mutations import places
from tests.chart.reference import PAGE, page
from tests.chart.rendering import CHART


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.chart.reference"


def test_every_key_has_its_line() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    text = PAGE.read_text()
    keys = [".".join(at) for at, _ in places(schema, schema)]
    assert len(keys) > 120
    behavior = "autoscaling.behavior."
    missing = [key for key in keys if f"| {key} |" not in text and f"| **{key}** |" not in text]
    assert [key for key in missing if not key.startswith((behavior, "pod.affinity."))] == []
