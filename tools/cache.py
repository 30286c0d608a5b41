"""Where this machine keeps what was built or downloaded, and what a caller is told without it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class UnavailableError(Exception):
    """A program that this machine cannot have; the message says why, `lacking` what to install."""

    def __init__(self, message: str, lacking: str = "") -> None:
        super().__init__(message)
        self.lacking = lacking


def cache_folder() -> Path:
    """Return where built programs are kept: `MORROW_CACHE`, or `morrow` in the user's cache."""
    named = os.environ.get("MORROW_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "morrow"


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold a lock file, so that two checkouts or workers do not make the same thing at once."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
