"""One request or websocket of an ASGI application: what is received, sent, and left open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from morrow.kit.request.bodies import PATIENCE, BodyRefused, ended_early, linger, too_large
from morrow.kit.request.observer import Observer
from morrow.kit.request.request import READING, RUNNING, STREAMING, WAITING, WEBSOCKET, Request

logger = logging.getLogger("morrow")

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MOST_HELD = 64 * 1024
RESTARTING = 1012
"""The code of a websocket that is closed because the service restarts."""


class Places:
    """How many requests the application works on at once; streams and slow bodies hold none.

    >>> places = Places(2)
    >>> places.try_take(), places.busy
    (True, 1)
    """

    def __init__(self, count: int) -> None:
        self.count, self.busy = count, 0
        self._waiting: list[asyncio.Future[None]] = []

    def try_take(self) -> bool:
        """Take a place if one is free and nobody waits.

        >>> Places(1).try_take()
        True
        """
        if self.busy < self.count and not self._waiting:
            self.busy += 1
            return True
        return False

    async def take(self) -> None:
        """Wait for a place."""
        if self.try_take():
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give()
            else:
                self._waiting.remove(turn)
            raise

    def give(self) -> None:
        """Give a place back, to who has waited longest.

        >>> places = Places(1)
        >>> places.try_take(), places.give(), places.busy
        (True, None, 0)
        """
        while self._waiting:
            turn = self._waiting.pop(0)
            if not turn.done():
                turn.set_result(None)
                return
        self.busy -= 1


class Around(Protocol):
    """What an exchange needs of the middleware."""

    observer: Observer
    places: Places
    body_limit: int


class Exchange:
    """One HTTP request and its answer."""

    def __init__(self, around: Around, request: Request, receive: Receive, send: Send) -> None:
        self.request = request
        self._around = around
        self._receive, self._send = receive, send
        self.has_body = False
        self._holds = False
        self._started = self._ended = False
        self._whole = False  # the body of the request has been taken
        self._taken = 0
        self._endless = False
        self.broken = False
        self._refusing = False
        self._left: asyncio.Future[None] | None = None
        self._refused: BodyRefused | None = None
        self._ending: asyncio.Event | None = None

    async def enter(self) -> None:
        """Take a place among the running requests."""
        if not self._around.places.try_take():
            self.request.stage = WAITING
            await self._around.places.take()
            self.request.stage = RUNNING
        self._holds = True

    def forget(self) -> None:
        """Wait for the client no longer."""
        self.leave()
        if self._left is not None:
            self._left.cancel()

    def leave(self) -> None:
        """Give the place back."""
        if self._holds:
            self._holds = False
            self._around.places.give()

    async def receive(self) -> Message:
        """Give the application the next piece of the body, bounded and timed."""
        if self._refused is not None:
            return {"type": "http.disconnect"}
        if self._whole:
            return await self._disconnect()
        if not self.has_body:
            self._whole = True
            return {"type": "http.request", "body": b"", "more_body": False}
        held, self.request.stage = self._holds, READING
        # Who waits for a client holds no place.
        self.leave()
        try:
            message = await asyncio.wait_for(_plain(self._receive), PATIENCE)
        except TimeoutError:
            said = f"no more of the body came for {PATIENCE:g} s"
            self._refused = BodyRefused("408 Request Timeout", said)
            return {"type": "http.disconnect"}
        finally:
            if held:
                await self.enter()
            self.request.stage = STREAMING if self._started and not self._holds else RUNNING
        if message["type"] != "http.request":
            self._refused = ended_early()
            return message
        self._taken += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._taken > self._around.body_limit:
            self._refused = too_large(self._around.body_limit)
            return {"type": "http.disconnect"}
        return message

    async def _disconnect(self) -> Message:
        """Wait for the client to leave, or, with a stream of events, for the service's end."""
        waits: set[asyncio.Future[Any]] = {self._watch()}
        if self._endless and self._ending is not None:
            waits.add(asyncio.ensure_future(self._ending.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return {"type": "http.disconnect"}
        finally:
            for one in waits - {self._left}:
                one.cancel()

    def _watch(self) -> asyncio.Future[None]:
        """Return what is done when the client has left. Asked of the server once."""
        if self._left is None:
            self._left = asyncio.ensure_future(self._leaves())
        return self._left

    async def _leaves(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def send(self, message: Message) -> None:
        """Pass on what the application answers."""
        if self._refused is not None and not self._started and not self._refusing:
            return  # it answers to half a body; ours is the answer
        kind = message["type"]
        if kind == "http.response.start":
            message = self._start(message)
        elif kind == "http.response.body":
            more = message.get("more_body", False)
            self._ended = not more
            if more and self._holds:
                # A stream lasts as long as its client likes.
                self.request.stage = STREAMING
                self.leave()
                self._around.observer.note_large(self.request)
                if self._whole or not self.has_body:
                    self._watch()
            elif len(message.get("body", b"")) > MOST_HELD:
                self._around.observer.note_large(self.request)
        elif kind == "http.response.pathsend":
            self._ended = True
        if self._left is not None and self._left.done() and not self._ended:
            raise OSError("the client has left")
        await self._send(message)

    def _start(self, message: Message) -> Message:
        request = self.request
        headers = []
        for name, value in message.get("headers") or ():
            lower = bytes(name).lower()
            if lower == b"x-request-id" or (request.closing and lower == b"connection"):
                continue
            if lower == b"content-type" and bytes(value).startswith(b"text/event-stream"):
                self._endless = True
                self._ending = asyncio.Event()
                if self._around.observer.ending:
                    self._ending.set()
            headers.append((name, value))
        headers.append((b"x-request-id", request.id.encode()))
        if request.closing:
            headers.append((b"connection", b"close"))
        self._started = True
        request.status = str(message["status"])
        return {**message, "headers": headers}

    def end(self) -> None:
        """Let an endless stream end: its client comes back to another pod."""
        if self._ending is not None:
            self._ending.set()

    async def complete(self) -> None:
        """End what the application left open."""
        if not self._started and self._refused is not None:
            await self.refuse(self._refused)
        elif not self._started:
            logger.error("the application returned without a response")
            await self._say("500", "Internal Server Error")
        elif not self._ended:
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def refuse(self, refused: BodyRefused) -> None:
        """Answer for the application: the body was not taken."""
        self.request.closing = True
        self._refusing = True
        if not self._started:
            await self._say(refused.status, refused.message)
        self.leave()
        if not self._whole:
            await linger(self._receive)

    async def fail(self, error: Exception) -> None:
        """Answer for the application, which raised."""
        if self._refused is not None:
            await self.refuse(self._refused)
            return
        if self._left is not None and self._left.done():
            return  # nobody is there to be answered
        logger.error("the application raised", exc_info=error)
        if self._started:
            self.request.status = "500"
            self.broken = not self._ended
        else:
            await self._say("500", "Internal Server Error")

    async def _say(self, status: str, text: str) -> None:
        body = f"{text}\n".encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
        ]
        start = {"type": "http.response.start", "status": int(status[:3]), "headers": headers}
        await self.send(start)
        await self.send({"type": "http.response.body", "body": body})


class Talk(Exchange):
    """One websocket. It holds no place: it lasts as long as its client likes."""

    _connected = _gone = False

    async def enter(self) -> None:
        """Take no place."""
        self.request.stage = WEBSOCKET
        self.request.status = "101"
        self._ending = asyncio.Event()
        if self._around.observer.ending:
            self._ending.set()

    async def receive(self) -> Message:
        """Give the next message, or the end that the service's own end makes."""
        if not self._connected:
            self._connected = True
            return await self._receive()
        if self._ending is None or self._ended:
            return {"type": "websocket.disconnect", "code": RESTARTING}
        came = asyncio.ensure_future(_plain(self._receive))
        ending = asyncio.ensure_future(self._ending.wait())
        done, _ = await asyncio.wait((came, ending), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if came in done:
            message = came.result()
            self._gone = message["type"] == "websocket.disconnect"
            return message
        came.cancel()
        self._gone = True
        await self._close()
        return {"type": "websocket.disconnect", "code": RESTARTING}

    async def send(self, message: Message) -> None:
        """Pass on what the application says."""
        kind = message["type"]
        if kind == "websocket.accept":
            self._started = True
        elif kind == "websocket.close":
            if self._ended:
                return
            self._ended = True
            if not self._started:
                self.request.status = "403"
        elif kind == "websocket.http.response.start":
            self.request.status = str(message["status"])
        if not (self._ended and kind == "websocket.send"):
            await self._send(message)

    async def _close(self) -> None:
        await self.send({"type": "websocket.close", "code": RESTARTING, "reason": "restarting"})

    async def complete(self) -> None:
        """Nothing is left to be said: the server closes what the application left open."""

    async def refuse(self, refused: BodyRefused) -> None:
        """A websocket has no body: this cannot be."""

    async def fail(self, error: Exception) -> None:
        """Close with the code of an error inside. Frameworks raise the end of a talk as well."""
        if self._gone:
            return
        logger.error("the application raised", exc_info=error)
        self.request.status = "500"
        if not self._ended:
            await self.send({"type": "websocket.close", "code": 1011})


async def _plain(receive: Receive) -> Message:
    # What the server gives can be awaited, and is no coroutine.
    return await receive()
