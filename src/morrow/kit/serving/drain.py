"""The end of a worker: what runs is finished, and what had to be cut is told by name."""

from __future__ import annotations

import atexit
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

from morrow.kit.health.admin import AdminServer
from morrow.kit.request.logs import fields
from morrow.kit.request.request import STREAMING, WEBSOCKET, Request
from morrow.kit.request.threads import OF_REQUESTS
from morrow.kit.serving.connections import unsent
from morrow.kit.serving.hooks import run_stops
from morrow.kit.serving.running import Running
from morrow.kit.serving.words import CLOSING
from morrow.kit.settings.problem import BROKEN, logger

if TYPE_CHECKING:
    from morrow.kit.serving.granian_server import GranianServer
    from morrow.kit.serving.own_server import OwnServer


# Spans that the collector does not take in so many seconds are lost.
FLUSH = 3.0

# Who has just connected to a worker that is replaced sends its request within so many seconds.
SETTLE = 0.5

# So long websockets have to be closed before the server drops them.
CLOSE = 2.0

# With nothing running and nothing unsent for so long, connections still open are idle ones.
QUIET = 2.0


def shut_down(
    running: Running,
    server: OwnServer,
    connections: GranianServer,
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
    try:
        control.send(CLOSING)
    except OSError:
        logger.warning("the main process is gone")
    if replaced and sys.platform == "linux":
        connections.leave_connections_to_others()
        time.sleep(SETTLE)
    # 4. What has no end is ended. The server would drop websockets without their last word.
    end = time.monotonic() + own.morrow_grace
    running.observer.ending = True
    server.end_endless()
    _let_websockets_close(running, min(end, time.monotonic() + CLOSE))
    connections.stop_accepting()
    # 5. Running requests are finished to their last byte.
    lost = _finish(running, connections, end)
    # 6. The application cleans up, its background jobs and exit hooks run to their end.
    lost += run_stops(running.service.stops, running.settings, running.loop, end)
    lost += not server.stop(end - time.monotonic())
    lost += _finish_jobs(end)
    # 7. Checks end, spans of the last requests are sent, the last line is written.
    running.checks.stop()
    if running.observer.tracing is not None:
        running.observer.tracing.flush(FLUSH)
    logger.info("stopped", extra=fields(lost=lost))
    return BROKEN if lost else 0


def _finish(running: Running, connections: GranianServer, end: float) -> int:
    """Wait for requests and their answers; return how many had to be cut, each told in a line."""
    active, port = running.observer.active, connections.address[1]
    quiet_since = time.monotonic()
    while active or not connections.finished.is_set():
        now = time.monotonic()
        if active or unsent(port):
            quiet_since = now
        if now - quiet_since > QUIET or now > end:
            break
        time.sleep(0.02)
    cut = list(active)
    for request in cut:
        _tell(request, request.stage if request.stage in (STREAMING, WEBSOCKET) else "request")
    still = {} if connections.finished.is_set() else unsent(port)
    known = {request.peer for request in cut}
    for peer, left in still.items():
        if peer in known:
            continue
        answered = running.observer.large.get(peer)
        if answered is not None:
            _tell(answered, "response", unsent_bytes=left)
        else:
            logger.error("response cut", extra=fields(client=peer[0], unsent_bytes=left))
    return len(cut) + len(still.keys() - known)


def _let_websockets_close(running: Running, end: float) -> None:
    """Wait until those that were open are closed, and their last frames are written."""
    open_ones = [one for one in running.observer.active if one.stage == WEBSOCKET]
    while any(one in running.observer.active for one in open_ones) and time.monotonic() < end:
        time.sleep(0.01)
    if open_ones:
        time.sleep(0.1)


def _tell(request: Request, kind: str, **more: object) -> None:
    told = fields(
        request_id=request.id,
        method=request.method,
        path=request.path,
        running_s=round(time.monotonic() - request.began, 3),
        **more,
    )
    logger.error("%s cut", kind, extra=told)


def _finish_jobs(end: float) -> int:
    """Wait for threads of the application and its exit hooks, as the interpreter does at its end.

    Return how many were cut.
    """
    waiting = threading.Thread(target=_leave, name="leave", daemon=True)
    waiting.start()
    waiting.join(max(0.1, end - time.monotonic()))
    if not waiting.is_alive():
        return 0
    atexit._clear()  # those that had begun must not begin once more when this process ends
    jobs = [
        one.name
        for one in threading.enumerate()
        if not one.daemon
        and one is not threading.main_thread()
        and not one.name.startswith(OF_REQUESTS)
        # The server's own threads, as Python sees them.
        and not isinstance(one, threading._DummyThread)
    ]
    for name in jobs or ["an exit hook"]:
        logger.error("background job cut: %s", name, extra=fields(job=name))
    return len(jobs) or 1


def _leave() -> None:
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
