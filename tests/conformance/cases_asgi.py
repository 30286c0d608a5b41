"""ASGI's corners: the scope, disconnects, lifespan, websockets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.conformance.case import At, case
from tests.conformance.exchange import Wrong, request, right

EDGE, SOCKET = "asgi-edge", "websocket"


@case("ASGI", "the scope holds what ASGI asks, each of its type", EDGE)
def types(at: At) -> None:
    right(at.ask("/types").body == b"ok", at.ask("/types").text)


@case("ASGI", "lifespan has started before the first request", EDGE)
def started(at: At) -> None:
    right(at.ask("/started").body == b"True", "it has not")


@case("ASGI", "an exception is a 500 for its client only", EDGE)
def raises(at: At) -> None:
    for _ in range(8):
        answer = at.ask("/raise")
        right(answer.status == 500 and b"on purpose" not in answer.body, f"{answer.status}")
    right(at.ask("/").body == b"a page", "the server has stopped")


@case("ASGI", "an exception in the middle of a stream cuts it: its client sees that", EDGE)
def raises_late(at: At) -> None:
    with at.line() as line:
        answer = line.send(request("/raise-late")).answer()
        right(answer.status == 500 or not answer.whole, "the client is told that it is whole")


@case("ASGI", "an application that sends nothing is a 500, and leaves no client waiting", EDGE)
def silent(at: At) -> None:
    with at.line() as line:
        try:
            right(line.send(request("/silent")).answer().status == 500, "another status")
        except Wrong as wrong:
            right("closed" in str(wrong), str(wrong))


@case("ASGI", "the application is told when its client has left", EDGE)
def told_left(at: At) -> None:
    before = int(at.ask("/left").body)
    with at.line() as line:
        line.send(request("/endless")).more()
    end = time.monotonic() + 5
    while int(at.ask("/left").body) == before:
        right(time.monotonic() < end, "it is not")
        time.sleep(0.05)


@contextmanager
def opened(at: At, path: str, *protocols: str) -> Iterator[ClientConnection]:
    chosen = [Subprotocol(name) for name in protocols] or None
    try:
        address = f"ws://127.0.0.1:{at.port}{path}"
        with connect(address, subprotocols=chosen, open_timeout=5, close_timeout=2) as socket:
            yield socket
    except (ConnectionClosed, InvalidStatus, TimeoutError, EOFError, OSError) as error:
        raise Wrong(f"{type(error).__name__}: {error}") from None


@case("Websockets", "text comes back as text", SOCKET)
def text(at: At) -> None:
    with opened(at, at[SOCKET]) as socket:
        socket.send("h\xe9llo")
        right("h\xe9llo" in str(socket.recv(5)) or "h\xe9llo" in str(socket.recv(5)), "other text")


@case("Websockets", "bytes come back as bytes, 200 kB too", EDGE)
def binary(at: At) -> None:
    with opened(at, "/ws") as socket:
        for sent in (b"\0\xff", bytes(range(256)) * 800):
            socket.send(sent)
            right(socket.recv(5) == sent, "other bytes")


@case("Websockets", "a fragmented message is one message", EDGE)
def fragments(at: At) -> None:
    with opened(at, "/ws") as socket:
        socket.send(iter(["one ", "two ", "three"]))
        right(socket.recv(5) == "one two three", "another")


@case("Websockets", "a ping is answered", SOCKET)
def ping(at: At) -> None:
    with opened(at, at[SOCKET]) as socket:
        right(socket.ping().wait(5), "it is not")


@case("Websockets", "the subprotocol that the application chooses is told", EDGE)
def subprotocol(at: At) -> None:
    with opened(at, "/ws", "chat", "other") as socket:
        right(socket.subprotocol == "chat", f"{socket.subprotocol}")


@case("Websockets", "headers of the acceptance arrive", EDGE)
def headers(at: At) -> None:
    with opened(at, "/ws") as socket:
        found = socket.response and socket.response.headers.get("x-ws")
        right(found == "y", f"{found}")


@case("Websockets", "the application's close code and reason arrive", EDGE)
def close_code(at: At) -> None:
    with opened(at, "/ws") as socket:
        socket.send("close")
        try:
            socket.recv(5)
        except ConnectionClosed as closed:
            got = closed.rcvd
            right(got and (got.code, got.reason) == (4001, "asked"), f"{got}")
        else:
            raise Wrong("not closed")


@case("Websockets", "one that the application refuses is 403", EDGE)
def refused(at: At) -> None:
    try:
        with connect(f"ws://127.0.0.1:{at.port}/refused", open_timeout=5):
            raise Wrong("accepted")
    except InvalidStatus as error:
        right(error.response.status_code == 403, f"status {error.response.status_code}")
    except (OSError, EOFError, TimeoutError) as error:
        raise Wrong(f"{type(error).__name__}") from None


@case("Websockets", "twenty at once are served, and requests beside them", EDGE)
def many(at: At) -> None:
    address = f"ws://127.0.0.1:{at.port}/ws"
    sockets = [connect(address, open_timeout=5, close_timeout=1) for _ in range(20)]
    try:
        for socket in sockets:
            socket.send("here")
        right(all(socket.recv(5) == "here" for socket in sockets), "another")
        right(at.ask("/").body == b"a page", "no page beside them")
    finally:
        for socket in sockets:
            socket.close()
