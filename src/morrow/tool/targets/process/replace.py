"""Let a new process of the service take over from the old one, or start the first."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.environment.model import Environment
from morrow.tool.programs.python import interpreter
from morrow.tool.stores.store import folders_of
from morrow.tool.targets.process.beside import Beside, stop_beside
from morrow.tool.targets.process.code import fingerprint
from morrow.tool.targets.process.servers import Servers
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


@dataclass(frozen=True)
class Wanted:
    """What shall run: what the files say, or what a verification makes of it."""

    settings: Mapping[str, str]
    revision: str
    release: str


def wanted_by(environment: Environment) -> Wanted:
    """Return what the files say."""
    settings, revision = environment.settings, environment.secrets.revision
    return Wanted(settings, revision, fingerprint(environment, settings, revision))


def ports_wanted(
    environment: Environment, old: Run | None, port: int | None = None, admin: int | None = None
) -> tuple[int, int]:
    """Return the two ports: as given, else those in use, unless the files changed theirs.

    With another `--port` the probes move as far: services side by side need two of each.
    """
    stated = ports_of(environment)
    kept = old and old.ports in ([], stated)
    http, probes = (old.port, old.admin_port) if old and kept else stated
    if port and port != http:
        moved = stated[1] + port - stated[0]
        probes = moved if 1024 <= moved <= 65535 else stated[1]
    return port or http, admin or probes


def replace(
    environment: Environment,
    wanted: Wanted,
    *,
    port: int | None = None,
    admin_port: int | None = None,
    timeout: float = READY,
    drain: bool = True,
) -> Outcome:
    """Bring the process to what is wanted; the lock is the caller's.

    Without `drain` the old process ends before the new one begins, as a plain restart does.
    """
    runs = Runs(environment)
    old = _serving_alone(runs)
    http, admin = ports_wanted(environment, old, port, admin_port)
    same_ports = old is not None and (old.port, old.admin_port) == (http, admin)
    goes_on = old is not None and same_ports and wanted.release in (old.release, old.code)
    if not goes_on:
        _require_free(environment, old, http, admin_port)
    Servers(environment).start()
    if old and goes_on:
        _start_what_is_missing(runs, old)
        return _serves(runs, old, "already runs")
    probes = admin if same_ports else free_port(admin)
    secrets = folders_of(environment).complete(environment, wanted.revision)
    if old and not drain:
        stop(runs, old)
    takes_over = old is not None and old.port == http and drain
    run = Run(
        number=runs.next_number(),
        port=http,
        admin_port=probes,
        release=wanted.release,
        secrets_revision=wanted.revision,
        started=time.time(),
        settings=dict(wanted.settings),
        ports=ports_of(environment),
    )
    runs.add(run)
    terminal.status(f"{'handing over to' if takes_over else 'starting'} {environment.name} …")
    variables = variables_of(runs, run, secrets)
    beside = Beside(runs, run, variables)
    beside.tasks()
    _start(runs, run, variables, timeout, old, takes_over=takes_over)
    _end_others(runs, run, old, takes_over=takes_over)
    beside.start()
    runs.prune()
    if probes != admin:
        terminal.say(f"port {admin} is taken; the probes are on {probes}")
    return _serves(runs, run, "took over" if old else "runs")


def _start_what_is_missing(runs: Runs, run: Run) -> None:
    """Start the processes beside the web process that have ended."""
    environment = runs.environment
    if environment.processes:
        secrets = folders_of(environment).complete(environment, run.secrets_revision)
        Beside(runs, run, variables_of(runs, run, secrets)).start()


def _require_free(
    environment: Environment, old: Run | None, http: int, admin_port: int | None
) -> None:
    """Refuse ports that somebody else holds; `admin_port` only where it was asked for."""
    if not (old and old.port == http) and taken(http):
        raise Failure(port_taken(environment, http))
    if admin_port and not (old and old.admin_port == admin_port) and taken(admin_port):
        raise Failure(port_taken(environment, admin_port, "--admin-port"))


def _start(
    runs: Runs,
    run: Run,
    variables: Mapping[str, str],
    timeout: float,
    old: Run | None,
    *,
    takes_over: bool,
) -> None:
    """Start the web process and wait until it is ready; end it where it does not become so."""
    project = runs.environment.project
    words = [interpreter(project).path, "-m", "morrow", project.app]
    child = spawn(project.source, runs.of(run) / "pid", runs.log(run), words, variables)
    try:
        wait_ready(runs, run, child, timeout, old if takes_over else None)
    except BaseException as stopped:
        if isinstance(stopped, KeyboardInterrupt):
            terminal.say("stopping the new process" + ("; the old one serves on" if old else ""))
        end(child)
        raise
    runs.mark_served(run)


def _end_others(runs: Runs, run: Run, old: Run | None, *, takes_over: bool) -> None:
    """Wait for the end of the old process, which after a takeover ends by itself."""
    if old is not None and runs.pid(old) is not None:
        if not takes_over:
            stop(runs, old)
        terminal.status("waiting for the old process to finish its requests …")
        if not gone(runs, old, DRAIN + GRACE + 5):
            terminal.warn(f"the old process (pid {runs.pid(old)}) still finishes its requests")
    for other in runs.all():
        if other.number != run.number:
            stop_beside(runs, other)


def _serving_alone(runs: Runs) -> Run | None:
    """Find the process that serves; stop those that a killed command left behind."""
    serving = runs.serving()
    for run in runs.alive():
        if serving is None or run.number > serving.number or run.port != serving.port:
            stop(runs, run)  # it never served, or listens on ports that are no longer used
        elif run.number < serving.number:
            gone(runs, run, DRAIN + GRACE + 5)  # it was replaced and finishes its requests
    return serving


def _serves(runs: Runs, run: Run, how: str) -> Outcome:
    tool, label = typed(), runs.environment.label
    next_ = [
        f"curl {url_of(run.port)}",
        f"{tool} verify {label} --during update",
        f"{tool} down {label}",
    ]
    text = "\n".join(
        [
            f"{runs.environment.name} {how} (pid {runs.pid(run)})",
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


def port_taken(environment: Environment, port: int, option: str = "--port") -> Problem:
    """Say who holds a port, and the command that takes another."""
    who = holder(port)
    if not who and port == 5000 and sys.platform == "darwin":
        who = "macOS's AirPlay receiver, most likely"
    other = free_port(5050 if port != 5050 else 0)
    command = f"{typed()} up {environment.label} {option} {other}"
    if "MAKELEVEL" in os.environ and option == "--port":
        command = f"make up PORT={other}"
    cause = f"it is held by {who}" if who else "it is held by a process that this user cannot see"
    return problem("port-taken", f"port {port}", cause, command=command)


def url_of(port: int) -> str:
    """Return where the port is reached."""
    return f"http://{HOST}:{port}/"


def ports_of(environment: Environment) -> list[int]:
    """Return the service's and the probes' port, as the files say."""
    http, admin = environment.value("ports", "http"), environment.value("ports", "admin")
    return [int(http or 5000), int(admin or 8081)]
