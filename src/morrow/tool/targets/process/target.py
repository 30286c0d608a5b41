"""The target `process`: the service runs on this machine, with the settings of its file.

A new version or new settings take over: the new process gets the listening sockets from the
old one, becomes ready, and only then the old one finishes and ends. If the new one fails, the
old one serves on.
"""

from __future__ import annotations

import shutil
import time
from collections import deque

from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import format_table, terminal, typed
from morrow.tool.cluster import lock
from morrow.tool.environment.model import Environment
from morrow.tool.targets.process.replace import READY, fingerprint, replace, url_of
from morrow.tool.targets.process.start import stop
from morrow.tool.targets.process.state import Runs, ask
from morrow.tool.targets.target import DownOptions, LogsOptions, UpOptions


def up(environment: Environment, options: UpOptions) -> Outcome:
    """Start the service, or let a new process take over from the one that runs."""
    with lock.held(environment, f"morrow up {environment.label}"):
        return replace(environment, port=options.port, timeout=options.timeout or READY)


def down(environment: Environment, options: DownOptions) -> Outcome:
    """Stop every process of the environment; logs and secrets stay unless purged."""
    runs = Runs(environment.project.state / environment.label)
    if not runs.folder.exists():
        return Outcome(f"{environment.name} does not run", {"stopped": []})
    with lock.held(environment, f"morrow down {environment.label}"):
        stopped = []
        for run in runs.alive():
            terminal.status(f"stopping {environment.name}: it finishes its requests …")
            pid = runs.pid(run)
            stop(runs, run)
            stopped.append(pid)
        if options.purge:
            shutil.rmtree(runs.folder)
    text = f"stopped {environment.name}" if stopped else f"{environment.name} does not run"
    kept = "" if options.purge else f"; logs and secrets stay in .morrow/{environment.label}"
    return Outcome(text + (kept if stopped else ""), {"stopped": stopped})


def status(environment: Environment) -> Outcome:
    """Say what runs and whether it is ready."""
    runs = Runs(environment.project.state / environment.label)
    run = runs.serving()
    if run is None:
        alive = runs.alive()
        said = "runs but does not answer" if alive else "does not run"
        text = f"{environment.name} {said}; next: {typed()} up {environment.label}"
        return Outcome(text, {"environment": environment.label, "running": False}, ok=False)
    ready = ask(run.admin_port, "/readyz")
    info = ask(run.admin_port, "/info")
    ok = ready["status"] == 200
    wanted = fingerprint(environment, environment.settings, environment.secrets.revision)
    data = {
        "environment": environment.label,
        "running": True,
        "ready": ok,
        "pid": runs.pid(run),
        "url": url_of(run.port),
        "admin": url_of(run.admin_port),
        "release": run.release,
        "version": info.get("version"),
        "secrets_revision": run.secrets_revision,
        "since": run.started,
        "current": run.code == wanted,
        "checks": ready.get("checks"),
    }
    rows = [
        ("service", f"{environment.name}, pid {data['pid']}, {'ready' if ok else 'NOT ready'}"),
        ("URL", url_of(run.port)),
        ("probes", f"{url_of(run.admin_port)}readyz"),
        (
            "release",
            run.release + ("" if data["current"] else ", and the files have changed since"),
        ),
        ("secrets", f"revision {run.secrets_revision}"),
        ("running for", _ago(time.time() - run.started)),
    ]
    return Outcome(format_table(("", ""), rows, terminal.width), data, ok)


def logs(environment: Environment, options: LogsOptions) -> Outcome | None:
    """Show the last lines; follow through take-overs when asked."""
    runs = Runs(environment.project.state / environment.label)
    found = [run for run in runs.all() if runs.log(run).exists()]  # one killed early has none
    if not found:
        text = f"{environment.name} has not run here yet; next: {typed()} up {environment.label}"
        return Outcome(text, {"lines": []}, ok=False)
    run = next((r for r in found if runs.pid(r) is not None), found[0])
    with runs.log(run).open(errors="replace") as opened:
        lines = [line.rstrip("\n") for line in deque(opened, options.lines)]
        if not options.follow:
            return Outcome("\n".join(lines), {"lines": lines})
        terminal.result("\n".join(lines))
        stream = opened
        while True:
            if line := stream.readline():
                terminal.result(line.rstrip("\n"))
                continue
            newest = next(iter(runs.all()), run)
            if newest.number != run.number and runs.log(newest).exists():
                run = newest
                stream = runs.log(run).open(errors="replace")
                continue
            time.sleep(0.2)


def _ago(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
