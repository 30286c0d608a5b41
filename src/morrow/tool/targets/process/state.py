"""What is known of an environment's processes on this machine: folders, pids, ports.

Each start has a folder `.morrow/<environment>/<number>/` with `run.json` (what was started,
written before it starts), `pid` (written by the process itself, so that a command killed at
any moment leaves no unknown process) and `service.log`. Nothing else is remembered: which one
serves is asked of the processes.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import randrange
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import typed
from morrow.tool.base.web import get
from morrow.tool.environment.model import Environment
from morrow.tool.targets.process.pids import pid_in

KEPT = 5  # folders of ended processes that are kept for `morrow logs`
HOST = "127.0.0.1"
SOCKET_PATH = 100  # bytes: what a unix socket's path may have on every system


@dataclass(frozen=True)
class Run:
    """One start of the service."""

    number: int
    port: int
    admin_port: int
    release: str
    secrets_revision: str
    started: float
    settings: dict[str, str] = field(default_factory=dict)
    ports: list[int] = field(default_factory=list)  # the ports of the files; others may be in use

    @property
    def code(self) -> str:
        """The release without the suffix that a verification adds."""
        return self.release.partition("+")[0]


class Runs:
    """All starts of one environment."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.folder = environment.project.state / environment.label

    @property
    def who(self) -> str:
        """The service and its environment, for messages."""
        return f"{self.environment.name} in {self.environment.label}"

    @property
    def up(self) -> str:
        """The command that brings it up, as it can be typed."""
        return f"{typed()} up {self.environment.label}"

    @property
    def handover(self) -> Path:
        """The socket over which a new process takes the ports over."""
        path = self.folder / "handover.sock"
        if len(os.fsencode(path)) <= SOCKET_PATH:
            return path
        name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        short = Path(tempfile.gettempdir()) / f"morrow-{os.getuid()}"
        short.mkdir(mode=0o700, exist_ok=True)
        if short.lstat().st_uid != os.getuid():
            raise PermissionError(errno.EACCES, "belongs to somebody else", str(short))
        return short / f"{name}.sock"

    def of(self, run: Run) -> Path:
        """The folder of a start."""
        return self.folder / str(run.number)

    def log(self, run: Run, name: str = "service") -> Path:
        """Where its output goes, or that of a process beside it."""
        return self.of(run) / f"{name}.log"

    def all(self) -> list[Run]:
        """Every start that is remembered, the latest first."""
        runs = []
        for file in self.folder.glob("*/run.json"):
            with contextlib.suppress(ValueError, TypeError, OSError):  # half-written: never started
                runs.append(Run(**json.loads(file.read_text())))
        return sorted(runs, key=lambda run: -run.number)

    def alive(self) -> list[Run]:
        """Those whose process lives, the latest first."""
        return [run for run in self.all() if self.pid(run) is not None]

    def serving(self) -> Run | None:
        """The latest that is ready; if none is, the latest that once was."""
        alive = self.alive()
        for run in alive:
            # While one process takes over from another, both answer on the same port.
            for _ in range(20 if len(alive) > 1 else 3):
                answer = ask(run.admin_port, "/readyz")
                if answer["status"] == 200 and answer.get("pid") == self.pid(run):
                    return run
                if answer["status"] == 0:
                    break
        return next((run for run in alive if (self.of(run) / "served").exists()), None)

    def required(self) -> Run:
        """The one that serves; raise where there is none."""
        run = self.serving()
        if run is None:
            cause = "no process of it answers on this machine"
            raise Failure(problem("not-running", self.who, cause, command=self.up), refused=True)
        return run

    def mark_served(self, run: Run) -> None:
        """Remember that it was ready."""
        (self.of(run) / "served").touch()

    def pid(self, run: Run, name: str = "") -> int | None:
        """Its process (or one beside it), if it lives and is the one that was started."""
        return pid_in(self.of(run) / (f"{name}.pid" if name else "pid"))

    def add(self, run: Run) -> None:
        """Remember a start, before it happens."""
        folder = self.of(run)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "run.json").write_text(json.dumps(asdict(run)))

    def next_number(self) -> int:
        """A number that no start had."""
        taken = [int(p.name) for p in self.folder.glob("*") if p.name.isdigit()]
        return max(taken, default=0) + 1

    def prune(self) -> None:
        """Forget old starts that have ended."""
        ended = [run for run in self.all() if self.pid(run) is None]
        for run in ended[KEPT:]:
            shutil.rmtree(self.of(run))


def ask(port: int, path: str, timeout: float = 2.0) -> dict[str, Any]:
    """GET a JSON answer; `status` is added, 0 where nobody answers, with the `error`."""
    answer = get(HOST, port, path, timeout=timeout)
    error = {} if answer.status else {"error": answer.reason}
    return {**answer.json, **error, "status": answer.status}


def taken(port: int) -> bool:
    """Whether somebody listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((HOST, port)) == 0:
            return True
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False


def free_port(wish: int = 0) -> int:
    """The port wished for, or any free one below those which the kernel gives to clients.

    A port of the kernel's own range may be lost to a connection before the process has it, even
    to the one that asks whether the process is there.
    """
    while not wish or taken(wish):
        wish = randrange(20_000, 32_000)  # noqa: S311 - any will do
    return wish


def holder(port: int) -> str:
    """Who listens on the port, as far as this user may know; empty when that is not known."""
    if Path("/proc/net/tcp").exists():
        pid = _listener(port)
        if pid is None:
            return ""
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        return f"{line[:80] or 'a process'} (pid {pid})"
    lsof = shutil.which("lsof")
    if lsof is None:
        return ""
    command = [lsof, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    fields = {line[0]: line[1:] for line in done.stdout.splitlines() if line}
    return f"{fields.get('c', 'a process')} (pid {fields['p']})" if "p" in fields else ""


def _listener(port: int) -> int | None:
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == "0A" and int(cells[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{cells[9]}]")
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):  # ended meanwhile, or not ours to see
            for link in folder.iterdir():
                if str(link.readlink()) in inodes:
                    return int(folder.parent.name)
    return None
