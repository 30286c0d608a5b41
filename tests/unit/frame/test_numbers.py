"""The numbers of the pages are made from records: neither the page nor the README is typed."""

from __future__ import annotations

import json
import subprocess

import pytest

from docs import numbers
from tests import records
from tests.unit.frame.repository import ROOT

KEPT = json.loads(numbers.KEPT.read_text())


def test_the_page_and_the_readmes_block_are_what_the_records_say() -> None:
    assert numbers.PAGE.read_text() == numbers.page(KEPT), "make numbers"
    block = numbers.BLOCK.search((ROOT / "README.md").read_text())
    assert block
    assert block[0] == block[1] + numbers.headlines(KEPT) + block[2], "make numbers"


def test_a_number_that_is_typed_is_seen() -> None:
    assert numbers.page(KEPT | {"test": {"facts": {"passed": 1, "seconds": 2.0}}}) != (
        numbers.page(KEPT)
    )


def test_lines_of_code_are_counted_without_blanks_comments_and_docstrings() -> None:
    text = (
        '"""Module."""\n\n# why\nX = """a\nb"""\n\n\ndef f():\n    """Say."""\n    return (  # so\n'
    )
    text += "        1\n    )\n"
    assert numbers.code_lines(text) == 6


def test_a_record_is_taken_in_and_others_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("recorded")
    monkeypatch.setattr(records, "FOLDER", folder)
    monkeypatch.setattr(numbers, "RECORDED", folder)
    records.record("test", {"passed": 7, "seconds": 3.2})
    found = numbers.collect({"e2e": KEPT["e2e"], "test": {"facts": {}}})
    assert found["e2e"] == KEPT["e2e"]
    head = subprocess.run(
        ["git", "-c", "safe.directory=*", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found["test"]["commit"] == head.stdout.strip()
    assert "| tests without a cluster | 7 in 3 s |" in numbers.page(found)
    assert 0 < found["count"]["facts"]["kit"] < found["count"]["facts"]["tool"]
