"""Words of people: a near name, a length of time."""

from __future__ import annotations

from collections.abc import Iterable

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def near(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most like this one, or nothing."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), 1, 0.6)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean …?" when something known is near."""
    similar = near(word, known)
    return f"; did you mean {similar!r}?" if similar else ""


def seconds_of(text: str) -> float | None:
    """Return the seconds of "90", "5m", "1h30m"; None for what is no time.

    >>> seconds_of("1h30m"), seconds_of("90"), seconds_of("soon"), seconds_of("")
    (5400.0, 90.0, None, None)
    """
    import re

    if not re.fullmatch(r"\d+|(\d+[smhd])+", text):
        return None
    parts = re.findall(r"(\d+)([smhd]?)", text)
    return float(sum(int(number) * UNITS[unit or "s"] for number, unit in parts))
