"""What a statement must say before its digest is taken to the next environment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from morrow.tool.rules.signed import Wanted, duration, lack

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
CHART = "c" * 64
WANTED = Wanted("shop", "dev", timedelta(hours=24), requests=1000, p99=200, chart=CHART)


def statement(**more: Any) -> dict[str, Any]:
    """A statement that is enough, with `more` in place of what it says."""
    told = {
        "service": "shop",
        "environment": "dev",
        "time": (NOW - timedelta(hours=1)).isoformat(),
        "chart": CHART,
        "requests": 1000,
        "lost": 0,
        "p99": 200,
        "broken": [],
    }
    return {"predicate": {**told, **more}}


def test_a_fresh_statement_of_a_good_run_is_enough() -> None:
    assert lack([statement()], WANTED, NOW) is None
    old = statement(time="2026-01-01T00:00:00+00:00")
    assert lack([old, statement(lost=3), statement()], WANTED, NOW) is None, "one is enough"
    assert lack([statement(time="2026-06-01T11:00:00")], WANTED, NOW) is None, "no zone is UTC"


SHORT: dict[str, dict[str, Any]] = {
    "another service": {"service": "cart"},
    "another environment": {"environment": "local"},
    "no environment": {"environment": None},
    "a lost request": {"lost": 1},
    "a negative count": {"lost": -1},
    "a broken promise": {"broken": ["every pod is ready"]},
    "no word of promises": {"broken": None},
    "too few requests": {"requests": 999},
    "a count in words": {"requests": "1000"},
    "a count that is true": {"requests": True},
    "a count that is none": {"requests": float("nan")},
    "too slow": {"p99": 201},
    "no p99": {"p99": None},
    "another chart": {"chart": "d" * 64},
    "from the future": {"time": (NOW + timedelta(minutes=6)).isoformat()},
    "no time": {"time": "yesterday"},
}


@pytest.mark.parametrize("name", SHORT)
def test_a_statement_that_says_less_is_not_enough(name: str) -> None:
    found = lack([statement(**SHORT[name])], WANTED, NOW)
    assert found is not None
    assert found.code == "proof-short"


@pytest.mark.parametrize("predicate", [None, [], "good", {}])
def test_a_statement_that_is_none_is_not_enough(predicate: object) -> None:
    assert lack([{"predicate": predicate}], WANTED, NOW) is not None
    assert lack([], WANTED, NOW) is not None


def test_a_stale_statement_is_named_before_a_bad_one() -> None:
    stale = statement(time=(NOW - timedelta(hours=24, seconds=1)).isoformat())
    for statements in ([stale], [statement(lost=1), stale]):
        found = lack(statements, WANTED, NOW)
        assert found is not None
        assert found.code == "proof-stale"
    edge = statement(time=(NOW - timedelta(hours=24)).isoformat())
    assert lack([edge], WANTED, NOW) is None


def test_how_old_it_may_be_is_read_in_minutes_hours_and_days() -> None:
    told = [duration(text) for text in ("90m", "24h", "7d")]
    assert told == [timedelta(minutes=90), timedelta(days=1), timedelta(days=7)]
