"""The same service under another server: gunicorn, waitress, uvicorn, or another that takes it.

That server owns sockets, threads and signals. What Morrow cannot do there is said at start.
"""

import atexit
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from morrow.kit.health.admin import AdminServer
from morrow.kit.request.asgi import (
    Application,
    AsgiMiddleware,
    Places,
    Receive,
    Scope,
    Send,
)
from morrow.kit.request.logs import configure, fields
from morrow.kit.request.wsgi import Middleware
from morrow.kit.serving.declaration import Declaration
from morrow.kit.serving.hooks import run_starts, run_stops
from morrow.kit.serving.interface import Interface
from morrow.kit.serving.running import Running, prepare, read_own_settings
from morrow.kit.settings.loading import BAD_SETTINGS
from morrow.kit.settings.problem import StartError, logger

CANNOT = (
    "close kept-alive connections while it drains",
    "keep the listening socket when a worker dies",
    "hand its ports over to a successor",
    "finish requests longer than the server's own time limit",
)


def wsgi(service: Declaration) -> Callable[..., Any]:
    """Load the service, start its admin server and return the application for another server."""
    running = _start(service, "wsgi")
    limit = running.own.morrow_body_limit
    return Middleware(running.app, running.observer, ready=running.readiness, body_limit=limit)


def asgi(service: Declaration) -> Application:
    """Do the same for a server that speaks ASGI."""
    running = _start(service, "asgi")
    places, limit = Places(running.at_once.count), running.own.morrow_body_limit
    app = AsgiMiddleware(
        running.app,
        running.observer,
        places,
        body_limit=limit,
        ready=running.readiness,
        foreign=True,
    )
    running.busy = lambda: places.busy

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    return application


def _start(service: Declaration, interface: Interface) -> Running:
    configure()
    try:
        own = read_own_settings(lambda: service)
        running = prepare(service, own, called="service", main_pid=os.getpid())
        if running.interface != interface:
            raise StartError(
                "interface-other",
                f"the application is not {interface.upper()}: use service.{running.interface}()",
                BAD_SETTINGS,
            )
        running.may_close = False  # the Connection header is that server's
        running.begin_checks()
        run_starts(service.starts, running.settings, None)
        # The other server owns the end: it runs exit hooks when its requests are done.
        atexit.register(
            lambda: run_stops(
                service.stops, running.settings, None, time.monotonic() + own.morrow_grace
            )
        )
        _serve_admin(running)
        return running
    except StartError as error:
        raise SystemExit(error.log()) from None


def _serve_admin(running: Running) -> None:
    address = (running.own.morrow_host, running.own.morrow_admin_port)
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
    cannot = CANNOT if _drain_at_signal(running) else ("drain at SIGTERM", *CANNOT)
    logger.warning(
        "serving under another server, which cannot: %s",
        "; ".join(cannot),
        extra=fields(admin_port=listener.getsockname()[1]),
    )


def _drain_at_signal(running: Running) -> bool:
    """Put the drain before what the server does at SIGTERM, if this thread may."""
    if threading.current_thread() is not threading.main_thread():
        return False
    theirs = signal.getsignal(signal.SIGTERM)

    def drained(number: int, frame: FrameType | None) -> None:
        if running.observer.tracing is not None:
            running.observer.tracing.flush(5.0)
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
