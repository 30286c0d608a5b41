"""The worker: the process that loads the application and answers requests.

It ignores signals. Its main process tells it by a socket what to do, and the end of that
socket, when the main process is gone, means "drain" as well.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from morrow.kit.health.admin import AdminServer, Answer
from morrow.kit.request.logs import fields
from morrow.kit.serving.running import Running, prepare
from morrow.kit.serving.target import load_service
from morrow.kit.settings.own_settings import KitSettings
from morrow.kit.settings.problem import BROKEN, StartError

if TYPE_CHECKING:
    from morrow.kit.serving.granian_server import GranianServer

logger = logging.getLogger("morrow")

READY, CLOSING, DRAIN, RETIRE = b"R", b"C", b"D", b"T"
"""What the two processes say to each other, one byte each."""

FLUSH = 3.0
"""Spans that the collector does not take in so many seconds are lost."""

SETTLE = 0.5
"""Who has just connected to a worker that is replaced sends its request within so many seconds."""

QUIET = 2.0
"""Without a running request for so long, connections that are still open are idle ones."""


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
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    running: Running | None = None

    def answer(path: str) -> Answer:
        return running.answer(path) if running else _starting(path)

    admin = AdminServer(job.admin_listener, answer)
    if job.first:
        # A replacement stays silent until it can say "ready": its predecessor answers.
        admin.start()
    try:
        running, server = _start(job)
    except StartError as error:
        return error.log()
    if not job.first:
        admin.start()
    running.started = True
    control.send(READY)
    order = control.recv(1)
    return shut_down(running, server, admin, control, replaced=order == RETIRE)


def _start(job: Job) -> tuple[Running, GranianServer]:
    from morrow.kit.serving.granian_server import GranianServer

    running = prepare(
        load_service(job.target),
        job.own,
        called=job.target,
        main_pid=job.main_pid,
        restarts=job.restarts,
    )
    if not job.first:
        _wait_for_checks(running, job)
    host, port = job.listener.getsockname()[:2]
    threads = running.threads
    server = GranianServer(running.application, job.listener, threads.count)
    server.start()
    told = fields(
        url=f"http://{host}:{port}",
        admin_port=job.admin_listener.getsockname()[1],
        threads=threads.count,
        because=threads.reason,
        pid=job.main_pid,
    )
    logger.info("serving", extra=told)
    return running, server


def _wait_for_checks(running: Running, job: Job) -> None:
    """Hold a replacement back until its critical checks pass: its predecessor serves meanwhile."""
    while any(state.critical and not state.up for state in running.checks.states()):
        if os.getppid() != job.main_pid:
            raise StartError("main-process-gone", "the main process is gone")
        time.sleep(0.05)


def shut_down(
    running: Running,
    server: GranianServer,
    admin: AdminServer,
    control: socket.socket,
    *,
    replaced: bool,
) -> int:
    """End the service in this order. Nothing else ends it, but a second signal."""
    own = running.own
    # 1. Readiness says no, unless another process has taken the ports over.
    running.begin_drain(replaced=replaced)
    if replaced:
        admin.stop()
    logger.info("draining", extra=fields(for_s=own.morrow_drain, replaced=replaced))
    # 2. New connections are served until every load balancer has heard of it.
    time.sleep(own.morrow_drain)
    # 3. No new connection is accepted, here or in the main process.
    _say(control, CLOSING)
    if replaced and sys.platform == "linux":
        server.leave_connections_to_others()
        time.sleep(SETTLE)
    server.stop_accepting()
    # 4. Running requests are finished.
    lost = _finish(running, server, own.morrow_grace)
    # 5. Checks end, spans of the last requests are sent, the last line is written.
    running.checks.stop()
    if running.tracing is not None:
        running.tracing.flush(FLUSH)
    logger.info("stopped", extra=fields(lost=lost))
    return BROKEN if lost else 0


def _finish(running: Running, server: GranianServer, grace: float) -> int:
    """Wait for running requests; return how many had to be cut, each told in a line."""
    end = time.monotonic() + grace
    quiet_since = time.monotonic()
    active = running.middleware.active
    # A client that has left closes its connection; what it asked for is finished all the same.
    while active or not server.finished.is_set():
        now = time.monotonic()
        if active:
            quiet_since = now
        if now - quiet_since > QUIET or now > end:
            break
        time.sleep(0.02)
    cut = list(active.values())
    for request in cut:
        told = fields(
            request_id=request.id,
            method=request.environ["REQUEST_METHOD"],
            path=request.environ["PATH_INFO"],
            running_s=round(time.monotonic() - request.began, 3),
        )
        logger.error("request cut", extra=told)
    return len(cut)


def _say(control: socket.socket, word: bytes) -> None:
    try:
        control.send(word)
    except OSError:
        logger.warning("the main process is gone")


def _starting(path: str) -> Answer:
    if path == "/livez":
        return 200, "application/json", b'{"status": "alive", "checks": {}}\n'
    return 503, "application/json", b'{"status": "starting", "checks": {}}\n'
