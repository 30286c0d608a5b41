"""Let a new process of the service take over from the old one, or start the first."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.environment.model import Environment
from morrow.tool.stores.files import complete
from morrow.tool.targets.process.start import (
    DRAIN,
    GRACE,
    end,
    gone,
    spawn,
    stop,
    variables_of,
    wait_ready,
)
from morrow.tool.targets.process.state import HOST, Run, Runs, free_port, holder, taken

READY = 30.0  # seconds from the start to ready


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
    settings = {**environment.settings, **(config or {})}
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
    secrets = complete(environment, revision)
    if old and not drain:
        stop(runs, old)
    number = runs.next_number()
    run = Run(number, wanted_port, admin_port, release, revision, time.time(), settings)
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


def _settle(runs: Runs) -> Run | None:
    """Find the process that serves; see off those that a killed command left behind."""
    serving = runs.serving()
    for run in runs.alive():
        if serving is None or run.number > serving.number or run.port != serving.port:
            stop(runs, run)  # it never came to serve, or serves where nobody asks any more
        elif run.number < serving.number:
            gone(runs, run, DRAIN + GRACE + 5)  # it was replaced and finishes its requests
    return serving


def _serves(environment: Environment, runs: Runs, run: Run, how: str) -> Outcome:
    tool, label = typed(), environment.label
    next_ = [
        f"curl {url_of(run.port)}",
        f"{tool} verify {label} --during update",
        f"{tool} down {label}",
    ]
    text = "\n".join(
        [
            f"{environment.name} {how} (pid {runs.pid(run)})",
            f"  service  {url_of(run.port)}",
            f"  probes   {url_of(run.admin_port)}readyz",
            "next:",
            *(f"  {line}" for line in next_),
        ]
    )
    data = {
        "environment": label,
        "result": how.replace(" ", "-"),
        "pid": runs.pid(run),
        "url": url_of(run.port),
        "admin": url_of(run.admin_port),
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


def url_of(port: int) -> str:
    """Return where the port is reached."""
    return f"http://{HOST}:{port}/"


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
