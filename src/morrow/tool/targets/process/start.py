"""Start, watch and end one process of the service."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.diagnose.ended import BAD_SETTINGS, refused_variables
from morrow.tool.environment.model import Environment
from morrow.tool.programs.python import interpreter
from morrow.tool.targets.lines import parsed
from morrow.tool.targets.process import pids
from morrow.tool.targets.process.state import HOST, Run, Runs, ask

# The shell writes its own number and then becomes the process.
SCRIPT = 'echo "$$" >"$0"; exec "$@"'
DRAIN = 1  # seconds in which connections are handed back; no load balancer must notice here
GRACE = 20
# What a service gets from the shell; everything else stands in the environment's file.
INHERITED = ("PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV")
INHERITED_PREFIXES = ("LC_", "OTEL_", "SSL_CERT_", "PYTHON", "COVERAGE_")


def variables_of(runs: Runs, run: Run, secrets: Path) -> dict[str, str]:
    """All that the service gets; `secrets` is the folder of their values."""
    environment = runs.environment
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name in INHERITED or name.startswith(INHERITED_PREFIXES)
    }
    python = interpreter(environment.project)
    # Where the service's modules are, then the kit where its environment lacks it.
    places = (str(environment.project.source), *python.paths, os.environ.get("PYTHONPATH", ""))
    return {
        **inherited,
        **python.variables,
        **run.settings,
        **_secrets(environment, secrets),
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
        "PYTHONUNBUFFERED": "1",
        "MORROW_HOST": HOST,
        "MORROW_PORT": str(run.port),
        "MORROW_ADMIN_PORT": str(run.admin_port),
        "MORROW_DRAIN": str(DRAIN),
        "MORROW_GRACE": str(GRACE),
        "MORROW_ENVIRONMENT": environment.label,
        "MORROW_PROTECTED": str(environment.protected).lower(),
        "MORROW_RELEASE": run.release,
        "MORROW_SECRETS_REVISION": run.secrets_revision,
        "MORROW_HANDOVER": str(runs.handover),
    }


def _secrets(environment: Environment, folder: Path) -> dict[str, str]:
    """Give secrets as the chart does: as files, or as variables (`secrets.as: env`)."""
    if environment.value("secrets", "as") != "env":
        return {"MORROW_SECRETS_DIR": str(folder)}
    return {key: (folder / key).read_text() for key in environment.secrets.keys}


def spawn(
    folder: Path, pid: Path, log: Path, words: Sequence[str], variables: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a process, its own session's leader, with its output in the log."""
    terminal.command(" ".join(["python", *words[1:]]))
    with log.open("ab") as output:
        return subprocess.Popen(
            ["/bin/sh", "-c", SCRIPT, str(pid), *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(variables),
            start_new_session=True,
        )


def wait_ready(
    runs: Runs, run: Run, child: subprocess.Popen[bytes], timeout: float, old: Run | None
) -> None:
    """Return when this very process is ready and its service port answers."""
    deadline = time.monotonic() + timeout
    last_answer: dict[str, object] = {}
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Failure(_ended(runs, run, child.returncode, old))
        ready = ask(run.admin_port, "/readyz")
        if ready.get("pid") == child.pid or ready["status"] == 0:
            last_answer = ready
        if ready.get("pid") == child.pid and ready["status"] == 200:
            last_answer = ask(run.port, "/healthz", timeout=5)
            if last_answer["status"] == 200:
                return
        time.sleep(0.03)
    checks: Any = last_answer.get("checks") or {}
    down = [
        f"{name}: {one['message']}" for name, one in checks.items() if one["critical"] > one["up"]
    ]
    why = f": {'; '.join(down)}" if down else ""
    shown = (
        json.dumps(checks or last_answer.get("error") or last_answer) if last_answer else "nothing"
    )
    environment, log = runs.environment, runs.log(run)
    cause = f"it runs and was not ready in {timeout:g} s{why}{_old_serves(old)}"
    lines = (f"the probe says: {shown}", *tail(log))
    see = f"tail {shlex.quote(environment.shown(log))}"
    longer = {"environment": environment.label, "seconds": str(min(3600, round(4 * timeout)))}
    never = problem("process-never-ready", runs.who, cause, details=lines, command=see, **longer)
    raise Failure(never)


def _ended(runs: Runs, run: Run, code: int, old: Run | None) -> Problem:
    environment, lines = runs.environment, tail(runs.log(run))
    if code == BAD_SETTINGS:
        refused = list(dict(refused_variables(lines)).items())
        complaints = "; ".join(f"{name}: {message}" for name, message in refused) or "see below"
        fixes = []
        for name, _ in refused:
            section = ("secrets", "keys") if name in environment.secrets.keys else ("config", name)
            fixes.append(f"{name} in {environment.place(*section)}")
        fix = f"set {', '.join(fixes) or f'what the lines name in {environment.file}'}"
        cause = f"the service refuses its settings (exit code 78){_old_serves(old)}: {complaints}"
        return problem("settings-refused", runs.who, cause, details=lines, fix=fix, up=runs.up)
    how = (
        f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    )
    said = tuple(part for line in lines for part in _message(line).splitlines())[-20:]
    last = next((f": {line.strip()[:200]}" for line in reversed(said) if line.strip()), "")
    cause = f"it {how}{last}{_old_serves(old)}"
    return problem("process-crashed", runs.who, cause, details=said, command=runs.up)


def _message(line: str) -> str:
    """Return what a line of ours says, the traceback before it: the end is what is kept."""
    told = parsed(line) or {}
    said = [str(told[name]) for name in ("stack", "message") if told.get(name)]
    return "\n".join(said) or line


def stop(runs: Runs, run: Run) -> None:
    """Ask it to finish and end; kill it if it does not."""
    pids.end([runs.of(run) / "pid"], DRAIN + GRACE + 5)


def end(child: subprocess.Popen[bytes]) -> None:
    """End a process that never served, with all it started."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def gone(runs: Runs, run: Run, seconds: float) -> bool:
    """Wait for its end; whether it came in time."""
    deadline = time.monotonic() + seconds
    while runs.pid(run) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _old_serves(old: Run | None) -> str:
    return "; the old process serves on" if old else ""


def tail(log: Path, lines: int = 20) -> tuple[str, ...]:
    """Return the last lines of a log."""
    with log.open(errors="replace") as opened:
        return tuple(line.rstrip("\n") for line in deque(opened, lines))
