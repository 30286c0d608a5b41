"""Bodies of requests: a limit, and no way for slow ones to take every thread.

The server has more threads than the application: ROOM of them may wait for clients. Who waits
for a body holds no slot of the application. Short bodies are complete before it is called.
"""

from __future__ import annotations

import io
import queue
import threading
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CHUNK = 64 * 1024
ROOM = 32
"""So many threads beyond the application's may wait for bodies."""
SPARE = 2
"""So many of them are never given to a slow body: they say 503."""
PATIENCE = 0.25
"""How long one of the spare threads waits for room. A body that has arrived makes it at once."""


class BodyRefused(Exception):
    """A body that is not taken, with the response that says so."""

    def __init__(self, status: str, message: str, *headers: tuple[str, str]) -> None:
        self.status, self.message, self.headers = status, message, headers
        super().__init__(message)


class Slots:
    """How many requests the application handles at once.

    >>> slots = Slots(4)
    >>> slots.take()
    >>> slots.busy()
    1
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._free: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(count):
            self._free.put(None)
        # Bound once: each request calls it.
        self.take = self._free.get

    def busy(self) -> int:
        """Return how many are taken.

        >>> Slots(4).busy()
        0
        """
        return self.count - self._free.qsize()

    def give(self) -> None:
        """Give a slot back.

        >>> slots = Slots(1)
        >>> slots.take(), slots.give(), slots.busy()
        (None, None, 0)
        """
        self._free.put(None)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Bodies:
    """The rules for all bodies of a service.

    >>> environ = {"CONTENT_LENGTH": "5", "wsgi.input": io.BytesIO(b"hello")}
    >>> Bodies(Slots(4), limit=1024).prepare(environ)
    >>> environ["wsgi.input"].read()
    b'hello'
    """

    def __init__(
        self, slots: Slots, limit: int, *, room: int = ROOM, patience: float = PATIENCE
    ) -> None:
        self.slots, self.limit, self.patience = slots, limit, patience
        self.shed = 0
        self.reading: dict[int, tuple[float, str]] = {}
        # The application's threads may wait as well, as long as they hold none of its slots.
        self._room = threading.Semaphore(slots.count + room - SPARE)

    def prepare(self, environ: WSGIEnvironment) -> None:
        """Put a guarded body into the environ, or raise BodyRefused. Needs no slot."""
        length = environ.get("CONTENT_LENGTH") or ""
        size = int(length) if length.isdecimal() else None
        if size == 0:
            return
        if size is not None and size > self.limit:
            raise self.too_large()
        body = _Body(self, environ, size)
        first = body.chunk()
        if len(first) < CHUNK or len(first) == size:
            environ["wsgi.input"] = io.BytesIO(first)
        else:
            environ["wsgi.input"] = io.BufferedReader(_Rest(body, first), CHUNK)

    def too_large(self) -> BodyRefused:
        """Return the answer to a body over the limit."""
        return BodyRefused("413 Content Too Large", f"the body is larger than {self.limit} bytes")

    def read(self, source: _Readable, size: int, client: str) -> bytes:
        """Read from the client, for as long as it takes, unless too many wait already."""
        if not self._room.acquire(timeout=self.patience):
            self.shed += 1
            raise BodyRefused(
                "503 Service Unavailable",
                "too many slow request bodies: try again",
                ("Retry-After", "1"),
            )
        me = threading.get_ident()
        self.reading[me] = (time.monotonic(), client)
        try:
            return source.read(size)
        except OSError as error:
            raise BodyRefused("400 Bad Request", "the body could not be read") from error
        finally:
            del self.reading[me]
            self._room.release()


class _Body:
    def __init__(self, rules: Bodies, environ: WSGIEnvironment, size: int | None) -> None:
        self._rules, self._environ = rules, environ
        self._source: _Readable = environ["wsgi.input"]
        self._client: str = environ.get("REMOTE_ADDR", "")
        self._left = size
        self._taken = 0

    def chunk(self) -> bytes:
        """Return the next chunk, empty at the end."""
        size = CHUNK if self._left is None else min(CHUNK, self._left)
        if size == 0:
            return b""
        try:
            data = self._rules.read(self._source, size, self._client)
            self._taken += len(data)
            if self._taken > self._rules.limit:
                raise self._rules.too_large()
        except BodyRefused as refused:
            raise self._refuse(refused) from refused.__cause__
        if self._left is not None:
            self._left -= len(data)
            if len(data) < size:
                raise self._refuse(
                    BodyRefused("400 Bad Request", "the body ended early or did not move")
                )
        return data

    def chunk_without_slot(self) -> bytes:
        """Return the next chunk for the application, which gives its slot back meanwhile."""
        self._rules.slots.give()
        try:
            return self.chunk()
        finally:
            self._rules.slots.take()

    def _refuse(self, refused: BodyRefused) -> BodyRefused:
        # The framework may catch the exception; the middleware still finds it here.
        self._environ["morrow.refused"] = refused
        return refused


class _Rest(io.RawIOBase):
    """What follows the first chunk, read as the application asks for it."""

    def __init__(self, body: _Body, first: bytes) -> None:
        self._body = body
        self._ready = memoryview(first)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if not self._ready:
            self._ready = memoryview(self._body.chunk_without_slot())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
