"""Errors are data: one table, one page, one form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.errors import page
from morrow.tool.base.errors import Failure, problem, table

ROOT = Path(__file__).resolve().parents[3]


def test_the_page_is_the_table() -> None:
    made = "python -m docs.errors > docs/errors.md"
    assert (ROOT / "docs" / "errors.md").read_text() == page(), f"make it again: {made}"


@pytest.mark.parametrize("code", sorted(table()))
def test_each_row_is_whole(code: str) -> None:
    row = table()[code]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert row.summary.endswith(".")
    assert row.fix
    assert not row.fix.endswith(".")
    assert len(row.fix) <= 200
    # The example is one of this very fix, without a brace that is left to fill in.
    parts = map(re.escape, re.split(r"{\w+}", row.fix))
    assert re.fullmatch(".+".join(parts), row.as_typed) or row.fix.startswith("{create}")
    assert not re.search(r"{\w+}", row.as_typed)


@pytest.mark.parametrize("code", sorted(table()))
def test_each_code_is_used_somewhere(code: str) -> None:
    files = [*(ROOT / "src" / "morrow" / "tool").rglob("*.py")]
    users = [f for f in files if f.name != "errors.py" and f'"{code}"' in f.read_text()]
    # A sentence of the chart names the code of its problem.
    said = [*(ROOT / "chart").rglob("*.tpl"), ROOT / "chart" / "files" / "refusals.yaml"]
    users += [f for f in said if f"[{code} " in f.read_text()]
    assert users, f"nobody makes {code}: take its row out"


def test_a_failure_says_whether_something_was_changed() -> None:
    refused = problem("environment-exists", "qa", "it exists", file="environments/qa.yaml")
    broke = problem("program-failed", "helm", "exit code 1", command="helm version")
    assert Failure(refused).exit_code == 2
    assert Failure(broke).exit_code == 1
    assert Failure(refused, broke).exit_code == 1
    assert Failure(refused, refused=False).exit_code == 1
    assert refused.as_json() == {
        "code": "environment-exists",
        "object": "qa",
        "cause": "it exists",
        "fix": "edit environments/qa.yaml",
        "details": [],
    }


def test_a_fix_needs_its_fields() -> None:
    with pytest.raises(KeyError):
        problem("program-failed", "helm", "exit code 1")
