"""Applications that do what their server must survive, one path each."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    headers = []
    body = b"page"
    if environ["PATH_INFO"] == "/length":
        told = environ.get("HTTP_TRANSFER_ENCODING", "none")
        body = f"{environ.get('CONTENT_LENGTH')} {told} ".encode() + environ["wsgi.input"].read()
    elif environ["PATH_INFO"] in WSGI:
        return WSGI[environ["PATH_INFO"]](start_response)
    elif environ["PATH_INFO"] in LENGTHS:
        headers = [("Content-Length", LENGTHS[environ["PATH_INFO"]])]
    start_response("200 OK", headers)
    return [body]


LENGTHS = {"/short": "10", "/long": "2", "/nonsense": "4 bytes", "/exact": "4"}


def leaves(start_response: Callable[..., Any]) -> Iterable[bytes]:
    sys.exit("this request is not worth a process")


def is_nothing(start_response: Callable[..., Any]) -> Any:
    start_response("200 OK", [])


def writes_and_raises(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])(b"half of it")
    raise ValueError("after write")


def hints(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("103 Early Hints", [])
    return [b""]


def empty(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("204 No Content", [("Content-Length", "4")])
    return [b"page"]


class Unclean:
    """A body whose end fails, as a callback of Flask's `call_on_close` may."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = iter(parts)

    def __iter__(self) -> Iterator[bytes]:
        return self.parts

    def close(self) -> None:
        raise ValueError("the temporary file is gone")


def ends_badly(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "4")])
    return Unclean(b"pa", b"ge")


def stream_ends_badly(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])
    return Unclean(b"pa", b"ge")


def stream_ends_early(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "100000")])
    return iter([b"page" * 1000, b"page" * 1000])


WSGI: dict[str, Callable[[Callable[..., Any]], Iterable[bytes]]] = {
    "/leaves": leaves,
    "/nothing": is_nothing,
    "/writes": writes_and_raises,
    "/hints": hints,
    "/empty": empty,
    "/ends-badly": ends_badly,
    "/stream-ends-badly": stream_ends_badly,
    "/stream-ends-early": stream_ends_early,
}


HEADS: dict[str, Scope] = {
    "/status": {"status": 1000},
    "/short": {"status": 200, "headers": [(b"content-length", b"10")]},
    "/exact": {"status": 200, "headers": [(b"content-length", b"4")]},
    "/framed-twice": {
        "status": 200,
        "headers": [(b"Transfer-Encoding", b"chunked"), (b"content-length", b"4")],
    },
    "/long": {"status": 200, "headers": [(b"content-length", b"2")]},
    "/nonsense": {"status": 200, "headers": [(b"content-length", b"4 bytes")]},
    "/hints": {"status": 103},
    "/control": {"status": 200, "headers": [(b"x-one", b"1\r\nx-two: 2")]},
}


async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await websocket(scope, receive, send)
    elif scope["type"] == "http":
        head = HEADS.get(scope["path"], {"status": 200})
        if scope["path"] == "/leaves":
            sys.exit("this request is not worth a process")
        if scope["path"] == "/cancels":
            raise asyncio.CancelledError
        await send({"type": "http.response.start", **head})
        if scope["path"] == "/half":
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            return
        body = memoryview(b"page") if scope["path"] == "/view" else b"page"
        await send({"type": "http.response.body", "body": body})
        if scope["path"] == "/background":
            await RELEASED.wait()
        elif scope["path"] == "/release":
            RELEASED.set()


RELEASED = asyncio.Event()


async def websocket(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    if scope["path"] == "/raises":
        raise ValueError("before it was accepted")
    if scope["path"] == "/returns":
        return
    if scope["path"] == "/twice":
        headers = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await send({"type": "websocket.http.response.start", "status": 401, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b"no"})
    else:
        await send({"type": "websocket.accept", "subprotocol": "a\r\nb"})
