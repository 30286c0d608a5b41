"""The page of complaints: each has a test, and the test is there."""

from __future__ import annotations

import re

from tests.terraform.fixtures import REPOSITORY

ROW = re.compile(r"^\| (\d+) \|.*\| ([^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def absent(page: str) -> list[str]:
    """Return what the page names and the repository has not; a row without a test too."""
    wrong = []
    for number, cell in ROW.findall(page):
        named = TEST.findall(cell)
        wrong += [] if named else [f"complaint {number} has no test"]
        for file, test in named:
            place = REPOSITORY / file
            if not place.is_file() or f"def {test}(" not in place.read_text():
                wrong.append(f"{file}::{test}")
    return wrong


def test_every_complaint_has_a_test_that_is_there() -> None:
    page = (REPOSITORY / "docs" / "aws-complaints.md").read_text()
    assert [number for number, _ in ROW.findall(page)] == [str(one) for one in range(1, 17)]
    assert absent(page) == []
    assert absent(page.replace("test_a_life`", "test_no_life`")) == [
        "tests/terraform/aws/test_fake_life.py::test_no_life"
    ]
    assert absent("| 1 | a | b | c | not tried |\n") == ["complaint 1 has no test"]
