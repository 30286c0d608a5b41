"""The same service under another server: gunicorn, waitress, or any that takes WSGI.

That server owns sockets, threads and signals. What Morrow cannot do there is said at start.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from types import FrameType

from morrow.kit.health.admin import AdminServer
from morrow.kit.request.logs import configure, fields
from morrow.kit.serving.declaration import Declaration
from morrow.kit.serving.running import Running, prepare, read_own_settings
from morrow.kit.settings.problem import StartError

logger = logging.getLogger("morrow")

CANNOT = (
    "close kept-alive connections while it drains",
    "keep the listening socket when a worker dies",
    "hand its ports over to a successor",
    "finish requests longer than the server's own time limit",
)


def start(service: Declaration) -> Running:
    """Load the service and start its admin server; end the process when that is impossible."""
    configure()
    try:
        return _start(service)
    except StartError as error:
        raise SystemExit(error.log()) from None


def _start(service: Declaration) -> Running:
    own = read_own_settings(lambda: service)
    running = prepare(service, own, called="service", main_pid=os.getpid(), may_close=False)
    address = (own.morrow_host, own.morrow_admin_port)
    try:
        listener = socket.create_server(address)
    except OSError as error:
        raise StartError(
            "port-taken",
            f"cannot listen on {address[0]} port {address[1]}: {error.strerror}; "
            "one worker process only, or set MORROW_ADMIN_PORT to another",
        ) from error
    AdminServer(listener, running.answer).start()
    running.started = True
    drains = _drain_at_signal(running)
    cannot = CANNOT if drains else ("drain at SIGTERM", *CANNOT)
    logger.warning(
        "serving under another server, which cannot: %s",
        "; ".join(cannot),
        extra=fields(admin_port=listener.getsockname()[1]),
    )
    return running


def _drain_at_signal(running: Running) -> bool:
    """Put the drain before what the server does at SIGTERM, if this thread may."""
    if threading.current_thread() is not threading.main_thread():
        return False
    theirs = signal.getsignal(signal.SIGTERM)

    def drained(number: int, frame: FrameType | None) -> None:
        if running.tracing is not None:
            running.tracing.flush(5.0)
        logger.info("stopping")
        if callable(theirs):
            theirs(number, frame)
        else:
            raise SystemExit(0)

    def drain(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, drained)
        running.begin_drain()
        logger.info("draining", extra=fields(for_s=running.own.morrow_drain))
        timer = threading.Timer(running.own.morrow_drain, os.kill, (os.getpid(), signal.SIGTERM))
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, drain)
    return True
