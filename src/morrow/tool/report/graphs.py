"""Lines over time as SVG, by Grafana's units: the panels of a dashboard on one page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from morrow.tool.report.page import document, header
from morrow.tool.report.plots import ms, nice

WIDTH, HEIGHT, LEFT, RIGHT, FLOOR = 460, 170, 56, 8, 146
COLOURS = ("#4a7fd6", "#b4690e", "#1f8a4c", "#d1383d", "#7a5bc2", "#0d8f95", "#a8437f", "#7c8089")
SHOWN = len(COLOURS)
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Graph:
    """One panel: lines by their names."""

    title: str
    description: str
    unit: str
    lines: Sequence[tuple[str, Points]]


def value_text(value: float, unit: str) -> str:
    """Return a value for people.

    >>> [value_text(*pair) for pair in ((0.25, "percentunit"), (0.004, "s"), (1500, "short"))]
    ['25 %', '4 ms', '1,500']
    """
    if unit == "percentunit":
        return f"{100 * value:.4g} %"
    if unit == "s":
        return ms(value) if value else "0 s"
    if unit == "bytes":
        return f"{value / 2**20:.3g} MiB"
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return number + ("/s" if unit == "reqps" else "")


def dashboard(
    title: str,
    verdict: str,
    graphs: Sequence[Graph],
    start: float,
    end: float,
    events: Sequence[tuple[float, str]],
) -> str:
    """Return the page; events are lines on every graph."""
    empty = [graph.title for graph in graphs if not graph.lines]
    more = f"<p class=first>Without data: {escape(', '.join(empty))}.</p>" if empty else ""
    names = "".join(
        f"<dt>{_clock(at, end - start)}</dt><dd>{escape(name)}</dd>" for at, name in events
    )
    deploys = f"<section><h2>Deploys</h2><dl>{names}</dl></section>" if events else ""
    drawn = "".join(_graph(graph, start, end, events) for graph in graphs)
    body = header(title, verdict, not empty, more) + f'<section class="board">{drawn}</section>'
    return document(title, f"<style>{STYLE}</style>{body}{deploys}")


def _graph(graph: Graph, start: float, end: float, events: Sequence[tuple[float, str]]) -> str:
    values = [value for _, points in graph.lines for _, value in points]
    top = nice(max([*values, 0]) or 1)
    low = -nice(-min(values)) if values and min(values) < 0 else 0.0

    def across(at: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - start) / (end - start)

    def up(value: float) -> float:
        return FLOOR - (FLOOR - 8) * (value - low) / (top - low)

    marks = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up(v):.1f}" y2="{up(v):.1f}"/>'
        f'<text x="{LEFT - 5}" y="{up(v) + 4:.1f}" text-anchor="end">'
        f"{value_text(v, graph.unit)}</text>"
        for v in dict.fromkeys((low, (low + top) / 2, top))
    )
    for at, anchor in ((start, "start"), ((start + end) / 2, "middle"), (end, "end")):
        x, y = f"{across(at):.1f}", HEIGHT - 8
        marks += f'<text x="{x}" y="{y}" text-anchor="{anchor}">{_clock(at, end - start)}</text>'
    marks += "".join(
        f'<line class="event" x1="{across(at):.1f}" x2="{across(at):.1f}" y1="4" y2="{FLOOR}">'
        f"<title>{escape(name)}</title></line>"
        for at, name in events
    )
    legend = ""
    for (name, points), colour in zip(graph.lines, COLOURS, strict=False):
        drawn = " ".join(f"{across(at):.1f},{up(value):.1f}" for at, value in points)
        tip = f"<title>{escape(name)}</title>"
        marks += f'<polyline points="{drawn}" stroke="{colour}">{tip}</polyline>'
        now = value_text(points[-1][1], graph.unit)
        legend += f'<span><i style="background:{colour}"></i>{escape(name)} <b>{now}</b></span>'
    if len(graph.lines) > SHOWN:
        legend += f"<span>and {len(graph.lines) - SHOWN} more</span>"
    if not graph.lines:
        marks += f'<text x="{LEFT + 10}" y="40">no data</text>'
    return (
        f'<figure><h3 title="{escape(graph.description)}">{escape(graph.title)}</h3>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(graph.title)}">'
        f"{marks}</svg><figcaption>{legend}</figcaption></figure>"
    )


def _clock(at: float, span: float) -> str:
    """Return a time, with its day where there are several.

    >>> _clock(0, 3600), _clock(0, 604800)
    ('00:00:00', '01-01 00:00')
    """
    return time.strftime("%H:%M:%S" if span <= 86400 else "%m-%d %H:%M", time.gmtime(at))


STYLE = """
main{max-width:1480px}.board{display:grid;gap:12px;margin-top:18px;
grid-template-columns:repeat(auto-fill,minmax(min(400px,100%),1fr))}
figure{margin:0;min-width:0;background:var(--panel);border-radius:10px;padding:6px 12px 10px}
figcaption span{overflow-wrap:anywhere}
figcaption{font-size:12px;color:var(--soft);display:flex;flex-wrap:wrap;gap:2px 12px}
figcaption i{display:inline-block;width:9px;height:9px;border-radius:3px;margin-right:5px}
figcaption b{font-weight:500;color:var(--text)}figure polyline{stroke-width:1.6}
"""
