"""No file of code is longer than 250 lines: one that would be is two things."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.frame.repository import ROOT, tracked

MOST = 250
CODE = ("*.py", "*.go", "*.sh", "*.tf", "*.tpl", ".ci/run")


def too_long(files: list[Path], root: Path) -> list[str]:
    """Return each file that is longer than it may be."""
    known = {path.relative_to(root): len(path.read_text().splitlines()) for path in files}
    return [
        f"{name} has {number} lines, at most {MOST}: is it two things?"
        for name, number in known.items()
        if number > MOST
    ]


def test_no_file_is_longer_than_it_may_be() -> None:
    files = tracked(*CODE)
    assert len(files) > 200
    assert too_long(files, ROOT) == []


@pytest.mark.parametrize(("number", "said"), [(250, 0), (251, 1)])
def test_the_check_counts(tmp_path: Path, number: int, said: int) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\n" * number)
    assert len(too_long([file], tmp_path)) == said
