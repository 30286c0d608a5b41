"""ASGI's corners, one path each, without a framework."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
STATE: dict[str, Any] = {"started": False, "left": 0}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        await websocket(scope, receive, send)
    else:
        await PATHS.get(scope["path"].split("/")[1], missing)(scope, receive, send)


async def lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await asyncio.sleep(0.05)
            STATE["started"] = True
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            print("lifespan: shut down", flush=True)
            return


async def websocket(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    if scope["path"] == "/refused":
        await send({"type": "websocket.close", "code": 1008})
        return
    chosen = next(iter(scope["subprotocols"]), None)
    await send({"type": "websocket.accept", "subprotocol": chosen, "headers": [(b"x-ws", b"y")]})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "close":
            await send({"type": "websocket.close", "code": 4001, "reason": "asked"})
            return
        kept = {key: message[key] for key in ("text", "bytes") if message.get(key) is not None}
        await send({"type": "websocket.send", **kept})


async def answer(send: Send, body: bytes, status: int = 200, *more: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, b"a page")


async def missing(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, b"missing", 404)


async def environ(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell the scope by the names that WSGI has for it."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        text = value.decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    told = headers | {
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode(),
        "SCRIPT_NAME": scope.get("root_path", ""),
        "REMOTE_ADDR": scope["client"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "wsgi.url_scheme": scope["scheme"],
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": headers.get("HTTP_CONTENT_LENGTH", ""),
    }
    await answer(send, json.dumps(told).encode())


async def types(scope: Scope, receive: Receive, send: Send) -> None:
    wrong = [
        name
        for name, kind in {
            "asgi": dict,
            "http_version": str,
            "method": str,
            "scheme": str,
            "path": str,
            "raw_path": bytes,
            "query_string": bytes,
        }.items()
        if not isinstance(scope.get(name), kind)
    ]
    for end in ("client", "server"):
        host, port = scope[end]
        if not (isinstance(host, str) and isinstance(port, int)):
            wrong.append(end)
    for name, value in scope["headers"]:
        if not (isinstance(name, bytes) and isinstance(value, bytes) and name == name.lower()):
            wrong.append(f"header {name!r}")
    await answer(send, ",".join(wrong).encode() or b"ok")


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await answer(send, body)


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    kind = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": kind})
    for number in range(3):
        if number:
            await asyncio.sleep(0.4)
        data = b"data: %d \n\n" % number
        await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def endless(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    left = asyncio.create_task(_gone(receive))
    try:
        while not left.done():
            await send({"type": "http.response.body", "body": b"." * 65536, "more_body": True})
            await asyncio.sleep(0.01)
    except OSError:
        pass
    finally:
        STATE["left"] += 1


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def left(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, str(STATE["left"]).encode())


async def started(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, str(STATE["started"]).encode())


async def big(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, b"0123456789abcdef" * (16 * 65536))


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(1.5)
    await answer(send, b"slow, but whole")


async def raises(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("on purpose")


async def raises_late(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"some", "more_body": True})
    raise RuntimeError("on purpose")


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    """Return without a response."""


async def status(scope: Scope, receive: Receive, send: Send) -> None:
    code = int(scope["path"].rpartition("/")[2])
    await send({"type": "http.response.start", "status": code, "headers": []})
    await send({"type": "http.response.body", "body": b"" if code < 300 else b"a body"})


async def cookies(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, b"", 200, (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"))


async def latin(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, b"", 200, (b"x-latin", b"caf\xe9"))


PATHS = {
    "": page,
    "environ": environ,
    "types": types,
    "echo": echo,
    "stream": stream,
    "endless": endless,
    "left": left,
    "started": started,
    "big": big,
    "slow": slow,
    "raise": raises,
    "raise-late": raises_late,
    "silent": silent,
    "status": status,
    "cookies": cookies,
    "latin": latin,
}
