"""One request of an ASGI application: what is received, sent, and left open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from morrow.kit.request.bodies import PATIENCE, BodyRefused, ended_early, linger, too_large
from morrow.kit.request.observer import Observer
from morrow.kit.request.places import Places
from morrow.kit.request.request import READING, RUNNING, STREAMING, WAITING, Request

logger = logging.getLogger("morrow")

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MOST_HELD = 64 * 1024


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
            message = await asyncio.wait_for(plain(self._receive), PATIENCE)
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


async def plain(receive: Receive) -> Message:
    """Receive by a coroutine: what the server gives can be awaited, and is none."""
    return await receive()
