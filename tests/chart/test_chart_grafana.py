"""The dashboards, read by Grafana's own model of a dashboard and written again by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.chart.dashboards import boards

# How an annotation is read is Prometheus's own matter, not a dashboard's: no model states it.
OF_PROMETHEUS = {
    f"annotations.list.0.{name}" for name in ("textFormat", "titleFormat", "useValueForTime")
}


def said(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield each value that is no list or object, by its path."""
    if isinstance(value, dict):
        parts: Any = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    else:
        yield path[1:], value
        return
    for name, part in parts:
        yield from said(part, f"{path}.{name}")


def lost(board: dict[str, Any]) -> set[str]:
    """Return the paths of what Grafana's model does not know, or reads otherwise."""
    register_default_plugins()
    again = json.loads(JSONEncoder().encode(Dashboard.from_json(board)))
    return {path for path, _ in set(said(board)) - set(said(again))}


@pytest.mark.parametrize("name", boards())
def test_grafanas_own_model_knows_every_field(name: str) -> None:
    board = json.loads(boards()[name])
    assert lost(board) == OF_PROMETHEUS
    # The controls: names that are misspelt, of the board, of a panel and of a query.
    panel = board["panels"][0]
    for whole in (board, panel, panel["fieldConfig"]["defaults"], panel["targets"][0]):
        whole["tittle"] = "misspelt"
    panel = "panels.0"
    assert lost(board) - OF_PROMETHEUS == {
        "tittle", f"{panel}.tittle", f"{panel}.fieldConfig.defaults.tittle",
        f"{panel}.targets.0.tittle",
    }  # fmt: skip
