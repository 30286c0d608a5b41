"""The proof's report: one HTML page with a chapter for each scenario, and a table for terminals."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from morrow.tool.report import Line, Report, page
from tests.e2e.rig import Chapter

STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:1080px;margin:0 auto;padding:32px 20px}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:6px 10px 6px 0}
td.n{text-align:right;font-variant-numeric:tabular-nums}tr+tr{border-top:1px solid #8884}
summary{cursor:pointer;padding:10px 0;font-weight:600}
iframe{width:100%;height:1050px;border:1px solid #8884;border-radius:8px}
"""


def table(chapters: Sequence[Chapter]) -> list[str]:
    """Return one line for each scenario, for a terminal."""
    lines = []
    for chapter in chapters:
        result = chapter.result
        verdict = "kept" if chapter.kept else "BROKEN"
        lines.append(
            f"{verdict:6}  {chapter.title:34} {result.requests:7,} requests"
            f"  {len(result.failures):5,} lost  p99 {result.latency(0.99) * 1000:6.0f} ms"
            f"  {chapter.found}"
        )
    return lines


def write(chapters: Sequence[Chapter], file: Path) -> None:
    """Write the page; it needs nothing from outside."""
    rows = "".join(_row(number, chapter) for number, chapter in enumerate(chapters))
    details = "".join(_details(number, chapter) for number, chapter in enumerate(chapters))
    kept = sum(chapter.kept for chapter in chapters)
    heads = "".join(f"<th>{name}</th>" for name in ("", "scenario", "promised", "requests", "lost"))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>No lost request: {kept} of {len(chapters)} kept</title><style>{STYLE}</style>"
        f"</head><body><h1>No lost request</h1><p>{kept} of {len(chapters)} promises kept.</p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{details}"
        "</body></html>\n"
    )


def _row(number: int, chapter: Chapter) -> str:
    mark = "✓" if chapter.kept else "✗"
    return (
        f'<tr><td>{mark}</td><td><a href="#c{number}">{escape(chapter.title)}</a></td>'
        f"<td>{escape(chapter.promise)}</td>"
        f"<td class=n>{chapter.result.requests:,}</td><td class=n>{len(chapter.result.failures):,}"
        "</td></tr>"
    )


def _details(number: int, chapter: Chapter) -> str:
    promise = Line(chapter.kept, chapter.promise, chapter.found)
    facts = [(name, address) for address, name in chapter.pods.items()]
    inside = page(Report(chapter.title, [promise], facts, chapter.result))
    return (
        f'<details id="c{number}" open><summary>{escape(chapter.title)}</summary>'
        f'<iframe loading="lazy" title="{escape(chapter.title)}" srcdoc="{escape(inside)}">'
        "</iframe></details>"
    )
