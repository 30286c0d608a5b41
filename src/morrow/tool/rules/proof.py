"""What a statement of `morrow verify --attest` says, and whether it is enough for an environment.

Pure: who signed it, and of which digest it is, has been asked before (`rules.signed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from morrow.tool.base.words import seconds_of

KIND = "https://morrow.example.com/proof/v1"
AHEAD = timedelta(minutes=5)  # how much two clocks may differ


@dataclass(frozen=True)
class Wanted:
    """What an environment asks of the one before it."""

    service: str
    before: str  # the environment before
    within: timedelta
    requests: int
    p99: int | None  # milliseconds
    chart: str = ""  # the chart's sum, where the statement must be of the same chart


@dataclass(frozen=True)
class Lack:
    """Why a statement is not enough: an error's code, and the cause."""

    code: str  # proof-stale | proof-short
    cause: str


def duration(text: str) -> timedelta:
    """Read 90m, 24h, 7d; the schema has judged the text."""
    return timedelta(seconds=seconds_of(text) or 0)


def lack(statements: Iterable[Mapping[str, Any]], wanted: Wanted, now: datetime) -> Lack | None:
    """Return None when one statement is enough, else what the best of them lacks."""
    lacks = [_lack(one.get("predicate"), wanted, now) for one in statements]
    if None in lacks:
        return None
    real = sorted(filter(None, lacks), key=lambda one: one.code != "proof-stale")
    return real[0] if real else Lack("proof-short", "there is none")


def _lack(predicate: object, wanted: Wanted, now: datetime) -> Lack | None:
    if not isinstance(predicate, dict):
        return Lack("proof-short", "it is empty")
    for name, value in (("service", wanted.service), ("environment", wanted.before)):
        if predicate.get(name) != value:
            return Lack("proof-short", f"its {name} is {predicate.get(name)!r}, not {value}")
    requests, lost, p99 = (_count(predicate.get(name)) for name in ("requests", "lost", "p99"))
    if requests is None or lost is None or p99 is None:
        return Lack("proof-short", "it does not say how many requests, how many lost, and the p99")
    if lost or predicate.get("broken") != []:
        return Lack("proof-short", f"it is from a run that lost {lost} or broke a promise")
    if requests < wanted.requests:
        return Lack("proof-short", f"it counts {requests} requests of {wanted.requests} needed")
    if wanted.p99 is not None and p99 > wanted.p99:
        return Lack("proof-short", f"its p99 is {p99} ms, and at most {wanted.p99} ms is allowed")
    if wanted.chart and predicate.get("chart") != wanted.chart:
        return Lack("proof-short", "it was made with another chart than the one here")
    return _stale(predicate.get("time"), wanted, now)


def _count(value: object) -> int | None:
    right = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return int(str(value)) if right else None


def _stale(stated: object, wanted: Wanted, now: datetime) -> Lack | None:
    try:
        time = datetime.fromisoformat(str(stated))
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
    except ValueError:
        return Lack("proof-short", f"its time {stated!r} cannot be read")
    if time > now + AHEAD:
        return Lack("proof-short", f"it is from the future: {stated}")
    if now - time > wanted.within:
        return Lack("proof-stale", f"it is from {stated}, and may be at most {wanted.within} old")
    return None
