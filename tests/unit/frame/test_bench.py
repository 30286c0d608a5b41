"""`make bench` measures: each of its parts that starts a server does so, and ends it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import contract


@pytest.mark.parametrize(
    "part",
    [
        lambda: bench.the_contract(1),
        lambda: bench.start_and_memory(1),
        lambda: bench.throughput(2, 0.2),
        lambda: bench.the_tool(1),
    ],
    ids=["contract", "start", "throughput", "tool"],
)
def test_a_part_of_the_bench_measures(part: Callable[[], list[bench.Row]]) -> None:
    rows = part()
    assert rows
    assert all(row.spread and row.unit for row in rows)


def test_a_start_that_fails_otherwise_is_no_measurement(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "other.py").write_text("raise RuntimeError('not the database')\n")
    monkeypatch.setattr(contract, "ROOT", tmp_path)
    with pytest.raises(RuntimeError, match="it ended otherwise"):
        contract.until_a_failed_start_ends()
