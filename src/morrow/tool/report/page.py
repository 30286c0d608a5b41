"""The report of a verification: one HTML page that stands alone, with plots drawn as SVG.

`page(…)` returns the text. No script, no font and no picture comes from elsewhere; it
reads on light and dark screens and on paper. A plot's bars and dots answer to the pointer.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from morrow.tool.load.result import Result
from morrow.tool.report.plots import ms, plots

SHOWN_FAILURES = 100


@dataclass(frozen=True)
class Line:
    """One promise and what was found."""

    ok: bool
    promise: str
    observed: str


def page(
    title: str,
    lines: Sequence[Line],
    known: Sequence[tuple[str, str]] = (),
    load: Result | None = None,
) -> str:
    """The whole page: the promises, what is `known` of what was measured, and the load."""
    broken = [line for line in lines if not line.ok]
    verdict = (
        f"{len(lines)} of {len(lines)} promises kept"
        if not broken
        else f"{len(broken)} of {len(lines)} promises broken"
    )
    first = (
        f"<p class=first>{escape(broken[0].promise)}: {escape(broken[0].observed)}</p>"
        if broken
        else ""
    )
    parts = [header(title, verdict, not broken, first)]
    if load is not None:
        parts += [_tiles(load), plots(load)]
    parts.append(_checks(lines))
    if load is not None:
        parts += [losses(load), method(load)]
    parts.append(facts(known))
    return document(f"{title}: {verdict}", "".join(parts))


def document(title: str, body: str) -> str:
    """A page that needs nothing from outside."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>{body}</main></body></html>\n"
    )


def header(title: str, verdict: str, good: bool, more: str = "") -> str:
    """The title, and below it how it ended."""
    state = "good" if good else "bad"
    return (
        f'<header><h1>{escape(title)}</h1><p class="verdict {state}">{escape(verdict)}</p>'
        f"{more}</header>"
    )


def _tiles(load: Result) -> str:
    lost = len(load.failures)
    return tiles(
        (f"{lost:,}", f"lost of {load.requests:,} requests", "bad" if lost else "good"),
        (f"{load.rate:g}/s", f"for {load.seconds:.0f} s", ""),
        (ms(load.latency(0.5)), "p50 latency", ""),
        (ms(load.latency(0.99)), "p99 latency", ""),
        (f"{load.retried:,}", "sent again", ""),
    )


def tiles(*shown: tuple[str, str, str]) -> str:
    """A row of numbers: each one, what it is, and whether it is `good`, `bad` or neither."""
    return (
        '<section class="tiles">'
        + "".join(
            f'<div class="tile {state}"><b>{escape(value)}</b><span>{escape(name)}</span></div>'
            for value, name, state in shown
        )
        + "</section>"
    )


def _checks(lines: Sequence[Line]) -> str:
    rows = "".join(
        f'<tr class="{"good" if line.ok else "bad"}"><td class=mark>{"✓" if line.ok else "✗"}</td>'
        f"<td>{escape(line.promise)}</td><td>{escape(line.observed)}</td></tr>"
        for line in lines
    )
    return f"<section><h2>Promises</h2><table><tbody>{rows}</tbody></table></section>"


def losses(load: Result) -> str:
    """Each lost request; nothing where none was."""
    if not load.failures:
        return ""
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


def method(load: Result) -> str:
    """How the numbers came about."""
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


def facts(known: Sequence[tuple[str, str]]) -> str:
    """What was measured, and when."""
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
        for name, value in [*known, ("made", now)]
    )
    return f"<section><h2>Of what</h2><dl>{rows}</dl></section>"


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
.verdict.good,b.good,tr.good .mark{color:var(--good)}
.verdict.bad,b.bad,tr.bad .mark{color:var(--bad)}
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
.name{paint-order:stroke;stroke:var(--panel);stroke-width:5px}
table{width:100%;border-collapse:collapse;font-size:14px}
th{text-align:left;color:var(--soft);font-weight:500}
td,th{padding:6px 10px 6px 0;border-bottom:1px solid var(--rule);vertical-align:top;
overflow-wrap:anywhere}.mark{width:24px;font-weight:700}
.num{font-variant-numeric:tabular-nums;white-space:nowrap}.note{color:var(--soft);max-width:76ch}
details{margin:10px 0}summary{cursor:pointer;color:var(--soft)}a{color:var(--ok)}
td.num,th.num{text-align:right;padding-left:14px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;font-size:14px;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}code{font-size:.93em}
@media print{.tile,.plots{border:1px solid var(--rule)}section{break-inside:avoid}}
"""
