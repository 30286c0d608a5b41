"""A WSGI application on Granian: so many threads work, and no client can hold one.

A body is taken by the event loop before the application is called. An answer of one piece is
handed to the server whole. A stream keeps its thread, as its application expects, but gives
its turn to another thread. Granian has threads for all turns and one more, which only notes
who waits: a request runs on the thread that brought it, or on one that is free.

Granian makes these threads one by one, when it thinks that none is idle, and it takes the one for
idle that has just been given a request: another that comes at that moment stays with it until the
first is done. So until all of them are there, none works on what it brings.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from morrow.kit.request.bodies import TWO_HOSTS, BodyRefused, bad_request, linger, read, too_large
from morrow.kit.request.forwarded import Proxies
from morrow.kit.request.observer import Observer
from morrow.kit.request.request import READING, RUNNING, WAITING
from morrow.kit.request.threads import OF_REQUESTS
from morrow.kit.request.wsgi import Middleware, health
from morrow.kit.serving.connections import cut
from morrow.kit.serving.environ import environ_of
from morrow.kit.serving.granian_server import GranianServer, push
from morrow.kit.serving.wsgi_answer import Answer, BadAnswer
from morrow.kit.settings.problem import logger

if TYPE_CHECKING:
    import socket


# So many streams hold a thread of their own; further ones keep that of a request.
STREAMS = 32
# So long a thread of Granian's is held while there are too few: who comes then gets a new one.
HELD = 0.005

_NO_LENGTH = (None, "", "0")


class WsgiServer:
    """Runs requests of an application, so many at once."""

    def __init__(
        self,
        app: Middleware,
        observer: Observer,
        *,
        threads: int,
        body_limit: int,
        proxies: Proxies,
    ) -> None:
        self.app, self.observer, self.threads = app, observer, threads
        self.body_limit, self.proxies = body_limit, proxies
        self._believes = bool(proxies.networks)
        self.loop = asyncio.new_event_loop()
        self._pending: deque[Answer] = deque()
        # Free turns. To take one off a list, or put one back, is one step for all threads.
        self._free: list[None] = [None] * threads
        self.address: tuple[Any, ...] = ("", 0)
        self._known: set[int] = set()
        self._brought: set[int] = set()  # the server's threads
        self._streams = 0
        self._lent = 0  # threads of the server that streams hold
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
        return self.threads - len(self._free)

    def schedule(self, watcher: Any) -> None:  # noqa: ANN401 - Granian's
        """Take a request from the server. Never waits, and never raises."""
        try:
            scope, proto = watcher.scope, watcher.proto
            peer = scope["client"]
            if self._believes or peer[0][0] == ":":
                self.proxies.believe(scope)
            environ = environ_of(scope)
            path = environ["PATH_INFO"]
            if path == "/healthz":
                for message in health(self.app.ready, closing=self.observer.closing):
                    proto.send(message)
                return
            answer = Answer(proto, environ, self)
            get = environ.get
            client, given = environ["REMOTE_ADDR"], get("HTTP_X_REQUEST_ID")
            self.observer.begin(scope["method"], path, client, given, answer)
            answer.peer, answer.scheme = peer, scope["scheme"]
            if "," in get("HTTP_HOST", ""):  # two are joined so
                answer.refused = bad_request(TWO_HOSTS)
            if get("CONTENT_LENGTH") not in _NO_LENGTH or "HTTP_TRANSFER_ENCODING" in environ:
                answer.stage = READING
                self.loop.call_soon_threadsafe(self._read, answer)
                return
            answer.stage = WAITING
            self._pending.append(answer)
            gathered = len(self._brought) > self.threads
            if gathered and self._lent <= len(self._free) - 1:
                self.work(at_once=True)
            elif self._free:
                self._helpers.submit(self.work)  # streams hold the server's threads
            if not gathered:
                self._brought.add(threading.get_ident())
                time.sleep(HELD)
        except BaseException:
            logger.critical("a request could not be taken", exc_info=True)

    def _read(self, answer: Answer) -> None:
        task = self.loop.create_task(self._take_body(answer))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _take_body(self, answer: Answer) -> None:
        environ, receive = answer.environ, answer.proto.receive
        length = environ.get("CONTENT_LENGTH") or ""
        refused = answer.refused
        try:
            if length.isdecimal() and int(length) > self.body_limit:
                raise too_large(self.body_limit)
            if refused is None:
                body = environ["wsgi.input"] = await read(receive, self.body_limit)
                # It is whole: applications that know no chunks need not be told of them.
                if environ.pop("HTTP_TRANSFER_ENCODING", None):
                    environ["CONTENT_LENGTH"] = str(body.seek(0, 2))
                    body.seek(0)
        except BodyRefused as error:
            refused = error
        except Exception:
            logger.exception("a body could not be taken")
            refused = bad_request("the body could not be read")
        if refused is not None:
            # What is left of the body would be read as the next request.
            answer.closing = True
            answer.refused = refused
        answer.stage = WAITING
        self._pending.append(answer)
        self._helpers.submit(self.work)
        if refused is not None:
            waits = "HTTP_EXPECT" in environ
            while waits:  # to read a body is to ask for it: the answer goes first
                waits = not answer.sent
                await asyncio.sleep(0.02)
            await linger(receive)

    def work(self, *, at_once: bool = False) -> None:
        """Run who waits, as long as there is a turn for it."""
        if (me := threading.get_ident()) not in self._known:
            self._known.add(me)
            # Threads inherit it: what the application starts here is waited for at the end.
            threading.current_thread()._daemonic = False  # type: ignore[attr-defined]
        free, pending, face = self._free, self._pending, self.app
        while pending:
            try:
                free.pop()
            except IndexError:
                return  # who gives a turn back looks for the next by itself
            holds = True
            try:
                while holds and pending:
                    answer = pending.popleft()
                    answer.stage, answer.at_once = RUNNING, at_once
                    try:
                        streamed = face.answer(answer.environ, answer)
                        if streamed is not None:
                            answer.stream(streamed)
                    except BaseException as error:
                        self._fail(answer, error)
                    finally:
                        if answer.gave_turn:
                            self.end_stream(answer)
                            holds = False
            except IndexError:
                pass  # another thread was faster
            finally:
                if holds:
                    free.append(None)

    def _fail(self, answer: Answer, error: BaseException) -> None:
        # The middleware has told what the application raised. Its client must not take
        # the part that it has for the whole.
        if isinstance(error, (ConnectionError, BadAnswer)):
            logger.error("%s", error)
        elif not isinstance(error, Exception):
            logger.error("the application raised", exc_info=error)
        if not answer.fail_late():
            asyncio.run_coroutine_threadsafe(push(answer.proto), self.loop).result()
            cut(self.address[1], answer.peer)
        self.observer.finish(answer)

    def begin_stream(self, answer: Answer) -> bool:
        """Give this thread's turn to another, if there is room for one more stream."""
        with self._lock:
            if self._streams >= STREAMS:
                return False
            self._streams += 1
            self._lent += answer.at_once
        self._free.append(None)
        if self._pending:
            self._helpers.submit(self.work)
        return True

    def end_stream(self, answer: Answer) -> None:
        """Make room for another stream."""
        with self._lock:
            self._streams -= 1
            self._lent -= answer.at_once
