"""One request of an ASGI application: what is received, sent, and left open."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from morrow.kit.request import bodies
from morrow.kit.request.bodies import BodyRefused, bad_request, linger, said
from morrow.kit.request.request import READING, RUNNING, STREAMING, WAITING, Request
from morrow.kit.settings.problem import logger

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MOST_HELD = 64 * 1024
# The status of a request whose client left before its answer began, as nginx counts it.
LEFT = "499"
# So long an application may send what it likes once its endless answer is to end.
LAST_EVENT = 1.0

_ID, _CONNECTION = b"x-request-id", b"connection"
_LENGTH, _TYPE, _FRAMING = b"content-length", b"content-type", b"transfer-encoding"
_JUDGED = frozenset((_ID, _CONNECTION, _LENGTH, _TYPE, _FRAMING))


class Exchange(Request):
    """One HTTP request and its answer."""

    has_body = stopped = False
    _held: Message | None  # a head that has not been sent
    _given = 0  # bytes of the answer's body
    _whole = False  # the body of the request has been taken
    _taken = 0
    _piece: asyncio.Future[Message] | None = None  # of the body, asked of the server once
    _refusing = False
    _asked: asyncio.Future[Any] | None  # what the client does next, asked of the server once
    _refused: BodyRefused | None
    _ending: asyncio.Future[None] | None = None  # done when what is endless must end

    def __init__(self, around: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401
        self._around = around
        self._receive, self._send = receive, send
        # Asked again and again: quicker found here than in the class.
        self._refused = self._asked = self._held = None
        self.started = self.ended = self.broken = self._holds = False
        self._out = False  # the head has left: nothing else can be said

    def enter(self) -> bool:
        """Take a place among the running requests, if one is free."""
        self._holds = self._around.places.try_take()
        return self._holds

    async def wait(self) -> None:
        """Take a place as soon as one is free."""
        self.stage = WAITING
        await self._around.places.take()
        self._holds, self.stage = True, RUNNING

    def forget(self) -> None:
        """Wait for the client no longer."""
        self.leave()
        for one in filter(None, (self._asked, self._piece)):
            one.cancel()

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
        held, self.stage = self._holds, READING
        self.leave()  # who waits for a client holds no place
        try:
            message = await self._take()
        except BodyRefused as refused:
            message, self._refused = None, refused
        finally:
            if held and not self.enter():
                await self.wait()
            self.stage = STREAMING if self.started and not self._holds else RUNNING
        return message or await self.receive()

    async def _take(self) -> Message | None:
        """Wait for a piece, which stays if nobody waits; None once another task took the last."""
        while not self._whole and self._refused is None:
            asked = self._piece = self._piece or asyncio.ensure_future(bodies.piece(self._receive))
            message = await asyncio.shield(asked)
            if self._piece is asked:  # of all who wait, one takes it
                self._piece, self._whole = None, not message["more_body"]
                self._taken += len(message["body"])
                if self._taken > self._around.body_limit:
                    raise bodies.too_large(self._around.body_limit)
                return message
        return None

    async def _disconnect(self) -> Message:
        """Wait for the client to leave, or, with a stream of events, for the service's end."""
        waits = {self._watch()} | ({self._ending} if self._ending is not None else set())
        # Who asks whether it has left, as Starlette does, never waits: it must be told at once.
        if not any(one.done() for one in waits):
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        return {"type": "http.disconnect"}

    def _watch(self) -> asyncio.Future[Any]:
        """Return what is done when the client has left."""
        if self._asked is None:
            self._asked = asyncio.ensure_future(bodies.left(self._receive))
        return self._asked

    def _has_left(self) -> bool:
        return self._asked is not None and self._asked.done()

    def _may_end(self) -> None:
        """Let the service's end be told to this one."""
        self._ending = asyncio.get_running_loop().create_future()
        if self._around.observer.ending:
            self._ending.set_result(None)

    async def send(self, message: Message) -> None:
        """Pass on what the application answers."""
        if self._refused is not None and not self.started and not self._refusing:
            return  # it answers to half a body; ours is the answer
        kind = message["type"]
        if kind == "http.response.start":
            message = self._start(message)
            if self.length >= 0:
                self._held = message  # it goes with the body, if that keeps what it says
                return
        elif kind == "http.response.body":
            message = self._body(message)
        if self._has_left() and not self.ended:
            raise OSError("the client has left")
        if self._held is not None:
            held, self._held = self._held, None
            await self._send(held)
        await self._send(message)
        self._out = True

    def _start(self, message: Message) -> Message:
        if not 200 <= (status := int(message["status"])) <= 999:
            raise ValueError(f"{status} is no status of an answer")
        headers = []
        for name, value in message.get("headers") or ():
            lower = name.lower() if type(name) is bytes else bytes(name).lower()
            if lower in _JUDGED:
                if lower in (_ID, _FRAMING) or (lower == _CONNECTION and self.closing):
                    continue
                if lower == _LENGTH:
                    if status == 204:
                        continue  # it has no body whose length could be said
                    if not bytes(value).isdigit():
                        raise ValueError(f"the Content-Length {value!r} is no number of bytes")
                    self.length = int(value)
                elif lower == _TYPE and bytes(value).startswith(b"text/event-stream"):
                    self._may_end()
            headers.append((name, value))
        headers.append((b"x-request-id", self.id.encode()))
        # The end of an answer without a length is that of its connection, for HTTP/1.0.
        if self.closing or (self.length < 0 and self.source.get("http_version") == "1.0"):
            headers.append((b"connection", b"close"))
        self.started, self.status = True, str(status)
        return {**message, "headers": headers}

    def _body(self, message: Message) -> Message:
        body, more = message.get("body", b""), message.get("more_body", False)
        if type(body) is not bytes:
            message = {**message, "body": (body := bytes(body))}
        self._given = given = self._given + len(body)
        told = self.length
        if (given > told >= 0 or (not more and given < told)) and self.may_have_body:
            self.closing = True
            raise RuntimeError(f"a body of {given} bytes, with Content-Length {told}")
        self.ended = not more
        begins = more and self._holds  # a stream, which lasts as long as its client likes
        if begins:
            self.stage = STREAMING
            if self._whole or not self.has_body:
                self._watch()
        elif not more:
            self.answered = monotonic()  # a background task of Starlette's is no answering
        if begins or len(body) > MOST_HELD:
            self._around.observer.note_large(self)
        self.leave()
        return message

    def end(self, task: asyncio.Task[Any] | None) -> None:
        """Let what is endless end: its client comes back to another pod."""
        if self._ending is not None and not self._ending.done():
            self._ending.set_result(None)
            asyncio.get_running_loop().call_later(LAST_EVENT, self._end_anyway, task)

    def _end_anyway(self, task: asyncio.Task[Any] | None) -> None:
        # The application asks for nothing, so nothing told it.
        if task is not None and self.started and not self.ended:
            self.stopped = True
            task.cancel()

    async def complete(self) -> None:
        """End what the application left open."""
        if not self.started:
            await self.fail(RuntimeError("it returned without a response"))
        elif not self.ended:
            ends = self.stopped or (self._ending is not None and self._ending.done())
            if ends or not self.may_have_body or self._given == self.length:
                await self.send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await self.fail(RuntimeError("it returned in the middle of its answer"))

    async def refuse(self, refused: BodyRefused) -> None:
        """Answer for the application: the body was not taken."""
        self.closing = self._refusing = True
        if not self._out:
            await self._say(refused.status, refused.message)
        self.leave()
        if not self._whole:
            await linger(self._receive)

    async def fail(self, error: BaseException) -> None:
        """Answer for the application, which raised."""
        if self._refused is None:
            if self._has_left():  # nobody is there to be answered
                self.status = self.status if self.started else LEFT
                return
            logger.error("the application raised", exc_info=error)
            # It may not have looked at a body that cannot be read.
            unread = self.has_body and not self._whole and not self._out
            if unread and await linger(self._receive, bodies.AT_HAND):
                self._refused = bad_request(bodies.ENDED_EARLY)
        if self._refused is not None:
            await self.refuse(self._refused)
        elif not self._out:
            await self._say("500", "Internal Server Error")
        elif not self.ended:  # after its end the answer stays what it was
            self.status, self.broken = "500", True

    async def _say(self, status: str, text: str) -> None:
        self._held, self._given = None, 0
        for message in said(int(status[:3]), b"text/plain; charset=utf-8", f"{text}\n".encode()):
            await self.send(message)
