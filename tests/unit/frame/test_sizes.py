"""No file of code is longer than 250 lines, but for those that were: they may only shrink."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.frame.repository import ROOT, tracked

MOST = 250
CODE = ("*.py", "*.go", "*.sh", "*.tf", "*.tpl", ".ci/run")
# How long each was when the rule got this test, in tens. A line goes with the file's last line over
# 250; none is ever added or raised: a new file that long is two things.
LONGER = {
    "tests/e2e/tool_faults.py": 620,
}


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def too_long(files: list[Path], root: Path, longer: dict[str, int]) -> list[str]:
    """Return each file that is longer than it may be, and each exception that is needless."""
    known = {str(path.relative_to(root)): lines(path) for path in files}
    found = [
        f"{name} has {number} lines, at most {longer.get(name, MOST)}: is it two things?"
        for name, number in known.items()
        if number > longer.get(name, MOST)
    ]
    return found + [
        f"{name} needs no exception any more" for name in longer if known.get(name, 0) <= MOST
    ]


def test_no_file_is_longer_than_it_may_be() -> None:
    files = tracked(*CODE)
    assert len(files) > 200
    assert too_long(files, ROOT, LONGER) == []


@pytest.mark.parametrize(("number", "said"), [(250, 0), (251, 1)])
def test_the_check_counts(tmp_path: Path, number: int, said: int) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\n" * number)
    assert len(too_long([file], tmp_path, {})) == said
    assert len(too_long([file], tmp_path, {"a.py": number})) == 1 - said
    assert len(too_long([], tmp_path, {"a.py": 300})) == 1
