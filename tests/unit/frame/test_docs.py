"""Every page: links that lead somewhere, a length that can be read, a record for each decision."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.unit.frame import markdown
from tests.unit.frame.repository import ROOT, tracked

PAGES = tracked("*.md")
ESSAYS = ("architecture", "operations", "aws-networking", "aws-access", "ci-cd", "trade-offs")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert list(markdown.broken_links(page, ROOT)) == []


def test_the_link_check_finds_each_kind_of_broken_link(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# One `code` & more\n\n## Twice\n\n## Twice\n")
    page = tmp_path / "a.md"
    page.write_text(
        "# Here\n[x](b.md#one-code--more) [x](b.md#twice-1) [x](#here) [x](https://example.com/)\n"
        "`[x](code.md)`\n```\n[x](block.md)\n```\n"
    )
    assert list(markdown.broken_links(page, tmp_path)) == []
    page.write_text("[x](no.md) [y](b.md#no) ![z](../outside.png) [w](#no)\n")
    assert [problem.partition(": ")[2] for problem in markdown.broken_links(page, tmp_path)] == [
        "no such file",
        "no such heading",
        "outside the repository",
        "no such heading",
    ]


@pytest.mark.parametrize(
    ("page", "bound"), [("README.md", 250), *((f"docs/{essay}.md", 200) for essay in ESSAYS)]
)
def test_a_page_stays_short_enough_to_read(page: str, bound: int) -> None:
    assert 20 <= len((ROOT / page).read_text().splitlines()) <= bound


def test_a_load_balancer_closes_idle_connections_before_the_server_does() -> None:
    page = (ROOT / "docs" / "aws-networking.md").read_text()
    server = (ROOT / "src" / "morrow" / "kit" / "serving" / "granian_server.py").read_text()
    told = re.search(r"for (\d+) s by default; the kit's server keeps it for (\d+) s", page)
    kept = re.search(r"^IDLE_MS = ([\d_]+)$", server, re.MULTILINE)
    stated = re.search(r"idle_timeout\.timeout_seconds=(\d+)", page)
    assert told
    assert kept
    assert stated
    assert int(told[2]) * 1000 == int(kept[1])
    assert int(stated[1]) == int(told[1]) < int(told[2])


def test_decisions_are_numbered_without_a_gap_and_each_is_listed() -> None:
    numbers = [int(path.name[:4]) for path in DECISIONS]
    assert numbers == list(range(1, len(DECISIONS) + 1))
    assert len(numbers) >= 12
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    for path in DECISIONS:
        assert f"]({path.name})" in index, path.name


@pytest.mark.parametrize("record", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_what_was_chosen_what_it_costs_and_when_to_choose_otherwise(
    record: Path,
) -> None:
    text = record.read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Chosen", "Because", "Given up", "Choose otherwise when"]
    assert re.search(r"\d", markdown.prose(text.partition("## Because")[2])), "no number"
    assert len(text.splitlines()) <= 40


def environment_examples() -> list[tuple[str, str]]:
    """Return each YAML block of the docs that is part of an environment file, with its place."""
    return [
        (f"{name(page)}:{block.line}", block.text)
        for page in PAGES
        for block in markdown.blocks(page.read_text())
        if block.language == "yaml" and block.text.startswith("# environments/")
    ]


@pytest.mark.parametrize(("place", "text"), environment_examples())
def test_an_environment_that_a_page_shows_fits_the_charts_schema(place: str, text: str) -> None:
    schema = json.loads((ROOT / "chart" / "values.schema.json").read_text())
    problems = jsonschema.Draft7Validator(schema).iter_errors(yaml.safe_load(text))
    # A part of a file lacks what the whole must have.
    told = [f"{p.json_path}: {p.message}" for p in problems if p.validator != "required"]
    assert told == [], place
