"""Start, watch and end one process of the service."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.diagnose.ended import BAD_SETTINGS, refused_variables
from morrow.tool.environment.model import Environment
from morrow.tool.targets.process.state import HOST, Run, Runs, ask

DRAIN = 1  # seconds in which connections are handed back; no load balancer must notice here
GRACE = 20
# What a service gets from the shell; everything else stands in the environment's file.
INHERITED = ("PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV")
INHERITED_PREFIXES = ("LC_", "OTEL_", "SSL_CERT_", "PYTHON", "COVERAGE_")


def variables_of(
    environment: Environment, runs: Runs, run: Run, settings: Mapping[str, str], secrets: Path
) -> dict[str, str]:
    """All that the service gets."""
    given = {
        name: value
        for name, value in os.environ.items()
        if name in INHERITED or name.startswith(INHERITED_PREFIXES)
    }
    paths = [str(environment.project.source), os.environ.get("PYTHONPATH", "")]
    return {
        **given,
        **settings,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
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
        "MORROW_SECRETS_DIR": str(secrets),
        "MORROW_HANDOVER": str(runs.handover),
    }


def spawn(
    environment: Environment, runs: Runs, run: Run, variables: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start the process, its own session's leader, with its output in the log."""
    # The shell writes its own number and then becomes the service.
    script = 'echo "$$" >"$0"; exec "$@"'
    pid = str(runs.of(run) / "pid")
    command = [sys.executable, "-m", "morrow", environment.project.app]
    terminal.command(" ".join(["python", *command[1:]]))
    with runs.log(run).open("ab") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", script, pid, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=environment.project.source,
            env=dict(variables),
            start_new_session=True,
        )


def wait_ready(
    environment: Environment,
    runs: Runs,
    run: Run,
    child: subprocess.Popen[bytes],
    timeout: float,
    old: Run | None,
) -> None:
    """Return when this very process is ready and its service port answers."""
    deadline = time.monotonic() + timeout
    said: dict[str, object] = {}
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Failure(_ended(environment, runs, run, child.returncode, old))
        ready = ask(run.admin_port, "/readyz")
        if ready.get("pid") == child.pid or ready["status"] == 0:
            said = ready
        if ready.get("pid") == child.pid and ready["status"] == 200:
            answer = ask(run.port, "/healthz", timeout=5)
            if answer["status"] == 200:
                return
            said = answer
        time.sleep(0.03)
    answered = json.dumps(said.get("checks") or said.get("error") or said) if said else "nothing"
    raise Failure(
        problem(
            "process-never-ready",
            f"{environment.name} in {environment.label}",
            f"it runs and was not ready in {timeout:g} s{_old_serves(old)}",
            details=(f"the probe says: {answered}", *_tail(runs.log(run))),
            command=f"tail {shlex.quote(environment.shown(runs.log(run)))}",
        )
    )


def _ended(environment: Environment, runs: Runs, run: Run, code: int, old: Run | None) -> Problem:
    lines = _tail(runs.log(run))
    who = f"{environment.name} in {environment.label}"
    again = f"{typed()} up {environment.label}"
    if code == BAD_SETTINGS:
        refused = list(dict(refused_variables(lines)).items())
        said = "; ".join(f"{name}: {message}" for name, message in refused) or "see below"
        fixes = []
        for name, _ in refused:
            section = ("secrets", "keys") if name in environment.secrets.keys else ("config", name)
            fixes.append(f"{name} in {environment.place(*section)}")
        fix = f"set {', '.join(fixes) or f'what the lines name in {environment.file}'}"
        cause = f"the service refuses its settings (exit code 78){_old_serves(old)}: {said}"
        return problem("settings-refused", who, cause, details=lines, fix=fix, up=again)
    how = (
        f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    )
    return problem(
        "process-crashed", who, f"it {how}{_old_serves(old)}", details=lines, command=again
    )


def stop(runs: Runs, run: Run) -> None:
    """Ask it to finish and end; kill it if it does not."""
    pid = runs.pid(run)
    if pid is None:
        return
    with suppress(ProcessLookupError):  # it ended by itself just now
        os.kill(pid, signal.SIGTERM)
        if not gone(runs, run, DRAIN + GRACE + 5):
            os.killpg(pid, signal.SIGKILL)
            gone(runs, run, 5)


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


def _tail(log: Path, lines: int = 20) -> tuple[str, ...]:
    with log.open(errors="replace") as opened:
        return tuple(line.rstrip("\n") for line in deque(opened, lines))
