"""The proof's page: every scenario with its plots, every loss in them, nothing from outside."""

from __future__ import annotations

from pathlib import Path

from morrow.tool.load.result import Event, Failed, Result, Sample
from tests.e2e import proof_report
from tests.e2e.rig import NOTHING, Chapter


def chapter(
    title: str, promise: str, lost: tuple[int, ...], *, kept: bool, lag: float = 0.001
) -> Chapter:
    samples = [Sample(n / 100, 0.004, n % 2 == 0, n in lost, False) for n in range(1000)]
    failures = [
        Failed(n / 100, 0.1, "<up>", "status-502", "answered 502", False, False, "a:443", "")
        for n in lost
    ]
    events = [Event(0, "before"), Event(4, "<up>")]
    result = Result("https://x.example.com/", 100, 0, 10, lag, events, samples, failures)
    return Chapter(title, promise, result, f"{len(lost)} lost", kept, {"10.0.0.1": "hello-a"})


def test_it_shows_every_scenario_and_every_loss(tmp_path: Path) -> None:
    chapters = [
        chapter("update", NOTHING, (), kept=True),
        chapter("drain", NOTHING, (500, 501), kept=False),
        chapter("control", "requests are lost", (7, 8, 9), kept=True, lag=3),
    ]
    file = tmp_path / "round" / "report.html"
    proof_report.write(chapters, file)
    html = file.read_text()
    for plot in ("Requests per second", "Latency", "Lost requests, by cause"):
        assert html.count(f'aria-label="{plot} over time"') == 3
    assert html.count('<circle class="bad"') == 5
    # In each chapter a line for each of the two events: under its name, and in the three plots.
    assert html.count('class="event"') == 3 * 4 * 2
    assert html.count("&lt;up&gt;") >= 3
    assert "<up>" not in html
    assert "2 of 3 promises kept" in html
    assert "<b>2</b><span>lost of 2,000 where none may be" in html
    lines = proof_report.table(chapters)
    assert html.count("itself was 3 s late") == str(lines).count("itself was 3 s late") == 1
    for number in range(3):
        assert f'href="#c{number}"' in html
        assert f'id="c{number}"' in html
    for outside in ("src=", 'href="h', "url(", "@import", "<script", "<iframe"):
        assert outside not in html
    for line, each in zip(lines, chapters, strict=True):
        assert line.startswith("kept" if each.kept else "BROKEN")
        assert each.found in line
