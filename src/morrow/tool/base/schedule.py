"""When a schedule is due: Kubernetes' five fields and its names for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NAMED = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
HORIZON = timedelta(days=366 * 8 + 1)  # 29 February may be eight years away


def following(schedule: str, after: datetime) -> datetime | None:
    """Return the first minute after `after` that the schedule names; None where there is none."""
    fields = NAMED.get(schedule.strip(), schedule).split()
    minutes, hours, days, months, weekdays = (
        _numbers(text, *bound) for text, bound in zip(fields, BOUNDS, strict=True)
    )
    either = not (_is_open(fields[2]) or _is_open(fields[4]))
    moment, end = after.replace(second=0, microsecond=0) + timedelta(minutes=1), after + HORIZON
    while moment < end:
        by_date = moment.day in days
        by_name = moment.isoweekday() % 7 in weekdays
        fits = by_date or by_name if either else by_date and by_name
        if moment.month not in months or not fits:
            moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
        elif moment.hour not in hours:
            moment = moment.replace(minute=0) + timedelta(hours=1)
        elif moment.minute not in minutes:
            moment += timedelta(minutes=1)
        else:
            return moment
    return None


def _numbers(text: str, least: int, most: int) -> set[int]:
    """Return the numbers of one field: `*`, `5`, `1-5`, `*/15`, `mon,wed`."""
    numbers: set[int] = set()
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span in ("*", "?"):
            low, high = least, most
        else:
            low = _number(first)
            high = _number(last) if last else most if step else low
        numbers |= set(range(low, high + 1, int(step or 1)))
    return numbers


def _is_open(text: str) -> bool:
    """Whether a field of days leaves the choice to the other; to Kubernetes `*/2` is a choice."""
    parts = (part.partition("/") for part in text.split(","))
    return any(span in ("*", "?") and int(step or 1) == 1 for span, _, step in parts)


def _number(text: str) -> int:
    for names, first in ((MONTHS, 1), (DAYS, 0)):
        if text in names:
            return names.index(text) + first
    return int(text)


def is_never_due(schedule: str) -> bool:
    """Whether it names a day that does not come, as 30 February; one that is not read may be."""
    try:
        return following(schedule, datetime.now(UTC)) is None
    except ValueError:
        return False
