"""The target `process`: the service runs on this machine, with the settings of its file.

A new version or new settings take over: the new process gets the listening sockets from the
old one, becomes ready, and only then the old one finishes and ends. If the new one fails, the
old one serves on.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from morrow.tool import lock
from morrow.tool.environment import Environment
from morrow.tool.errors import Failure, Problem, problem
from morrow.tool.target import DownOptions, LogsOptions, Outcome, UpOptions
from morrow.tool.target_process_secrets import secrets_folder
from morrow.tool.target_process_start import (
    DRAIN,
    GRACE,
    end,
    gone,
    spawn,
    stop,
    variables_of,
    wait_ready,
)
from morrow.tool.target_process_state import HOST, Run, Runs, ask, free_port, holder, taken
from morrow.tool.terminal import format_table, terminal, typed

READY = 30.0  # seconds from the start to ready


def up(environment: Environment, options: UpOptions) -> Outcome:
    """Start the service, or let a new process take over from the one that runs."""
    with lock.held(environment, f"morrow up {environment.label}"):
        return replace(environment, port=options.port, timeout=options.timeout or READY)


def replace(
    environment: Environment,
    *,
    port: int | None = None,
    timeout: float = READY,
    config: Mapping[str, str] | None = None,
    revision: str | None = None,
    release: str | None = None,
    drain: bool = True,
) -> Outcome:
    """Bring the process to what is wanted; the lock is the caller's.

    `config`, `revision` and `release` are changes that `morrow verify` makes; without `drain`
    the old process ends before the new one begins, as a plain restart does.
    """
    runs = Runs(environment.project.state / environment.label)
    old = _settle(runs)
    settings = {**environment.config, **(config or {})}
    revision = revision or environment.secrets.revision
    wanted_port = port or (old.port if old else _port(environment, "http", 5000))
    release = release or fingerprint(environment, settings, revision)
    if old and release in (old.release, old.code) and old.port == wanted_port:
        return _serves(environment, runs, old, "already runs")
    same_port = old is not None and old.port == wanted_port
    if not same_port and taken(wanted_port):
        raise Failure(_port_taken(environment, wanted_port))
    wish = _port(environment, "admin", 8081)
    admin_port = old.admin_port if old and same_port else free_port(wish)
    secrets = secrets_folder(environment, revision)
    if old and not drain:
        stop(runs, old)
    number = runs.next_number()
    run = Run(number, wanted_port, admin_port, release, revision, time.time())
    runs.add(run)
    takes_over = old is not None and same_port and drain
    terminal.status(f"{'handing over to' if takes_over else 'starting'} {environment.name} …")
    variables = variables_of(environment, runs, run, settings, secrets)
    child = spawn(environment, runs, run, variables)
    try:
        wait_ready(environment, runs, run, child, timeout, old if takes_over else None)
    except BaseException as stopped:
        if isinstance(stopped, KeyboardInterrupt):
            terminal.say("stopping the new process" + ("; the old one serves on" if old else ""))
        end(child)
        raise
    runs.mark_served(run)
    if old is not None and runs.pid(old) is not None:
        if not takes_over:
            stop(runs, old)
        terminal.status("waiting for the old process to finish its requests …")
        if not gone(runs, old, DRAIN + GRACE + 5):
            terminal.warn(f"the old process (pid {runs.pid(old)}) still finishes its requests")
    runs.prune()
    if admin_port != wish:
        terminal.say(f"port {wish} is taken; the probes are on {admin_port}")
    return _serves(environment, runs, run, "took over" if old else "runs")


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
    wanted = fingerprint(environment, environment.config, environment.secrets.revision)
    data = {
        "environment": environment.label,
        "running": True,
        "ready": ok,
        "pid": runs.pid(run),
        "url": _url(run.port),
        "admin": _url(run.admin_port),
        "release": run.release,
        "version": info.get("version"),
        "secrets_revision": run.secrets_revision,
        "since": run.started,
        "current": run.code == wanted,
        "checks": ready.get("checks"),
    }
    rows = [
        ("service", f"{environment.name}, pid {data['pid']}, {'ready' if ok else 'NOT ready'}"),
        ("URL", _url(run.port)),
        ("probes", f"{_url(run.admin_port)}readyz"),
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
    found = runs.all()
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


# -- the steps -----------------------------------------------------------------------------


def _settle(runs: Runs) -> Run | None:
    """Find the process that serves; see off those that a killed command left behind."""
    serving = runs.serving()
    for run in runs.alive():
        if serving is None or run.number > serving.number or run.port != serving.port:
            stop(runs, run)  # it never came to serve, or serves where nobody asks any more
        elif run.number < serving.number:
            gone(runs, run, DRAIN + GRACE + 5)  # it was replaced and finishes its requests
    return serving


# -- what is said --------------------------------------------------------------------------


def _serves(environment: Environment, runs: Runs, run: Run, how: str) -> Outcome:
    tool, label = typed(), environment.label
    next_ = [
        f"curl {_url(run.port)}",
        f"{tool} verify {label} --during update",
        f"{tool} down {label}",
    ]
    text = "\n".join(
        [
            f"{environment.name} {how} (pid {runs.pid(run)})",
            f"  service  {_url(run.port)}",
            f"  probes   {_url(run.admin_port)}readyz",
            "next:",
            *(f"  {line}" for line in next_),
        ]
    )
    data = {
        "environment": label,
        "result": how.replace(" ", "-"),
        "pid": runs.pid(run),
        "url": _url(run.port),
        "admin": _url(run.admin_port),
        "release": run.release,
        "secrets_revision": run.secrets_revision,
        "next": next_,
    }
    return Outcome(text, data)


def _port_taken(environment: Environment, port: int) -> Problem:
    who = holder(port)
    if not who and port == 5000 and sys.platform == "darwin":
        who = "macOS's AirPlay receiver, most likely"
    other = free_port(5050 if port != 5050 else 0)
    command = f"{typed()} up {environment.label} --port {other}"
    if "MAKELEVEL" in os.environ:
        command = f"make up PORT={other}"
    cause = f"it is held by {who}" if who else "it is held by a process that this user cannot see"
    return problem("port-taken", f"port {port}", cause, command=command)


def _url(port: int) -> str:
    return f"http://{HOST}:{port}/"


def _ago(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _port(environment: Environment, which: str, usual: int) -> int:
    return int((environment.values.get("ports") or {}).get(which) or usual)


def fingerprint(environment: Environment, settings: Mapping[str, str], revision: str) -> str:
    """Name what would run: the code, the kit below it, the settings and the secrets' revision."""
    digest = hashlib.sha256()
    digest.update(
        json.dumps([environment.project.app, sorted(settings.items()), revision]).encode()
    )
    import morrow

    for root in (environment.project.source, Path(str(morrow.__file__)).parent / "kit"):
        for file in sorted(root.rglob("*")):
            parts = file.relative_to(root).parts
            if any(p.startswith(".") or p in ("__pycache__", "node_modules") for p in parts):
                continue
            if file.is_file():
                digest.update(str(file.relative_to(root)).encode() + b"\0")
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]
