"""How old the values of secrets are, and which of them are due: `secrets.maxAge`.

A Secret that the tool made says when each key got its value, in an annotation; a rotation of one
key leaves the others' times.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from morrow.tool.base.terminal import typed
from morrow.tool.base.words import seconds_of
from morrow.tool.environment.model import Environment

CHANGED = "secrets.morrow/changed"


def changed(secret: Mapping[str, Any] | None) -> dict[str, datetime]:
    """Return when each key of a Secret got its value; of a foreign Secret, when it was made."""
    if secret is None:
        return {}
    metadata = secret["metadata"]
    writes = [str(one.get("time") or "") for one in metadata.get("managedFields") or []]
    written = max([str(metadata.get("creationTimestamp") or ""), *writes])
    by_key = json.loads((metadata.get("annotations") or {}).get(CHANGED) or "{}")
    times = {key: str(by_key.get(key) or written) for key in secret.get("data") or {}}
    return {key: datetime.fromisoformat(text) for key, text in times.items() if text}


def mark(
    values: Mapping[str, bytes], before: Mapping[str, bytes], times: Mapping[str, datetime]
) -> str:
    """Return the annotation for new values; an unchanged value keeps its time."""
    now = datetime.now(UTC).replace(microsecond=0)
    same = {key for key, value in values.items() if before.get(key) == value and key in times}
    dated = {key: times[key] if key in same else now for key in sorted(values)}
    return json.dumps({key: time.isoformat() for key, time in dated.items()})


def overdue(ages: Mapping[str, datetime], max_age: str, now: datetime) -> list[str]:
    """Name the keys whose value is older than allowed."""
    bound = seconds_of(max_age)
    if bound is None:
        return []
    longest = timedelta(seconds=bound)
    return sorted(key for key, time in ages.items() if now - time > longest)


def warnings(environment: Environment, secret: Mapping[str, Any] | None) -> list[str]:
    """Say which values of a Secret are due, where the environment bounds their age."""
    max_age = environment.secrets.max_age
    due = overdue(changed(secret), max_age, datetime.now(UTC)) if max_age else []
    return [f"secrets: {', '.join(due)} {overdue_text(environment, due)}"] if due else []


def age_of(time: datetime, now: datetime) -> int:
    """Return an age in whole days."""
    return max(0, (now - time).days)


def overdue_text(environment: Environment, due: list[str]) -> str:
    """Say what is due, and what to type."""
    rotate = f"{typed()} secrets rotate {environment.label} {' '.join(due)}"
    return f"older than secrets.maxAge ({environment.secrets.max_age}): {rotate}"
