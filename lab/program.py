"""A program that the lab runs and watches."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import cgroups
from lab.errors import LabError
from lab.layout import LOGS, RUN

RECORDS = RUN / "programs"
LOG_LINES = 15


@dataclass(frozen=True)
class Program:
    """One running program: enough to know it again after the lab's command has ended."""

    name: str
    pid: int
    born: int  # the kernel's start time: a process id alone may be someone else's by now
    log: str

    @property
    def alive(self) -> bool:
        """Say whether this very process still runs."""
        return start_time(self.pid) == self.born

    def log_end(self) -> str:
        """Return the last lines of what the program wrote."""
        with suppress(FileNotFoundError):
            lines = Path(self.log).read_text(errors="replace").splitlines()
            return "\n".join(f"  {line}" for line in lines[-LOG_LINES:])
        return "  (no log)"

    def check(self) -> None:
        """Raise when the program has died, with the end of its log."""
        if not self.alive:
            raise LabError(f"{self.name} died; the end of {self.log}:\n{self.log_end()}")

    def kill(self) -> None:
        """End the program at once and wait until it is gone."""
        with suppress(ProcessLookupError):
            if self.alive:
                os.kill(self.pid, 9)
        ends = time.monotonic() + 5
        while self.alive:
            if time.monotonic() > ends:
                raise LabError(f"{self.name} (process {self.pid}) does not end after SIGKILL")
            time.sleep(0.01)
        (RECORDS / f"{self.name}.json").unlink(missing_ok=True)


def start_time(pid: int) -> int:
    """Return when process `pid` started, in clock ticks since boot; 0 when dead or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    cgroup: str,
    namespace: str = "",
    environment: dict[str, str] | None = None,
) -> Program:
    """Start a program that outlives this one, in a cgroup and a network namespace."""
    LOGS.mkdir(parents=True, exist_ok=True)
    RECORDS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    inside = ["nsenter", f"--net=/run/netns/{namespace}", "--"] if namespace else []
    files = " ".join(str(file) for file in cgroups.process_files(cgroup))
    # The shell moves itself into the cgroup before it becomes the program: so no child of the
    # program is ever outside, and no Python runs between fork and exec.
    enter = f'for file in {files}; do echo $$ > "$file" || exit 1; done; exec "$@"'
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", enter, name, *inside, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=os.environ | (environment or {}),
        )
    started = Program(name, process.pid, start_time(process.pid), str(log))
    (RECORDS / f"{name}.json").write_text(json.dumps(asdict(started)))
    return started


def recorded() -> list[Program]:
    """Return every program that the lab started and did not end."""
    found = []
    for file in sorted(RECORDS.glob("*.json")):
        with suppress(ValueError):  # half-written by a start that was killed
            found.append(Program(**json.loads(file.read_text())))
    return found


def running(name: str) -> Program | None:
    """Return the program called `name` if it runs."""
    return next((each for each in recorded() if each.name == name and each.alive), None)


def find(name: str) -> Program:
    """Return the recorded program called `name`."""
    for candidate in recorded():
        if candidate.name == name:
            return candidate
    raise LabError(f"{name} is not running; `python -m lab up` starts it")


def wait_until(
    what: str,
    ready: Callable[[], bool],
    *,
    programs: Sequence[Program] = (),
    within: float = 60,
    every: float = 0.1,
) -> None:
    """Wait for `ready`; fail at once when one of `programs` dies, and after `within` seconds."""
    for _ in _ticks(every, within):
        for program in programs:
            program.check()
        if ready():
            return
    ends = "\n".join(f"the end of {p.log}:\n{p.log_end()}" for p in programs)
    raise LabError(f"{what} did not happen within {within:g} s\n{ends}")


def _ticks(every: float, within: float) -> Iterator[None]:
    ends = time.monotonic() + within
    while time.monotonic() < ends:
        yield
        time.sleep(every)
