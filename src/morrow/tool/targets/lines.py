"""Log lines for people: filtered by level and age, with a colour for each source.

How others use it: `dress = Dress(options)`, then `dress(source, line)` for each line as it comes;
None is a line that was not asked for. Lines that are no JSON go with the one before them.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from morrow.tool.base.terminal import terminal
from morrow.tool.targets.target import LogsOptions

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
OTHERS = {"trace": 5, "notice": 20, "warn": 30, "err": 40, "fatal": 50, "panic": 50, "alert": 50}
SHADES = {"warning": "yellow", "error": "red", "critical": "red"}
SOURCES = ("cyan", "green", "magenta", "blue", "yellow")
FIXED_FIELDS = ("time", "timestamp", "ts", "level", "severity", "logger", "message", "msg", "stack")


class Dress:
    """What of a stream is shown, and how."""

    def __init__(self, options: LogsOptions, *, after: float = 0.0, mark: bool = True) -> None:
        """`after`: seconds since 1970, before which a line is too old; `mark`: name the source."""
        self._options, self._after, self._mark = options, after, mark
        self._shown: dict[str, bool] = {}  # source -> whether its last line was shown
        self._colours: dict[str, str] = {}

    def __call__(self, source: str, line: str) -> str | None:
        """Return the line as it is shown."""
        entry = parsed(line)
        if entry is not None:
            least = LEVELS.get(self._options.level or "", 0)
            young = not self._after or (_moment(entry) or self._after) >= self._after
            self._shown[source] = young and _level(entry)[1] >= least
        if not self._shown.get(source, not (self._options.level or self._after)):
            return None
        text = _for_people(entry) if entry is not None and self._options.pretty else line
        if not self._mark:
            return text
        colour = self._colours.setdefault(source, SOURCES[len(self._colours) % len(SOURCES)])
        name = terminal.paint(f"[{source}]", colour, sys.stdout)
        return "\n".join(f"{name} {one}" for one in text.split("\n"))


def stamp_of(line: str) -> float | None:
    """Return when a line was written, where it says so."""
    entry = parsed(line)
    return _moment(entry) if entry is not None else None


def parsed(line: str) -> dict[str, Any] | None:
    """Return what a line of JSON holds; None for another."""
    try:
        entry = json.loads(line) if line.startswith("{") else None
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _level(entry: dict[str, Any]) -> tuple[str, float]:
    """Return the level's name and number; info where there is none."""
    level = entry.get("level", entry.get("severity", "info"))
    if isinstance(level, int | float):
        return next((k for k, v in LEVELS.items() if v >= level), "critical"), level
    name = str(level).lower()
    return name, {**LEVELS, **OTHERS}.get(name, LEVELS["info"])


def _moment(entry: dict[str, Any]) -> float | None:
    stamp = entry.get("time", entry.get("timestamp", entry.get("ts")))
    if isinstance(stamp, int | float):
        return float(stamp) / (1000 if stamp > 1e11 else 1)
    try:
        moment = datetime.fromisoformat(str(stamp))
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None


def _for_people(entry: dict[str, Any]) -> str:
    """Return a line in the form that the kit has for a terminal; times are this machine's."""
    name, _ = _level(entry)
    moment = _moment(entry)
    stamp = datetime.fromtimestamp(moment).strftime("%H:%M:%S") if moment else "        "
    level = terminal.paint(f"{name:7}", SHADES.get(name, "dim"), sys.stdout)
    message = entry.get("message", entry.get("msg", ""))
    logger = f"{entry['logger']}: " if entry.get("logger") else ""
    more = [f"{key}={value}" for key, value in entry.items() if key not in FIXED_FIELDS]
    text = " ".join([f"{stamp} {level} {logger}{message}", *more])
    return f"{text}\n{entry['stack']}" if entry.get("stack") else text
