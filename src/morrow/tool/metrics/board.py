"""The chart's dashboards, filled with data: what Grafana shows, without Grafana."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from morrow.tool.metrics.prometheus import Prometheus, Series
from morrow.tool.report.graphs import Graph

AT_ONCE = 6  # queries


@dataclass(frozen=True)
class Span:
    """A stretch of time, and how finely it is looked at, in seconds."""

    start: float
    end: float

    @property
    def step(self) -> float:
        """So that a graph has about 240 points."""
        return max(1.0, round((self.end - self.start) / 240))


@dataclass(frozen=True)
class Board:
    """A dashboard at one time."""

    graphs: Sequence[Graph]
    deploys: Sequence[tuple[float, str]]


def filled(text: str, marks: Mapping[str, str]) -> str:
    """Return a query with the chart's and Grafana's marks filled in."""
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text


def legend(template: str, labels: Mapping[str, str]) -> str:
    """Return a line's name, as Grafana makes it.

    >>> legend("{{pod}}, process", {"pod": "shop-1"})
    'shop-1, process'
    """
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), template) or "(none)"


def read(file: Path, prometheus: Prometheus, marks: Mapping[str, str], span: Span) -> Board:
    """Ask every query of a dashboard's file."""
    board = json.loads(file.read_text())
    window = f"{max(60, round(4 * span.step))}s"
    marks = {**marks, "$__rate_interval": window}

    def ask(query: str) -> list[Series]:
        answer = prometheus.range(filled(query, marks), span.start, span.end, span.step)
        return [series for series in answer if series.points]

    targets = [target for panel in board["panels"] for target in panel["targets"]]
    markers = board["annotations"]["list"]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        queries = [one["expr"] for one in (*targets, *markers)]
        answers = dict(zip(queries, pool.map(ask, queries), strict=True))
    graphs = [_graph(panel, answers) for panel in board["panels"]]
    deploys = [
        (legend(marker["titleFormat"], series.labels), series.points)
        for marker in markers
        for series in answers[marker["expr"]]
    ]
    return Board(graphs, _deploys(deploys, span))


def _graph(panel: dict[str, Any], answers: Mapping[str, Sequence[Series]]) -> Graph:
    lines = [
        (legend(target["legendFormat"], series.labels), series.points)
        for target in panel["targets"]
        for series in answers[target["expr"]]
    ]
    unit = str(panel["fieldConfig"]["defaults"]["unit"])
    return Graph(str(panel["title"]), str(panel["description"]), unit, lines)


def _deploys(
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]], span: Span
) -> list[tuple[float, str]]:
    """Return when each version began; a marker's value is that time in milliseconds."""
    began = [
        (min(value for _, value in points) / 1000, version.strip() or "started")
        for version, points in series
    ]
    return sorted((at, version) for at, version in began if span.start <= at <= span.end)
