"""How long the parts of the last start took: said while it runs, kept for `status`."""

from __future__ import annotations

import json
import sys
import time

from lab.layout import RUN

FILE = RUN / "timings.json"


class Clock:
    """Counts from the beginning of a command."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.marks: dict[str, float] = {}

    def say(self, what: str) -> None:
        """Print one line with the time since the beginning."""
        print(f"{time.monotonic() - self.began:6.1f} s  {what}", file=sys.stderr, flush=True)

    def mark(self, what: str) -> None:
        """Say it and keep it."""
        self.marks[what] = round(time.monotonic() - self.began, 1)
        self.say(what)

    def keep(self) -> None:
        """Write down that the start came to its end, and its times."""
        FILE.write_text(json.dumps(self.marks))


def read() -> dict[str, float]:
    """Return the times of the last start; empty when it did not come to its end."""
    if not FILE.exists():
        return {}
    return {str(name): float(seconds) for name, seconds in json.loads(FILE.read_text()).items()}


def finished() -> bool:
    """Say whether a start came to its end."""
    return FILE.exists()
