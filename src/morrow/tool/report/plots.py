"""The plots of a report, drawn as SVG: requests per second, latency and losses over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from morrow.tool.load.result import Event, Result, percentile

WIDTH, LEFT, RIGHT = 960, 58, 14


@dataclass(frozen=True)
class Bin:
    """A slice of the run."""

    at: float
    width: float
    sent: int
    failed: int
    p50: float
    p99: float


def bins(result: Result, most: int = 90) -> list[Bin]:
    """Cut the run into slices of a round width."""
    length = max(result.seconds, 0.001)
    steps = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)
    fewest = 20 / result.rate  # a slice with fewer requests would show chance
    width = next((step for step in steps if length / step <= most and step >= fewest), 120)
    slices: list[list[tuple[float, bool]]] = [[] for _ in range(math.ceil(length / width))]
    for sample in result.samples:
        place = min(len(slices) - 1, max(0, int(sample.at / width + 1e-6)))
        slices[place].append((sample.latency, sample.failed))
    starts = [number * width for number in range(len(slices))]
    return [
        _bin(start, min(width, length - start), content)
        for start, content in zip(starts, slices, strict=True)
    ]


def _bin(at: float, width: float, content: Sequence[tuple[float, bool]]) -> Bin:
    answered = [latency for latency, failed in content if not failed]
    p50, p99 = percentile(answered, 0.5), percentile(answered, 0.99)
    return Bin(at, width, len(content), len(content) - len(answered), p50, p99)


def plots(load: Result) -> str:
    """The section with all plots, one below the other over the same time."""
    slices = bins(load)
    end = max(load.seconds, 0.001)

    def across(at: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(at, 0), end) / end

    causes = list(load.causes())
    heights = (170, 170, 34 + 22 * max(1, len(causes)))
    drawn = (
        _rates(slices, across, heights[0]),
        _latencies(slices, across, heights[1]),
        _lost(load, causes, across, heights[2]),
    )
    titles = ("Requests per second", "Latency", "Lost requests, by cause")
    legends = (
        '<i class="k ok"></i>answered <i class="k bad"></i>lost',
        '<i class="k p50"></i>p50 <i class="k p99"></i>p99',
        "",
    )
    labels, room = _labels(load.events, across)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {room}" role="img" aria-label="Events">{labels}</svg>'
        if load.events
        else ""
    ]
    for title, legend, height, content in zip(titles, legends, heights, drawn, strict=True):
        lines = "".join(
            f'<line class="event" x1="{across(e.at):.1f}" x2="{across(e.at):.1f}" y1="0" '
            f'y2="{height - 20}"/>'
            for e in load.events
        )
        parts.append(
            f'<h3>{title}<span class="legend">{legend}</span></h3>'
            f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title} over time">'
            f"{content}{lines}{_seconds(end, across, height)}</svg>"
        )
    return f'<section class="plots">{"".join(parts)}</section>'


def _labels(events: Sequence[Event], across: Callable[[float], float]) -> tuple[str, int]:
    """The events' names above the plots, on as many rows as they need."""
    ends: list[float] = []
    placed = []
    for event in events:
        at, wide = across(event.at), 7.2 * len(event.name) + 12
        left = at + wide < WIDTH
        start, stop = (at, at + wide) if left else (at - wide, at)
        row = next((n for n, taken in enumerate(ends) if taken <= start), len(ends))
        ends[row : row + 1] = [stop]
        placed.append((event, at, row, left))
    room = 18 * len(ends) + 6
    lines = "".join(
        f'<line class="event" x1="{at:.1f}" x2="{at:.1f}" y1="{18 * row + 3}" y2="{room}"/>'
        for _, at, row, _ in placed
    )
    names = "".join(
        f'<text class="name" x="{at + (5 if left else -5):.1f}" y="{18 * row + 14}" '
        f'text-anchor="{"start" if left else "end"}">{escape(event.name)}</text>'
        for event, at, row, left in placed
    )
    return lines + names, room


def _rates(slices: Sequence[Bin], across: Callable[[float], float], height: int) -> str:
    top = nice(max((b.sent / b.width for b in slices), default=1) * 0.98)
    floor = height - 20

    def up(value: float) -> float:
        return floor - (floor - 8) * value / top

    parts = [_grid([0, top / 2, top], up, lambda value: f"{value:g}")]
    for b in slices:
        left, wide = across(b.at) + 0.5, max(0.5, across(b.at + b.width) - across(b.at) - 1)
        answered, lost = (b.sent - b.failed) / b.width, b.failed / b.width
        tip = f"{b.at:g} s: {answered:.0f}/s answered, {lost:.0f}/s lost"
        bars = f'<rect class="ok" x="{left:.1f}" width="{wide:.1f}" y="{up(answered):.1f}" '
        bars += f'height="{floor - up(answered):.1f}"/>'
        if b.failed:
            y = up(answered + lost)
            tall = max(2.0, up(answered) - y)
            bars += f'<rect class="bad" x="{left:.1f}" width="{wide:.1f}" '
            bars += f'y="{up(answered) - tall:.1f}" height="{tall:.1f}"/>'
        parts.append(f"<g><title>{tip}</title>{bars}</g>")
    return "".join(parts)


def _latencies(slices: Sequence[Bin], across: Callable[[float], float], height: int) -> str:
    seen = [value for b in slices for value in (b.p50, b.p99) if value > 0]
    if not seen:
        return f'<text class="tick" x="{LEFT + 8}" y="24">no answers</text>'
    floor = height - 20
    low, high = math.floor(math.log10(min(seen))), math.ceil(math.log10(max(seen)))
    high = max(high, low + 1)

    def up(value: float) -> float:
        return floor - (floor - 8) * (math.log10(value) - low) / (high - low)

    parts = [_grid([10.0**power for power in range(low, high + 1)], up, ms)]
    for name in ("p99", "p50"):
        runs: list[list[tuple[float, float]]] = [[]]
        for b in slices:
            value: float = getattr(b, name)
            if value > 0:
                runs[-1].append((across(b.at + b.width / 2), up(value)))
            else:
                runs.append([])  # nothing was answered: the line has a gap
        for run in runs:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            parts.append(f'<polyline class="{name}" points="{points}"/>' if run else "")
    for b in slices:
        wide = across(b.at + b.width) - across(b.at)
        tip = f"{b.at:g} s: p50 {ms(b.p50)}, p99 {ms(b.p99)}" if b.p50 else f"{b.at:g} s: no answer"
        parts.append(
            f'<rect class="tip" x="{across(b.at):.1f}" y="0" width="{wide:.1f}" '
            f'height="{floor}"><title>{tip}</title></rect>'
        )
    return "".join(parts)


def _lost(
    load: Result, causes: Sequence[str], across: Callable[[float], float], height: int
) -> str:
    if not causes:
        return f'<text class="none" x="{LEFT + 8}" y="24">none</text>'
    parts = []
    for row, cause in enumerate(causes):
        y = 16 + 22 * row
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y + 4}" text-anchor="end">')
        parts.append(f"{escape(cause.replace('status-', ''))}</text>")
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        for failure in [f for f in load.failures if f.cause == cause][:2000]:
            parts.append(
                f'<circle class="bad" cx="{across(failure.at):.1f}" cy="{y}" r="4"><title>'
                f"{failure.at:.2f} s: {escape(failure.detail)}</title></circle>"
            )
    return "".join(parts)


def _grid(
    values: Sequence[float], up: Callable[[float], float], say: Callable[[float], str]
) -> str:
    return "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up(v):.1f}" y2="{up(v):.1f}"/>'
        f'<text class="tick" x="{LEFT - 6}" y="{up(v) + 4:.1f}" text-anchor="end">{say(v)}</text>'
        for v in values
    )


def _seconds(end: float, across: Callable[[float], float], height: int) -> str:
    steps = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
    step = next((s for s in steps if end / s <= 10), 1200)
    return "".join(
        f'<text class="tick" x="{across(at):.1f}" y="{height - 5}" '
        f'text-anchor="{"end" if across(at) > WIDTH - 30 else "middle"}">{at} s</text>'
        for at in range(0, int(end) + 1, step)
    )


def nice(value: float) -> float:
    """The next round number up, which has a round half, too."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.999)


def ms(seconds: float) -> str:
    """A duration for people."""
    if seconds >= 1:
        return f"{seconds:.3g} s"
    value = seconds * 1000
    return f"{value:.0f} ms" if value >= 10 else f"{value:.2g} ms"
