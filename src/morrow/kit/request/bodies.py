"""Bodies of requests: a limit, a time for each piece, and a place that is no thread.

A body is whole before the application gets a thread: in memory while it is short, else in a
file without a name.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar

IN_MEMORY = 1024**2
# So long the next piece of a body may take.
PATIENCE = 10.0
# So long what nobody wants is still read, so that its sender sees the answer.
LINGER = 5.0

Receive = Callable[[], Awaitable[Any]]
T = TypeVar("T")


class BodyRefused(Exception):
    """A request that is not taken, most often for its body, with the response that says so."""

    def __init__(self, status: str, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)


def too_large(limit: int) -> BodyRefused:
    """Return the answer to a body over the limit.

    >>> too_large(10).status
    '413 Content Too Large'
    """
    return BodyRefused("413 Content Too Large", f"the body is larger than {limit} bytes")


def two_hosts() -> BodyRefused:
    """Return the answer to a request that names two hosts: who is in front may have read the other.

    >>> two_hosts().status
    '400 Bad Request'
    """
    return BodyRefused("400 Bad Request", "there is more than one Host header")


def ended_early() -> BodyRefused:
    """Return the answer to a body that is broken, or whose client has left.

    >>> ended_early().status
    '400 Bad Request'
    """
    return BodyRefused("400 Bad Request", "the body ended early")


async def read(receive: Receive, limit: int, patience: float = PATIENCE) -> IO[bytes]:
    """Return the whole body, or raise BodyRefused.

    >>> async def receive():
    ...     return {"type": "http.request", "body": b"hello", "more_body": False}
    >>> asyncio.run(read(receive, 1024)).read()
    b'hello'
    """
    first = await _next(receive, patience)
    if not first[1]:
        if len(first[0]) > limit:
            raise too_large(limit)
        return io.BytesIO(first[0])
    body = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with the request
    taken, (piece, more) = 0, first
    while True:
        taken += len(piece)
        if taken > limit:
            raise too_large(limit)
        body.write(piece)
        if not more:
            body.seek(0)
            return body
        piece, more = await _next(receive, patience)


async def _next(receive: Receive, patience: float) -> tuple[bytes, bool]:
    try:
        message = await asyncio.wait_for(plain(receive()), patience)
    except TimeoutError:
        raise BodyRefused(
            "408 Request Timeout", f"no more of the body came for {patience:g} s"
        ) from None
    if message["type"] == "http.disconnect":
        raise ended_early()
    return message.get("body", b""), message.get("more_body", False)


async def plain(awaited: Awaitable[T]) -> T:
    """Wait as a coroutine does: what the server gives can be awaited, and is none."""
    return await awaited


async def linger(receive: Receive, seconds: float = LINGER) -> None:
    """Read and forget what is left of a refused body: a sender that is cut sees no answer."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return
    except TimeoutError:
        return
