"""The proof's report: one HTML page with a chapter for each scenario, and a table for terminals."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from morrow.tool.load.result import LATE, Result
from morrow.tool.report.page import document, facts, header, losses, method, tiles
from morrow.tool.report.plots import ms, plots
from tests.e2e.rig import NOTHING, Chapter


def table(chapters: Sequence[Chapter]) -> list[str]:
    """Return one line for each scenario, for a terminal."""
    lines = []
    for chapter in chapters:
        result = chapter.result
        verdict = "kept" if chapter.kept else "BROKEN"
        lines.append(
            f"{verdict:6}  {chapter.title:34} {result.requests:7,} requests"
            f"  {len(result.failures):5,} lost  p99 {result.latency(0.99) * 1000:6.0f} ms"
            f"  {'; '.join([chapter.found, *_late(result)])}"
        )
    return lines


def _late(result: Result) -> list[str]:
    """A client that was late has not asked at the rate: that weakens what its zero says."""
    if result.lag <= LATE:
        return []
    return [f"the client itself was {ms(result.lag)} late: this machine is too busy for the rate"]


def write(chapters: Sequence[Chapter], file: Path) -> None:
    """Write the page; it needs nothing from outside."""
    kept = sum(chapter.kept for chapter in chapters)
    verdict = f"{kept} of {len(chapters)} promises kept"
    numbered = list(enumerate(chapters))
    heads = ("", "scenario", "promised", "requests", "lost", "p99")
    parts = [
        header("No lost request", verdict, kept == len(chapters)),
        _sums(chapters),
        "<section><table><thead><tr>",
        "".join(f"<th{' class=num' if n > 2 else ''}>{name}</th>" for n, name in enumerate(heads)),
        "</tr></thead><tbody>",
        "".join(_row(number, chapter) for number, chapter in numbered),
        "</tbody></table></section>",
        "".join(_chapter(number, chapter) for number, chapter in numbered),
        method(max((chapter.result for chapter in chapters), key=lambda result: result.lag)),
        facts([]),
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(document(f"No lost request: {verdict}", "".join(parts)))


def _sums(chapters: Sequence[Chapter]) -> str:
    """What is lost where nothing may be; what no drain prevents and the control are left out."""
    strict = [chapter.result for chapter in chapters if chapter.promise == NOTHING]
    lost = sum(len(result.failures) for result in strict)
    asked = sum(result.requests for result in strict)
    rate = chapters[0].result.rate
    return tiles(
        (f"{lost:,}", f"lost of {asked:,} where none may be", "bad" if lost else "good"),
        (f"{sum(c.result.requests for c in chapters):,}", "requests in all", ""),
        (f"{len(chapters)}", "scenarios", ""),
        (f"{rate:g}/s", "whatever became of those before", ""),
    )


def _row(number: int, chapter: Chapter) -> str:
    result = chapter.result
    return (
        f'<tr class="{"good" if chapter.kept else "bad"}">'
        f"<td class=mark>{'✓' if chapter.kept else '✗'}</td>"
        f'<td><a href="#c{number}">{escape(chapter.title)}</a></td>'
        f"<td>{escape(chapter.promise)}</td><td class=num>{result.requests:,}</td>"
        f"<td class=num>{len(result.failures):,}</td>"
        f"<td class=num>{ms(result.latency(0.99))}</td></tr>"
    )


def _chapter(number: int, chapter: Chapter) -> str:
    result = chapter.result
    pods = ", ".join(f"{escape(name)} {address}" for address, name in chapter.pods.items())
    lost = (
        f"<details><summary>{len(result.failures):,} lost requests</summary>{losses(result)}"
        "</details>"
        if result.failures
        else ""
    )
    found = "; ".join([chapter.found, *_late(result)])
    state, word = ("good", "kept") if chapter.kept else ("bad", "broken")
    return (
        f'<section id="c{number}"><h2>{escape(chapter.title)}</h2>'
        f"<p class=note>Promised: {escape(chapter.promise)}. "
        f'<b class="{state}">{word}</b>: {escape(found)}.</p>{plots(result)}{lost}'
        f"<details><summary>its pods</summary><p class=note>{pods}</p></details></section>"
    )
