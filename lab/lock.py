"""Only one command changes the lab at a time, and only one makes the same image."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.errors import LabError
from lab.layout import CACHE, LOCK


@contextmanager
def alone(what: str) -> Iterator[None]:
    """Wait until nobody else makes `what`, which is kept for all."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{what}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def held() -> Iterator[None]:
    """Hold the lab's lock, or raise with the name of who holds it."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise LabError(f"the lab is being changed by {holder}; wait for it to end") from taken
        command = " ".join(["python -m lab", *sys.argv[1:]])
        since = time.strftime("%H:%M:%S")
        file.truncate(0)
        file.write(f"process {os.getpid()} (`{command}`, since {since})\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
