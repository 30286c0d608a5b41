"""What an application learns of its client, and loses nothing of, however it waits for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from morrow.kit.request.asgi import AsgiMiddleware, Places
from morrow.kit.request.observer import Observer

Message = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

HTTP = {"type": "http", "method": "POST", "path": "/", "headers": []}
SOCKET = {"type": "websocket", "path": "/", "headers": []}
HEAD = {"type": "http.response.start", "status": 200}
LEFT = {"type": "http.disconnect"}


def piece(data: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


class Client:
    """What a server gives: each message once, to who asked for it first, as Granian does."""

    def __init__(self, *messages: Message, every: float = 0.0) -> None:
        self.messages, self.every = list(messages), every
        self.sent: list[Message] = []
        self.asking = 0

    async def receive(self) -> Message:
        self.asking += 1
        try:
            message = self.messages.pop(0) if self.messages else None
            await asyncio.sleep(self.every if message else 60)
            assert message is not None
            return message
        finally:
            self.asking -= 1

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            assert not self.asking, "the server would wait for who listens"
        self.sent.append(message)


def call(app: App, client: Client, scope: Message) -> Message:
    """Serve the application one request; return the last that it sent."""
    face = AsgiMiddleware(app, Observer(), Places(1), body_limit=1000)
    asyncio.run(face({**scope}, client.receive, client.send))
    return client.sent[-1]


def at_once(receive: Receive) -> Message | None:
    """Ask as Starlette's `is_disconnected` does: it waits for nothing."""
    asked = receive()
    try:
        asked.send(None)
    except StopIteration as told:
        return told.value  # type: ignore[no-any-return]
    asked.close()
    return None


async def impatient(receive: Receive) -> Message:
    """Ask again and again, and wait for a moment only, as heartbeats do."""
    for _ in range(1000):
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(receive(), 0.01)
    raise AssertionError("nothing came")


def test_who_asks_without_waiting_is_told_that_the_client_has_left() -> None:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.request"
        for _ in range(1000):
            if at_once(receive) == LEFT:
                return
            await asyncio.sleep(0.01)
        await send(HEAD)

    client = Client(LEFT, every=0.05)
    face = AsgiMiddleware(app, Observer(), Places(1), body_limit=1000)
    asyncio.run(face({**HTTP}, client.receive, client.send))
    assert client.sent == []


def test_who_gives_up_waiting_loses_nothing_of_a_body() -> None:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await impatient(receive)
            body, more = body + message["body"], message["more_body"]
        await send(HEAD)
        await send({"type": "http.response.body", "body": body})

    pieces = [piece(b"one ", more=True), piece(b"two ", more=True), piece(b"three", more=False)]
    scope = HTTP | {"headers": [(b"content-length", b"13")]}
    assert call(app, Client(*pieces, every=0.05), scope)["body"] == b"one two three"


async def gather(receive: Receive, got: list[bytes]) -> None:
    while (message := await receive())["type"] != LEFT["type"]:
        got.append(message["body"])


def test_of_two_tasks_that_wait_for_a_body_one_takes_each_piece() -> None:
    got: list[bytes] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        listening = [asyncio.ensure_future(gather(receive, got)) for _ in range(2)]
        async with asyncio.timeout(20):
            await asyncio.wait(listening)
        assert [one.result() for one in listening] == [None, None], "both are told of the end"
        TOLD.append(True)

    # Together they are as long as a body may be; what is counted twice is too large.
    pieces = [piece(bytes([65 + i]) * 250, more=i < 3) for i in range(4)]
    client = Client(*pieces, LEFT, every=0.01)
    face = AsgiMiddleware(app, Observer(), Places(1), body_limit=1000)
    scope = HTTP | {"headers": [(b"content-length", b"1000")]}
    asyncio.run(face(scope, client.receive, client.send))
    assert got == [one["body"] for one in pieces]
    assert TOLD.pop()


def test_who_gives_up_waiting_loses_no_message_of_a_websocket() -> None:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        said = [(await impatient(receive))["text"] for _ in range(3)]
        await send({"type": "websocket.close", "reason": " ".join(said)})
        assert (await receive())["code"] == 1000

    texts = [{"type": "websocket.receive", "text": text} for text in ("one", "two", "three")]
    client = Client({"type": "websocket.connect"}, *texts, every=0.05)
    assert call(app, client, SOCKET)["reason"] == "one two three"


async def feed(send: Send, news: Message) -> None:
    for _ in range(1000):
        await send(news)
        await asyncio.sleep(0.01)


def test_who_only_sends_is_told_that_the_client_of_its_websocket_has_left() -> None:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        news = {"type": "websocket.send", "text": "news"}
        with pytest.raises(OSError, match="has left"):
            await feed(send, news)
        assert (await receive())["type"] == "websocket.disconnect"
        TOLD.append(True)

    gone = {"type": "websocket.disconnect", "code": 1005}
    call(app, Client({"type": "websocket.connect"}, gone, every=0.05), SOCKET)
    assert TOLD.pop()


TOLD: list[bool] = []


def test_a_websocket_is_closed_while_it_is_listened_to() -> None:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        listening = asyncio.ensure_future(receive())
        await asyncio.sleep(0.01)
        await send({"type": "websocket.close", "code": 4005})
        assert await listening == {"type": "websocket.disconnect", "code": 4005}

    assert call(app, Client({"type": "websocket.connect"}), SOCKET)["code"] == 4005
