"""Every fault in a file of people is refused, and the refusal names its key."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from tests.chart.mutants import Mutant, all_mutants
from tests.chart.rendering import CHART, SMALLEST, helm
from tests.chart.schema_check import AT_ONCE, told
from tests.unit.frame.skips import cannot
from tools.build import UnavailableError, program

NAMED = 0.95  # of the refusals name the right key
TOOLS = ("helm", "helm-3.18", "helm-4")


@cache
def mutants() -> list[Mutant]:
    """Return all of them: a second's work, which only the worker that asks should do."""
    return all_mutants(json.loads((CHART / "values.schema.json").read_text()))


def answers(mutants: Sequence[Mutant], folder: Path, tool: str) -> list[str]:
    """Return what Helm says of each, by its schema or else by its templates; "" when taken."""
    said: list[str] = []
    for start in range(0, len(mutants), AT_ONCE):
        part = mutants[start : start + AT_ONCE]
        named = {f"m{i}": one.values for i, one in enumerate(part)}
        found = told({**named, "right": dict(SMALLEST)}, folder / f"{start}", tool)
        assert "right" not in found, "the control: a values file without a fault"
        said += [found.get(f"m{i}", "") for i in range(len(part))]

    def templates(i: int) -> str:
        file = folder / f"{i}.json"
        file.write_text(json.dumps(mutants[i].values))
        done = helm([file], tool=tool)
        return done.stderr if done.returncode else ""

    left = [i for i, text in enumerate(said) if not text]
    with ThreadPoolExecutor(2) as pool:
        for i, text in zip(left, pool.map(templates, left), strict=True):
            said[i] = text
    return said


def judge(mutants: Sequence[Mutant], folder: Path, tool: str) -> None:
    """Fail when one is taken, when too few name the right key, or when one crashes a template."""
    try:
        program(tool, "helm")
    except UnavailableError as problem:
        cannot(tool, str(problem))
    said = answers(mutants, folder, tool)
    pairs = list(zip(mutants, said, strict=True))
    assert [str(one) for one, text in pairs if not text] == [], "taken"
    assert [str(one) for one, text in pairs if "nil pointer" in text] == [], "a template crashed"
    # A path of JSON writes a slash inside a key as ~1.
    unnamed = [str(one) for one, text in pairs if one.key not in text.replace("~1", "/")]
    kinds = dict(Counter(one.kind for one in mutants))
    print(f"{len(mutants)} mutants, {len(unnamed)} refused without their key, {kinds}")
    assert len(unnamed) <= (1 - NAMED) * len(mutants), unnamed


def test_there_are_many_of_each_kind() -> None:
    counted = Counter(one.kind for one in mutants())
    assert len(mutants()) >= 1500
    assert {"typo", "type", "bound", "unknown", "name", "null", "nesting"} == set(counted)
    assert min(counted.values()) >= 50


@pytest.mark.parametrize(("tool", "first"), [(tool, 7 * i) for i, tool in enumerate(TOOLS)])
def test_a_sample_is_refused_by_its_key(tool: str, first: int, tmp_path: Path) -> None:
    judge(mutants()[first::53], tmp_path, tool)


@pytest.mark.full
@pytest.mark.timeout(3600)  # 5,600 renderings
@pytest.mark.parametrize("tool", TOOLS)
def test_all_are_refused_by_their_key(tool: str, tmp_path: Path) -> None:
    judge(mutants() if tool == "helm" else mutants()[::5], tmp_path, tool)


def test_the_judge_sees_what_is_taken(tmp_path: Path) -> None:
    right = Mutant("smallest", "typo", ("name",), "name", dict(SMALLEST))
    assert answers([right], tmp_path, "helm") == [""]
    with pytest.raises(AssertionError, match="taken"):
        judge([right], tmp_path / "again", "helm")
