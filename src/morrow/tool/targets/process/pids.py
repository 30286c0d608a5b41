"""The processes of this machine, by number."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

KILLED = 5.0  # seconds that a killed process gets


def pid_in(file: Path) -> int | None:
    """Return the process whose number the file holds, if it lives and is the one that wrote it."""
    try:
        pid, written = int(file.read_text()), file.stat().st_mtime
    except (OSError, ValueError):
        return None
    born = birth(pid)
    # The process had this number when the file was written, and keeps it until it ends.
    # One that started later merely got the same number.
    return pid if born is not None and born <= written + 1.5 else None


def end(files: Sequence[Path], patience: float, asks: int = signal.SIGTERM) -> None:
    """Ask the processes that wrote these files to end, all at once; kill each that does not."""
    for file in files:
        with suppress(ProcessLookupError):  # it ended by itself just now
            if pid := pid_in(file):
                os.kill(pid, asks)
    deadline = time.monotonic() + patience
    for file in files:
        while pid_in(file) and time.monotonic() <= deadline:
            time.sleep(0.05)
        given = time.monotonic() + KILLED
        # Nothing ends one that the kernel holds, on a disk that does not answer.
        while (pid := pid_in(file)) and time.monotonic() < given:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            time.sleep(0.05)


def birth(pid: int) -> float | None:
    """When a living process was started, in seconds since 1970."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _birth_by_ps(pid)
    if fields[0] in "ZX":
        return None
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return boot + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The processes that it started and that live."""
    done = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    return [int(own) for own, parent, state in rows if int(parent) == pid and state[0] != "Z"]


def _birth_by_ps(pid: int) -> float | None:
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    text = " ".join(done.stdout.split())
    return datetime.strptime(text, "%a %b %d %H:%M:%S %Y").timestamp() if text else None
