"""The processes of a pod, as the machine sees them: to end them in ways that nobody announces."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from lab import cgroups
from lab.errors import LabError
from lab.layout import CGROUP


def processes(uid: str) -> list[int]:
    """Return all processes of the pod with this uid."""
    found: set[int] = set()
    for hierarchy in cgroups.hierarchies():
        for parent in ("kubepods", "kubepods/burstable", "kubepods/besteffort"):
            for folder in (hierarchy / CGROUP).glob(f"*/{parent}/pod{uid}"):
                found.update(cgroups.processes_below(folder))
    return sorted(found)


def main_process(uid: str) -> int:
    """Return the container's first process: number 1 in its namespace, and not the pause."""
    for pid in processes(uid):
        if _inner(pid) == 1 and _name(pid) != "pause":
            return pid
    raise LabError(f"pod {uid} has no container that runs on this machine")


def worker(uid: str) -> int:
    """Return the process that serves: the main one's child with the most threads."""
    first = main_process(uid)
    children = [pid for pid in processes(uid) if _status(pid, "PPid") == [str(first)]]
    if not children:
        raise LabError(f"process {first} of pod {uid} has no worker")
    return max(children, key=lambda pid: int(_status(pid, "Threads")[0]))


def kill(pid: int) -> None:
    """End a process by SIGKILL."""
    os.kill(pid, signal.SIGKILL)


def _inner(pid: int) -> int:
    return int((_status(pid, "NSpid") or ["0"])[-1])


def _name(pid: int) -> str:
    return (_status(pid, "Name") or [""])[0]


def _status(pid: int, field: str) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value.split()
    return []
