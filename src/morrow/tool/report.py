"""The report of a verification: one HTML page that stands alone, with plots drawn as SVG.

`page(Report(...))` returns the text. No script, no font and no picture comes from elsewhere; it
reads on light and dark screens and on paper. A plot's bars and dots answer to the pointer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from morrow.tool.load import Event, Result, percentile

WIDTH, LEFT, RIGHT = 960, 58, 14
SHOWN_FAILURES = 100


@dataclass(frozen=True)
class Line:
    """One promise and what was found."""

    ok: bool
    promise: str
    found: str


@dataclass(frozen=True)
class Report:
    """What the page tells."""

    title: str
    lines: Sequence[Line]
    facts: Sequence[tuple[str, str]] = ()
    load: Result | None = None


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
    made = []
    for number, content in enumerate(slices):
        answered = [latency for latency, failed in content if not failed]
        start = number * width
        made.append(
            Bin(
                at=start,
                width=min(width, length - start),
                sent=len(content),
                failed=len(content) - len(answered),
                p50=percentile(answered, 0.5),
                p99=percentile(answered, 0.99),
            )
        )
    return made


def page(report: Report) -> str:
    """The whole page."""
    broken = [line for line in report.lines if not line.ok]
    verdict = (
        f"{len(report.lines)} of {len(report.lines)} promises kept"
        if not broken
        else f"{len(broken)} of {len(report.lines)} promises broken"
    )
    state = "bad" if broken else "good"
    parts = [
        f'<header><h1>{escape(report.title)}</h1><p class="verdict {state}">{verdict}</p>',
        f"<p class=first>{escape(broken[0].promise)}: {escape(broken[0].found)}</p>"
        if broken
        else "",
        "</header>",
    ]
    if report.load is not None:
        parts += [_tiles(report.load), _plots(report.load)]
    parts.append(_checks(report.lines))
    if report.load is not None and report.load.failures:
        parts.append(_failures(report.load))
    if report.load is not None:
        parts.append(_method(report.load))
    parts.append(_facts(report.facts))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(report.title)}: {verdict}</title><style>{STYLE}</style></head>\n"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _tiles(load: Result) -> str:
    lost = len(load.failures)
    tiles = [
        (f"{lost:,}", f"lost of {load.requests:,} requests", "bad" if lost else "good"),
        (f"{load.rate:g}/s", f"for {load.seconds:.0f} s", ""),
        (ms(load.latency(0.5)), "p50 latency", ""),
        (ms(load.latency(0.99)), "p99 latency", ""),
        (f"{load.retried:,}", "sent again", ""),
    ]
    return (
        '<section class="tiles">'
        + "".join(
            f'<div class="tile {state}"><b>{escape(value)}</b><span>{escape(name)}</span></div>'
            for value, name, state in tiles
        )
        + "</section>"
    )


def _checks(lines: Sequence[Line]) -> str:
    rows = "".join(
        f'<tr class="{"good" if line.ok else "bad"}"><td class=mark>{"✓" if line.ok else "✗"}</td>'
        f"<td>{escape(line.promise)}</td><td>{escape(line.found)}</td></tr>"
        for line in lines
    )
    return f"<section><h2>Promises</h2><table><tbody>{rows}</tbody></table></section>"


def _failures(load: Result) -> str:
    rows = "".join(
        f"<tr><td class=num>{f.at:.2f} s</td><td>{escape(f.phase)}</td><td>{escape(f.cause)}</td>"
        f"<td>{'reused' if f.reused else 'kept' if f.kept else 'new'}</td>"
        f"<td class=num>{ms(f.latency)}</td><td>{escape(f.detail)}"
        f"{escape(f' by {f.instance}') if f.instance else ''}</td></tr>"
        for f in load.failures[:SHOWN_FAILURES]
    )
    more = len(load.failures) - SHOWN_FAILURES
    note = f"<p class=note>and {more:,} more</p>" if more > 0 else ""
    heads = "".join(
        f"<th>{name}</th>" for name in ("due", "phase", "cause", "connection", "after", "what")
    )
    return (
        f"<section><h2>Lost requests</h2><table><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table>{note}</section>"
    )


def _method(load: Result) -> str:
    return (
        "<section><h2>How it was measured</h2><p class=note>"
        f"<code>{escape(load.url)}</code> was asked {load.rate:g} times a second, whatever became "
        "of the requests before. A latency runs from the moment the request was due. "
        f"The client itself sent 99 % of them less than {ms(load.lag)} late. "
        "Half went over kept-alive connections, half opened their own. Refused, reset or cut "
        "connections, time-outs and any status of 400 or more count as lost. Sent "
        "again, once and on a new connection: what met a kept connection that the server closed "
        "before the first byte of its answer, as browsers and HTTP libraries do.</p></section>"
    )


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
        for name, value in [*facts, ("made", made)]
    )
    return f"<section><h2>Of what</h2><dl>{rows}</dl></section>"


# -- plots -------------------------------------------------------------------------------------


def _plots(load: Result) -> str:
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
    text = "".join(
        f'<line class="event" x1="{at:.1f}" x2="{at:.1f}" y1="{18 * row + 3}" y2="{room}"/>'
        f'<text class="name" x="{at + (5 if left else -5):.1f}" y="{18 * row + 14}" '
        f'text-anchor="{"start" if left else "end"}">{escape(event.name)}</text>'
        for event, at, row, left in placed
    )
    return text, room


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
    """The next round number up: 1, 2, 2.5, 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value * 0.999)


def ms(seconds: float) -> str:
    """A duration for people."""
    if seconds >= 1:
        return f"{seconds:.3g} s"
    value = seconds * 1000
    return f"{value:.0f} ms" if value >= 10 else f"{value:.2g} ms"


STYLE = """
:root{--bg:#fff;--panel:#f6f7f9;--text:#1b2330;--soft:#667085;--rule:#e3e6eb;--ok:#4a7fd6;
--bad:#d1383d;--good:#1f8a4c;--p99:#b4690e;--event:#7a5bc2}
@media(prefers-color-scheme:dark){:root{--bg:#12151b;--panel:#1b2029;--text:#e6e9ef;--soft:#98a2b3;
--rule:#2b323e;--ok:#6b9cec;--bad:#f0686c;--good:#4cc07d;--p99:#e0a34a;--event:#ac92ec}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1000px;margin:0 auto;padding:32px 20px 48px}
h1{font-size:26px;line-height:1.25;margin:0 0 6px}h2{font-size:17px;margin:34px 0 8px}
h3{font-size:13px;font-weight:600;margin:14px 0 2px;display:flex;justify-content:space-between}
.verdict{font-size:17px;font-weight:600;margin:0}.first{margin:4px 0 0;color:var(--soft)}
.verdict.good,tr.good .mark{color:var(--good)}.verdict.bad,tr.bad .mark{color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:22px 0}
.tile{background:var(--panel);border-radius:10px;padding:12px 14px}
.tile b{display:block;font-size:24px;line-height:1.2;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:13px}
.tile.good b{color:var(--good)}.tile.bad b{color:var(--bad)}
.plots{background:var(--panel);border-radius:10px;padding:10px 14px 12px}
svg{display:block;width:100%;height:auto;overflow:visible}
.legend{font-weight:400;color:var(--soft)}
.k{display:inline-block;width:10px;height:10px;border-radius:3px;margin:0 5px 0 12px}
.k.ok,.k.p50{background:var(--ok)}.k.bad{background:var(--bad)}.k.p99{background:var(--p99)}
rect.ok{fill:var(--ok);fill-opacity:.5}rect.bad,circle.bad{fill:var(--bad)}circle.bad{fill-opacity:.55}
g:hover rect{opacity:.75}.tip{fill:transparent}.tip:hover{fill:var(--rule);fill-opacity:.6}
polyline{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
polyline.p50{stroke:var(--ok)}polyline.p99{stroke:var(--p99)}
.grid{stroke:var(--rule)}.event{stroke:var(--event);stroke-dasharray:4 3;stroke-width:1.3}
text{font-size:12px;fill:var(--soft)}.name{fill:var(--event);font-weight:600}
.none{fill:var(--good);font-weight:600}
table{width:100%;border-collapse:collapse;font-size:14px}
th{text-align:left;color:var(--soft);font-weight:500}
td,th{padding:6px 10px 6px 0;border-bottom:1px solid var(--rule);vertical-align:top;
overflow-wrap:anywhere}.mark{width:24px;font-weight:700}
.num{font-variant-numeric:tabular-nums;white-space:nowrap}.note{color:var(--soft);max-width:76ch}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;font-size:14px;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}code{font-size:.93em}
@media print{.tile,.plots{border:1px solid var(--rule)}section{break-inside:avoid}}
"""
