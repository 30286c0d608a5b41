"""The answer of a WSGI application, written to Granian: PEP 3333 to its last paragraph."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from morrow.kit.request.request import STREAMING, Request
from morrow.kit.serving.granian_server import is_done

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from morrow.kit.request.observer import Observer

logger = logging.getLogger("morrow")

SLOWEST_READER = 60.0
"""A client that takes nothing of a stream for so long is cut."""
MOST_HELD = 64 * 1024

Headers = list[tuple[str, str]]


class NotStarted(Exception):
    """The application gave a body without a head."""


class Streams(Protocol):
    """What an answer needs of its server."""

    loop: asyncio.AbstractEventLoop
    observer: Observer

    def begin_stream(self) -> bool:
        """Give this thread's turn away, if there is room for a stream."""

    def end_stream(self) -> None:
        """Make room again."""


class Answer:
    """One answer on its way to the client."""

    def __init__(self, proto: Any, server: Streams, request: Request) -> None:  # noqa: ANN401
        self._proto, self._server, self._request = proto, server, request
        self._head: tuple[int, list[tuple[bytes, bytes]]] | None = None
        self._sent = False  # the head is out
        self._written: list[bytes] = []
        self._gone = False
        self.gave_turn = False

    def deliver(self, app: WSGIApplication, environ: dict[str, Any]) -> None:
        """Call the application and send what it answers."""
        result = app(environ, self.start)
        if type(result) is list:
            self._whole(b"".join(result))
            return
        try:
            self._pieces(iter(result))
        finally:
            closing = getattr(result, "close", None)
            if closing is not None:
                closing()
            if self.gave_turn:
                self._server.end_stream()

    def start(
        self,
        status: str,
        headers: Headers,
        exc_info: Any = None,  # noqa: ANN401 - as in PEP 3333
    ) -> Callable[[bytes], object]:
        """Take the status and the headers; they leave with the first byte of the body."""
        if exc_info is not None:
            try:
                if self._sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self._head is not None:
            raise AssertionError("start_response was called twice")
        self._head = (
            int(status[:3]),
            [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        )
        return self.write

    def fail(self) -> bool:
        """Say 500, unless something else has been said; tell whether it was."""
        if self._sent:
            return False
        body = b"Internal Server Error\n"
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        self._head, self._written = (500, headers), []
        self._whole(body)
        return True

    def write(self, data: bytes) -> None:
        """Send, as applications do that were written before iterables."""
        self._written.append(data)
        if self._sent or sum(map(len, self._written)) > MOST_HELD:
            held, self._written = b"".join(self._written), []
            self._piece(held)

    def _whole(self, body: bytes) -> None:
        """Send head and body in one."""
        if self._written:
            body = b"".join((*self._written, body))
        if self._sent:
            self._last(body)
            return
        if self._head is None:
            raise NotStarted("the application did not call start_response")
        send = self._proto.send
        status, headers = self._head
        self._sent = True
        if len(body) > MOST_HELD:
            self._server.observer.note_large(self._request)
        send({"type": "http.response.start", "status": status, "headers": headers})
        send({"type": "http.response.body", "body": body})

    def _pieces(self, pieces: Iterator[bytes]) -> None:
        """Send what comes piece by piece, as fast as the client reads."""
        first = next((piece for piece in pieces if piece), b"")
        if not first or len(first) == self._request.length:
            self._whole(first)
            return
        self._piece(b"".join((*self._written, first)))
        self._written = []
        for piece in pieces:
            if self._gone:
                return
            if piece:
                self._piece(piece)
            if self._request.is_events and self._server.observer.ending:
                break  # its client comes back, to another pod
        self._last(b"")

    def _begin(self) -> None:
        """Send the head of a stream, and give this thread's turn away."""
        if self._head is None:
            raise NotStarted("the application did not call start_response")
        status, headers = self._head
        self._sent = True
        self._request.stage = STREAMING
        self.gave_turn = self._server.begin_stream()
        self._proto.send({"type": "http.response.start", "status": status, "headers": headers})
        asyncio.run_coroutine_threadsafe(self._watch(), self._server.loop)
        self._server.observer.note_large(self._request)

    def _piece(self, data: bytes) -> None:
        if not self._sent:
            self._begin()
        self._wait({"type": "http.response.body", "body": data, "more_body": True})

    def _last(self, data: bytes) -> None:
        self._wait({"type": "http.response.body", "body": data, "more_body": False})

    def _wait(self, message: dict[str, Any]) -> None:
        waits = self._proto.send(message)
        if is_done(waits):
            return
        sent = asyncio.run_coroutine_threadsafe(_plain(waits), self._server.loop)
        try:
            sent.result(SLOWEST_READER)
        except TimeoutError:
            sent.cancel()
            raise ConnectionError(
                f"the client took nothing of its answer for {SLOWEST_READER:g} s"
            ) from None

    async def _watch(self) -> None:
        """Note that the client has left: who makes pieces for it may stop."""
        while (await self._proto.receive())["type"] != "http.disconnect":
            pass
        self._gone = True


async def _plain(waits: Awaitable[object]) -> None:
    # What Granian gives can be awaited, and is no coroutine.
    await waits
