"""The lab's cgroups, in each hierarchy of v1, in v2, or in a machine's mix of both."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from lab.layout import CGROUP

ROOT = Path("/sys/fs/cgroup")


def hierarchies() -> list[Path]:
    """Return the mount points of all cgroup hierarchies."""
    found = []
    for line in Path("/proc/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind in ("cgroup", "cgroup2") and Path(where).is_relative_to(ROOT):
            found.append(Path(where))
    return list(dict.fromkeys(found))


def make(name: str) -> None:
    """Make the cgroup `name` in every hierarchy, ready to hold processes."""
    for hierarchy in hierarchies():
        folder = hierarchy
        for part in Path(name).parts:
            parent, folder = folder, folder / part
            folder.mkdir(exist_ok=True)
            _hand_down(parent)
            # cpuset of v1 starts empty, and an empty one takes no process.
            for file in ("cpuset.cpus", "cpuset.mems"):
                if (folder / file).exists() and (hierarchy.name == "cpuset"):
                    (folder / file).write_text((parent / file).read_text())


def _hand_down(parent: Path) -> None:
    """In v2 a cgroup has the controllers that its parent hands down, and that is none at first."""
    # A hierarchy of v2 that stands beside those of v1 has no controllers that a kubelet would use.
    if parent.is_relative_to(ROOT / "unified") or not (parent / "cgroup.controllers").exists():
        return
    offered = (parent / "cgroup.controllers").read_text().split()
    (parent / "cgroup.subtree_control").write_text(" ".join(f"+{each}" for each in offered))


def prefer(name: str) -> None:
    """Give the cgroup `name` four times the processor time of others, when there is too little.

    A cluster that starves fails in ways that no test is about.
    """
    for hierarchy in hierarchies():
        for file, share in (("cpu.shares", "4096"), ("cpu.weight", "400")):
            if (hierarchy / name / file).exists():
                (hierarchy / name / file).write_text(share)


def process_files(name: str) -> list[Path]:
    """Return the files to write a process id to, for it to move into the cgroup `name`."""
    return [hierarchy / name / "cgroup.procs" for hierarchy in hierarchies()]


def processes(name: str = CGROUP) -> list[int]:
    """Return every process in the cgroup `name` and below it, in whichever hierarchy."""
    found: set[int] = set()
    for hierarchy in hierarchies():
        found.update(processes_below(hierarchy / name))
    return sorted(found)


def processes_below(folder: Path) -> set[int]:
    """Return the processes in one folder of one hierarchy and below it."""
    found: set[int] = set()
    # Not rglob: pods come and go, and it fails when a folder ends before it is listed.
    for path, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            found.update(int(line) for line in Path(path, "cgroup.procs").read_text().split())
    return found - {0}


def _signal_all(name: str, number: signal.Signals) -> int:
    pids = processes(name)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    return len(pids)


def kill(name: str, *, within: float = 10) -> list[int]:
    """Kill everything in the cgroup `name`; return what is left after `within` seconds."""
    ends = time.monotonic() + within
    while _signal_all(name, signal.SIGKILL) and time.monotonic() < ends:
        time.sleep(0.05)
    return processes(name)


def remove(name: str, *, within: float = 3) -> list[Path]:
    """Remove the cgroup `name` everywhere; return the folders that would not go."""
    ends = time.monotonic() + within
    while left := [h / name for h in hierarchies() if (h / name).is_dir()]:
        for top in left:
            for folder, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):  # busy for a moment after its last process
                    Path(folder).rmdir()
        if time.monotonic() > ends:
            break
        time.sleep(0.02)
    return [h / name for h in hierarchies() if (h / name).is_dir()]
