"""Morrow beside gunicorn, uvicorn and plain Granian."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conformance.material import prepare, programs
from tests.conformance.results import GRANIANS, Result, measure, mendable, unexcused
from tests.conformance.table import page
from tests.unit.frame.skips import cannot
from tools.build import UnavailableError

Measure = Callable[..., list[Result]]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measure:
    """Return what runs cases of applications whose target has one of the words in it."""
    folder = tmp_path_factory.mktemp("conformance")
    try:
        bin_folder = programs()
        prepare(folder, bin_folder)
    except UnavailableError as problem:
        cannot("conformance", str(problem))
    return lambda *words: list(measure(bin_folder / "python", folder, *words))


def told(results: list[Result]) -> str:
    return "\n".join(f"{one.app}: {one.case}: {one.wrong}" for one in results)


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_morrow_is_wrong_nowhere_that_gunicorn_or_uvicorn_is_right(measured: Measure) -> None:
    results = measured()
    assert len({one.case for one in results}) >= 60
    assert len({one.app for one in results}) >= 8
    assert not mendable(results), told(mendable(results))
    # What is said of Granian is still so.
    assert {one.case for one in unexcused(results)} <= set(GRANIANS)


def test_nothing_else_is_wrong_with_werkzeugs_own_application(measured: Measure) -> None:
    results = measured("app_werkzeug")
    assert len(results) > 150
    assert not mendable(results), told(mendable(results))


def test_a_wrong_server_is_seen() -> None:
    def result(server: str, wrong: str, case: str = "one") -> Result:
        return Result("Group", case, "an application", server, wrong)

    alone = [result("Morrow", "cut"), result("gunicorn", "")]
    together = [result("Morrow", "cut", "two"), result("gunicorn", "cut", "two")]
    assert unexcused(alone + together) == alone[:1]
    text = page(alone + together)
    granians = result("Morrow", "cut", next(iter(GRANIANS)))
    right = result("gunicorn", "", granians.case)
    assert unexcused([granians, right]) == [granians]
    assert mendable([granians, right, *alone]) == alone[:1]
    assert "| Group: one | 1 |  | right |  | Morrow | cut |" in text
    assert "| Group: two | 1 |  | 1 |  | all alike | cut |" in text
