"""A WSGI application on Granian: so many threads work, and no client can hold one.

A body is taken by the event loop before the application is called. An answer of one piece is
handed to the server whole. A stream keeps its thread, as its application expects, but gives
its turn to another thread. Granian has threads for all of these and one more, which only
notes who waits: a request runs on the thread that brought it, or on one that is free.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from morrow.kit.request.bodies import BodyRefused, linger, read, too_large, two_hosts
from morrow.kit.request.forwarded import Proxies
from morrow.kit.request.observer import Observer
from morrow.kit.request.request import READING, RUNNING, WAITING, Request
from morrow.kit.request.threads import OF_REQUESTS
from morrow.kit.serving.connections import cut
from morrow.kit.serving.environ import environ_of
from morrow.kit.serving.granian_server import GranianServer
from morrow.kit.serving.wsgi_answer import Answer, NotStarted

if TYPE_CHECKING:
    import socket

    from _typeshed.wsgi import WSGIApplication

logger = logging.getLogger("morrow")

STREAMS = 32
"""So many streams hold a thread of their own; further ones keep that of a request."""


class Turn:
    """One request on its way through the server."""

    __slots__ = ("environ", "proto", "request")

    def __init__(self, request: Request, environ: dict[str, Any], proto: Any) -> None:  # noqa: ANN401
        self.request, self.environ, self.proto = request, environ, proto


class WsgiServer:
    """Runs requests of an application, so many at once."""

    def __init__(
        self,
        app: WSGIApplication,
        observer: Observer,
        *,
        threads: int,
        body_limit: int,
        proxies: Proxies,
    ) -> None:
        self.app, self.observer, self.threads = app, observer, threads
        self.body_limit, self.proxies = body_limit, proxies
        self.loop = asyncio.new_event_loop()
        self._pending: deque[Turn] = deque()
        # Free turns. A queue, for its get and put are one step for all threads.
        self._free: queue.SimpleQueue[None] = queue.SimpleQueue()
        # Granian's threads that may run a request. One is always left to take the next.
        self._inline: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(threads):
            self._free.put(None)
            self._inline.put(None)
        self.address: tuple[Any, ...] = ("", 0)
        self._known: set[int] = set()
        self._streams = 0
        self._lock = threading.Lock()
        self._helpers = ThreadPoolExecutor(threads + STREAMS, OF_REQUESTS)
        self._reading: set[asyncio.Task[None]] = set()

    def listen(self, listener: socket.socket) -> GranianServer:
        """Serve the socket from now on; return the server of its connections."""
        threading.Thread(target=self._run_loop, name="bodies", daemon=True).start()
        self.address = listener.getsockname()
        server = GranianServer(
            self.schedule, listener, self.loop, threads=self.threads + 1, websockets=False
        )
        server.start()
        return server

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def run(self, job: Callable[[], int]) -> int:
        """Do the job; the requests have their own threads."""
        return job()

    def end_endless(self) -> None:
        """Do nothing: streams of events look for the end between two events."""

    def stop(self, seconds: float) -> bool:
        """Do nothing: a WSGI application has no shutdown of its own."""
        return True

    @property
    def busy(self) -> int:
        """How many threads the application has now."""
        return self.threads - self._free.qsize()

    def schedule(self, watcher: Any) -> None:  # noqa: ANN401 - Granian's
        """Take a request from the server. Never waits, and never raises."""
        try:
            self._take(watcher.scope, watcher.proto)
        except BaseException:
            logger.critical("a request could not be taken", exc_info=True)

    def _take(self, scope: dict[str, Any], proto: Any) -> None:  # noqa: ANN401 - Granian's
        host, port = scope["client"]
        self.proxies.apply(scope)
        environ = environ_of(scope)
        path = environ["PATH_INFO"]
        if path == "/healthz":
            unnoted = Request("", "GET", path, host)
            Answer(proto, self, unnoted).deliver(self.app, environ)
            return
        request = self.observer.begin(
            scope["method"], path, environ["REMOTE_ADDR"], environ.get("HTTP_X_REQUEST_ID")
        )
        request.scheme = scope["scheme"]
        request.peer = host, port
        environ["morrow.request"] = request
        if "," in environ.get("HTTP_HOST", ""):  # two are joined so
            environ["morrow.refused"] = two_hosts()
        turn = Turn(request, environ, proto)
        length = environ.get("CONTENT_LENGTH")
        if (length and length != "0") or "HTTP_TRANSFER_ENCODING" in environ:
            request.stage = READING
            self.loop.call_soon_threadsafe(self._read, turn)
            return
        request.stage = WAITING
        self._pending.append(turn)
        try:
            self._inline.get_nowait()
        except queue.Empty:
            # Streams hold the server's threads, or all turns are taken.
            if not self._free.empty():
                self._helpers.submit(self.work)
            return
        try:
            self.work()
        finally:
            self._inline.put(None)

    def _read(self, turn: Turn) -> None:
        task = self.loop.create_task(self._take_body(turn))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _take_body(self, turn: Turn) -> None:
        environ, receive = turn.environ, turn.proto.receive
        length = environ.get("CONTENT_LENGTH") or ""
        refused: BodyRefused | None = None
        try:
            if length.isdecimal() and int(length) > self.body_limit:
                raise too_large(self.body_limit)
            environ["wsgi.input"] = await read(receive, self.body_limit)
        except BodyRefused as error:
            refused = error
        except Exception:
            logger.exception("a body could not be taken")
            refused = BodyRefused("400 Bad Request", "the body could not be read")
        if refused is not None:
            # What is left of the body would be read as the next request.
            turn.request.closing = True
            environ["morrow.refused"] = refused
        turn.request.stage = WAITING
        self._pending.append(turn)
        self._helpers.submit(self.work)
        if refused is not None:
            await linger(receive)

    def work(self) -> None:
        """Run who waits, as long as there is a turn for it."""
        if (me := threading.get_ident()) not in self._known:
            self._known.add(me)
            # Threads inherit it: what the application starts here is waited for at the end.
            threading.current_thread()._daemonic = False  # type: ignore[attr-defined]
        while self._pending:
            try:
                self._free.get_nowait()
            except queue.Empty:
                return  # who gives a turn back looks for the next by itself
            holds = True
            try:
                while holds:
                    holds = self._run(self._pending.popleft())
            except IndexError:
                pass
            finally:
                if holds:
                    self._free.put(None)

    def _run(self, turn: Turn) -> bool:
        """Answer one request; tell whether this thread still holds its turn."""
        turn.request.stage = RUNNING
        answer = Answer(turn.proto, self, turn.request)
        try:
            answer.deliver(self.app, turn.environ)
        except BaseException as error:
            # The middleware has told what the application raised. Its client must not take
            # the part that it has for the whole.
            if isinstance(error, (ConnectionError, NotStarted)):
                logger.error("%s", error)
            if not answer.fail():
                cut(self.address[1], turn.request.peer)
            self.observer.finish(turn.request)
        return not answer.gave_turn

    def begin_stream(self) -> bool:
        """Give this thread's turn to another, if there is room for one more stream."""
        with self._lock:
            if self._streams >= STREAMS:
                return False
            self._streams += 1
        self._free.put(None)
        if self._pending:
            self._helpers.submit(self.work)
        return True

    def end_stream(self) -> None:
        """Make room for another stream."""
        with self._lock:
            self._streams -= 1
