"""The worker: the process that loads the application and answers requests.

It does nothing at a signal. Its main process tells it by a socket what to do, and the end of
that socket, when the main process is gone, means "drain" as well.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from morrow.kit.health.admin import AdminServer, Answer
from morrow.kit.request.logs import fields
from morrow.kit.serving.drain import shut_down
from morrow.kit.serving.hooks import run_starts
from morrow.kit.serving.running import Running, prepare
from morrow.kit.serving.target import load_service
from morrow.kit.serving.words import READY, RETIRE
from morrow.kit.settings.own_settings import KitSettings
from morrow.kit.settings.problem import StartError, logger

if TYPE_CHECKING:
    from morrow.kit.serving.granian_server import GranianServer
    from morrow.kit.serving.own_server import OwnServer


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is to do."""

    target: str
    own: KitSettings
    listener: socket.socket
    admin_listener: socket.socket
    main_pid: int
    restarts: int
    first: bool


def work(job: Job, control: socket.socket) -> int:
    """Serve until told to stop; return the exit code."""
    for number in SIGNALS:
        # Not SIG_IGN: programs that the application starts would inherit it.
        signal.signal(number, lambda *_: None)
    # Nor may processes that it forks, as multiprocessing does, be deaf.
    os.register_at_fork(after_in_child=_hear_signals)
    running: Running | None = None

    def answer(path: str, openmetrics: bool) -> Answer:
        return running.answer(path, openmetrics) if running else _starting(path)

    admin = AdminServer(job.admin_listener, answer)
    if job.first:
        # A replacement stays silent until it can say "ready": its predecessor answers.
        admin.start()
    try:
        from morrow.kit.serving.own_server import own_server

        running = prepare(
            load_service(job.target),
            job.own,
            called=job.target,
            main_pid=job.main_pid,
            restarts=job.restarts,
        )
        server = own_server(running)
    except StartError as error:
        return error.log()
    known = running
    return server.run(lambda: _serve(job, control, known, server, admin))


def _hear_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)


def _serve(
    job: Job, control: socket.socket, running: Running, server: OwnServer, admin: AdminServer
) -> int:
    try:
        if not job.first:
            _wait_for_checks(running, job)
        run_starts(running.service.starts, running.settings, running.loop)
        connections = server.listen(job.listener)
    except StartError as error:
        return error.log()
    _say_serving(job, running, connections)
    if not job.first:
        admin.start()
    running.started = True
    control.send(READY)
    order = control.recv(1)
    return shut_down(running, server, connections, admin, control, replaced=order == RETIRE)


def _say_serving(job: Job, running: Running, connections: GranianServer) -> None:
    host, port = connections.address[:2]
    told = fields(
        url=f"http://{f'[{host}]' if ':' in host else host}:{port}",
        admin_port=job.admin_listener.getsockname()[1],
        interface=running.interface,
        threads=running.at_once.count,
        because=running.at_once.reason,
        pid=job.main_pid,
    )
    logger.info("serving", extra=told)


def _wait_for_checks(running: Running, job: Job) -> None:
    """Hold a replacement back until its critical checks pass: its predecessor serves meanwhile."""
    while any(state.critical and not state.up for state in running.checks.states()):
        if os.getppid() != job.main_pid:
            raise StartError("main-process-gone", "the main process is gone")
        time.sleep(0.05)


def _starting(path: str) -> Answer:
    if path == "/livez":
        return 200, "application/json", b'{"status": "alive", "checks": {}}\n'
    return 503, "application/json", b'{"status": "starting", "checks": {}}\n'
