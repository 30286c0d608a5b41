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
# What has come of a body is read in so many seconds.
AT_HAND = 0.5

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


def said(status: int, kind: bytes, body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two messages, as ASGI has them, of an answer of the kit's own.

    >>> said(200, b"text/plain", b"ok")[1]["body"]
    b'ok'
    """
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    start = {"type": "http.response.start", "status": status, "headers": headers}
    return start, {"type": "http.response.body", "body": body}


def bad_request(what: str) -> BodyRefused:
    """Return the answer to a request that is broken, or that who is in front may read differently.

    >>> bad_request(TWO_HOSTS).status
    '400 Bad Request'
    """
    return BodyRefused("400 Bad Request", what)


TWO_HOSTS = "there is more than one Host header"
ENDED_EARLY = "the body ended early"


async def read(receive: Receive, limit: int, patience: float = PATIENCE) -> IO[bytes]:
    """Return the whole body, or raise BodyRefused.

    >>> async def receive():
    ...     return {"type": "http.request", "body": b"hello", "more_body": False}
    >>> asyncio.run(read(receive, 1024)).read()
    b'hello'
    """
    message = await piece(receive, patience)
    taken = len(message["body"])
    if not message["more_body"] and taken <= limit:
        return io.BytesIO(message["body"])
    body = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with the request
    while taken <= limit:
        body.write(message["body"])
        if not message["more_body"]:
            body.seek(0)
            return body
        message = await piece(receive, patience)
        taken += len(message["body"])
    raise too_large(limit)


async def piece(receive: Receive, patience: float = PATIENCE) -> Any:  # noqa: ANN401 - the server's message
    """Return the next message of a body, or raise BodyRefused."""
    try:
        async with asyncio.timeout(patience):
            message = await receive()
    except TimeoutError:
        raise BodyRefused(
            "408 Request Timeout", f"no more of the body came for {patience:g} s"
        ) from None
    if message["type"] == "http.disconnect":
        raise bad_request(ENDED_EARLY)
    message.setdefault("body", b"")
    message.setdefault("more_body", False)
    return message


async def plain(awaited: Awaitable[T]) -> T:
    """Wait as a coroutine does: what the server gives can be awaited, and is none."""
    return await awaited


async def left(receive: Receive) -> None:
    """Wait until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def linger(receive: Receive, seconds: float = LINGER) -> bool:
    """Read and forget what is left of a body; tell whether it broke off.

    Of a refused one, since a sender that is cut sees no answer.
    """
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return True
                if not message.get("more_body"):
                    return False
    except TimeoutError:
        return False
