"""The answer of a WSGI application, written to Granian: PEP 3333 to its last paragraph."""

import asyncio
from collections.abc import Callable
from typing import Any

from morrow.kit.request.bodies import left, plain
from morrow.kit.request.head import Head, Pair
from morrow.kit.request.request import STREAMING
from morrow.kit.request.wsgi import Streamed
from morrow.kit.serving.granian_server import is_done
from morrow.kit.settings.problem import logger

# A client that takes nothing of a stream for so long is cut.
SLOWEST_READER = 60.0
MOST_HELD = 64 * 1024


class BadAnswer(Exception):
    """The application gave a body without a head, or less than its head says."""


class Answer(Head):
    """One request on its way through the server, and its answer on the way to the client."""

    as_bytes = True
    # `at_once`: it runs on the server's own thread, that brought it.
    at_once = _gone = False
    _given = 0  # bytes of a stream
    _head: tuple[int, list[Pair]] | None

    def __init__(self, proto: Any, environ: dict[str, Any], server: Any) -> None:  # noqa: ANN401
        self.proto, self.environ, self.server = proto, environ, server
        # Asked again and again: quicker found here than in the class.
        self.refused = self._head = None
        self.started = self.gave_turn = self.sent = False

    def stream(self, result: Streamed) -> None:
        """Send what the application gives piece by piece."""
        try:
            self._pieces(result)
        finally:
            result.close()

    def tell(self, status: str, headers: list[Pair], exc_info: Any) -> Callable[[bytes], object]:  # noqa: ANN401
        """Take the status and the headers; they leave with the first byte of the body."""
        if exc_info is not None:
            try:
                if self.sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self._head is not None:
            raise AssertionError("start_response was called twice")
        self._head = (int(status[:3]), headers)
        return self.write

    def whole(self, parts: list[bytes]) -> None:
        """Send the body, or what is left of it, in one, if it is what the head promises."""
        body = b"".join(parts)
        self._compare(self._given + len(body))
        if self.length >= 0:
            body = body[: max(0, self.length - self._given)]
        self.send(body)

    def _compare(self, given: int) -> None:
        """Hold the body's length against what the head says: less is an error, more is cut."""
        if given == self.length or self.length < 0 or not self.may_have_body:
            return
        said = f"a body of {given} bytes, with Content-Length {self.length}"
        if given < self.length:
            self.closing, self.status = True, "500"
            raise BadAnswer(said)
        logger.error("%s: the rest is not sent", said)

    def fail_late(self) -> bool:
        """Say 500, unless something else has been said; tell whether it was."""
        if self.sent:
            return False
        self.fail(BadAnswer())
        return True

    def write(self, data: bytes) -> None:
        """Send at once, as applications expect that were written before iterables."""
        if data:
            self._piece(data)

    def send(self, body: bytes) -> None:
        """Send head and body in one."""
        if self.sent:
            self._last(body)
            return
        if self._head is None:
            raise BadAnswer("a body, and start_response was not called")
        self.sent = True
        if len(body) > MOST_HELD:
            self.server.observer.note_large(self)
        status, headers = self._head
        send = self.proto.send
        send({"type": "http.response.start", "status": status, "headers": headers})
        send({"type": "http.response.body", "body": body})

    def _pieces(self, pieces: Streamed) -> None:
        """Send what comes piece by piece, as fast as the client reads."""
        first = next((piece for piece in pieces if piece), b"")
        if not first or len(first) >= self.length >= 0:
            self.whole([first])
            for _ in pieces:
                pass  # what the application does after its last piece
            return
        self._piece(first)
        for piece in pieces:
            if self._gone:
                return
            if piece:
                self._piece(piece)
            if self.is_events and self.server.observer.ending:
                break  # its client comes back, to another pod
        self._compare(self._given)
        self._last(b"")

    def _begin(self) -> None:
        """Send the head of a stream, and give this thread's turn away."""
        if self._head is None:
            raise BadAnswer("a body, and start_response was not called")
        status, headers = self._head
        if self.length < 0 and self.environ["SERVER_PROTOCOL"] == "HTTP/1.0" and not self.closing:
            headers.append((b"Connection", b"close"))  # that is how its client sees the end
        self.sent = True
        self.stage = STREAMING
        self.gave_turn = self.server.begin_stream(self)
        self.proto.send({"type": "http.response.start", "status": status, "headers": headers})
        asyncio.run_coroutine_threadsafe(self._watch(), self.server.loop)
        self.server.observer.note_large(self)

    def _piece(self, data: bytes) -> None:
        if not self.sent:
            self._begin()
        self._given += len(data)
        self._wait({"type": "http.response.body", "body": data, "more_body": True})

    def _last(self, data: bytes) -> None:
        self._wait({"type": "http.response.body", "body": data, "more_body": False})

    def _wait(self, message: dict[str, Any]) -> None:
        waits = self.proto.send(message)
        if is_done(waits):
            return
        sent = asyncio.run_coroutine_threadsafe(plain(waits), self.server.loop)
        try:
            sent.result(SLOWEST_READER)
        except TimeoutError:
            sent.cancel()
            raise ConnectionError(
                f"the client took nothing of its answer for {SLOWEST_READER:g} s"
            ) from None

    async def _watch(self) -> None:
        """Note that the client has left: who makes pieces for it may stop."""
        await left(self.proto.receive)
        self._gone = True
