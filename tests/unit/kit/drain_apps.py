"""The same service as WSGI and as ASGI: long answers, streams, websockets, background jobs."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

BIG = 16 * 1024**2
pool = ThreadPoolExecutor(2, "job")


def note(word: str) -> None:
    with Path(os.environ["NOTES"]).open("a") as notes:
        notes.write(word + "\n")


def job(seconds: float) -> None:
    time.sleep(seconds)
    note("job done")


if "NOTES" in os.environ:
    atexit.register(note, "exit hook")


def child_ends() -> str:
    """Start a program, end it as everybody does, and say how it ended."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    time.sleep(0.1)
    child.send_signal(signal.SIGTERM)
    return str(child.wait(10))


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/events":
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return events()
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return pieces(int(environ["QUERY_STRING"] or 10))
    if path == "/endless":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return pieces(10**9)
    if path == "/breaks":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return breaks()
    body = b"ok"
    if path == "/big":
        body = bytes(BIG)
    elif path == "/job":
        pool.submit(job, float(environ["QUERY_STRING"]))
    elif path == "/child":
        body = child_ends().encode()
    elif path == "/sleep":
        time.sleep(float(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def pieces(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b"piece\n"
        time.sleep(0.1)


def breaks() -> Iterator[bytes]:
    yield b"first\n"
    raise RuntimeError("in the middle")


def events() -> Iterator[bytes]:
    while True:
        yield b"data: x\n\n"
        time.sleep(0.1)


Message = dict[str, Any]


async def asgi(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        note("shutdown")
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while scope["path"] == "/deaf":
            await asyncio.sleep(60)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        note("websocket end")
        return
    path, query = scope["path"], scope["query_string"].decode()
    body, kind = b"ok", b"text/plain"
    if path == "/big":
        body = bytes(BIG)
    elif path == "/job":
        asyncio.get_running_loop().run_in_executor(pool, job, float(query))
        tasks.append(asyncio.create_task(watch()))
        assert isinstance(scope["client"][1], int)
    elif path == "/child":
        body = (await asyncio.to_thread(child_ends)).encode()
    elif path == "/sleep":
        await asyncio.sleep(float(query))
    elif path == "/block":
        time.sleep(float(query))
    elif path == "/read":
        while (await receive()).get("more_body"):
            pass
    elif path in ("/events", "/deaf"):
        kind = b"text/event-stream"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    count = {"/stream": int(query) if query.isdigit() else 10, "/endless": 10**9}.get(path, 0)
    for _ in range(count):
        await send({"type": "http.response.body", "body": b"piece\n", "more_body": True})
        await asyncio.sleep(0.1)
    if path == "/breaks":
        await send({"type": "http.response.body", "body": b"first\n", "more_body": True})
        await asyncio.sleep(0.05)
        raise RuntimeError("in the middle")
    while path == "/deaf":
        await send({"type": "http.response.body", "body": b"data: x\n\n", "more_body": True})
        await asyncio.sleep(float(query))
    if path == "/events":
        left = asyncio.ensure_future(_left(receive))
        while not left.done():
            await send({"type": "http.response.body", "body": b"data: x\n\n", "more_body": True})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(left), 0.1)
        return
    await send({"type": "http.response.body", "body": b"" if count else body})


tasks: list[asyncio.Task[None]] = []


async def watch() -> None:
    """Work until it is cancelled, and clean up."""
    try:
        await asyncio.sleep(60)
    finally:
        note("task cleaned up")


async def _left(receive: Callable[[], Awaitable[Message]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Wrapped:
    """An application that is an object, as middlewares are."""

    async def __call__(self, *arguments: Any) -> None:
        await asgi(*arguments)


wrapped = Wrapped()
