"""The report of a verification: one HTML page that stands alone, with plots drawn as SVG.

`page(…)` returns the text. No script, no font and no picture comes from elsewhere; it
reads on light and dark screens and on paper. A plot's bars and dots answer to the pointer.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from morrow.tool.load.result import Result
from morrow.tool.report.plots import ms, plots

SHOWN_FAILURES = 100
STYLE = Path(__file__).with_suffix(".css")


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
        f"<title>{escape(title)}</title><style>\n{STYLE.read_text()}</style></head>\n"
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
