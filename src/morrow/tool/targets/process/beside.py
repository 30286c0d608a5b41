"""The processes beside the web process on this machine: tasks before it, workers and crons after.

How others use it: `Beside(runs, run, variables)`, then `tasks()` before the web
process starts and `start()` when it serves; `stop_beside(runs, run)` ends those of one start. Each
writes a log and a pid of its own name into the start's folder.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.environment.model import Environment
from morrow.tool.programs.python import interpreter
from morrow.tool.targets.process import pids
from morrow.tool.targets.process.start import GRACE, spawn, tail
from morrow.tool.targets.process.state import Run, Runs, ask, free_port

# Only for the web process: a second server with them would take over its ports.
ALONE = ("MORROW_HANDOVER", "MORROW_PORT", "MORROW_ADMIN_PORT")
READY = 15.0  # seconds until a worker's probe answers
STAYS = 1.0  # seconds for which it must answer


def alone(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of what runs beside the web process."""
    return {name: value for name, value in variables.items() if name not in ALONE}


@dataclass(frozen=True)
class Beside:
    """What the environment's file calls `processes`, for one start."""

    runs: Runs
    run: Run
    variables: Mapping[str, str]  # of the web process

    @property
    def environment(self) -> Environment:
        """Whose processes they are."""
        return self.runs.environment

    def tasks(self) -> None:
        """Run the release's tasks to their end, in their order; raise the first that fails."""
        jobs = [(n, p) for n, p in self.environment.processes.items() if p.get("kind") == "job"]
        for name, one in sorted(jobs, key=lambda pair: int(pair[1].get("order") or 0)):
            terminal.status(f"running the task {name} …")
            child = self._spawn(name, one, "task")
            try:
                code = child.wait(float(one.get("deadline") or 300))
            except BaseException as stopped:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                if not isinstance(stopped, subprocess.TimeoutExpired):
                    raise
                code = -signal.SIGKILL
            if code:
                how = f"exit code {code}" if code > 0 else "its deadline is over"
                cause = f"it ended with {how}, so nothing was started"
                raise self._failed("job-failed", f"task {name}", cause, name)
            terminal.say(f"  task {name} is done")

    def start(self) -> None:
        """Start workers and crons that do not run; raise where a worker ends at once."""
        for name, one in self.environment.processes.items():
            kind = one.get("kind")
            if self.runs.pid(self.run, name) is not None:
                continue
            if kind == "worker":
                port = free_port()
                child = self._spawn(name, one, "worker", MORROW_ADMIN_PORT=str(port))
                self._wait(name, child, port)
                terminal.say(f"  worker {name} runs (pid {child.pid})")
            elif kind == "cron" and not one.get("suspend"):
                self._spawn(name, one, "task")
                terminal.say(f"  cron {name} runs at {one.get('schedule')}")

    def _wait(self, name: str, child: subprocess.Popen[bytes], port: int) -> None:
        """Wait until it is ready and stays so: one that ends at once may be ready briefly."""
        deadline, since = time.monotonic() + READY, 0.0
        while (now := time.monotonic()) < deadline:
            if child.poll() is not None:
                cause = f"it ended with exit code {child.returncode}; the web process serves"
                raise self._failed("process-crashed", f"worker {name}", cause, name)
            since = (since or now) if ask(port, "/readyz")["status"] == 200 else 0.0
            if since and now - since >= STAYS:
                return
            time.sleep(0.05)
        terminal.warn(f"worker {name} runs and was not ready in {READY:.0f} s")

    def _spawn(
        self, name: str, process: Mapping[str, Any], verb: str, **more: str
    ) -> subprocess.Popen[bytes]:
        words = [*map(str, process.get("command") or ()), *map(str, process.get("args") or ())]
        if words[1:3] == ["-m", "morrow"] and words[4:5] == ["--"]:
            words = words[5:]  # already run by the kit
        python = interpreter(self.environment.project).path
        words = [python, "-m", "morrow", verb, "--", *words]
        if process.get("kind") == "cron":
            zone = str(process.get("timeZone") or "Etc/UTC")
            module = "morrow.tool.targets.process.cron"
            words = [sys.executable, "-m", module, str(process.get("schedule")), zone, "--", *words]
        own = {k: v for k, v in (process.get("env") or {}).items() if isinstance(v, str)}
        if declared := self.environment.project.settings:
            own["MORROW_SERVICE"] = declared
        pid, log = self.runs.of(self.run) / f"{name}.pid", self.runs.log(self.run, name)
        variables = {**alone(self.variables), **own, **more}
        return spawn(self.environment.project.source, pid, log, words, variables)

    def _failed(self, code: str, process: str, cause: str, name: str) -> Failure:
        lines = tail(self.runs.log(self.run, name), 10)
        up = self.runs.up
        return Failure(problem(code, process, cause, details=lines, command=up, up=up))


def names_beside(runs: Runs, run: Run) -> list[str]:
    """Name the processes that were started beside the web process, in that order."""
    pid_files = sorted(runs.of(run).glob("*.pid"), key=lambda file: file.stat().st_mtime)
    return [file.stem for file in pid_files]


def stop_beside(runs: Runs, run: Run) -> None:
    """Ask those of one start to finish and end, all at once; kill what does not."""
    pids.end([runs.of(run) / f"{name}.pid" for name in names_beside(runs, run)], GRACE + 5)


def logs_of(runs: Runs, run: Run) -> dict[str, Path]:
    """Return every log of a start by what writes it."""
    beside = {name: runs.log(run, name) for name in names_beside(runs, run)}
    return {name: file for name, file in {"web": runs.log(run), **beside}.items() if file.exists()}
