"""Applications that leave the paths which servers expect, each by one path or one name."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def leaves() -> None:
    sys.exit("from a task of its own")


async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    path = scope["path"]
    if path == "/task":  # as Django's handler runs its views
        await asyncio.create_task(leaves())
    elif path == "/callback":
        asyncio.get_running_loop().call_soon(sys.exit, "from a callback")
    elif path == "/stop":
        asyncio.get_running_loop().stop()
    elif path == "/unread":
        raise ValueError("before it looked at the body")
    elif path == "/left":
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    more = path == "/pieces"
    body = scope["http_version"].encode()
    await send({"type": "http.response.body", "body": body, "more_body": more})
    if more:
        await send({"type": "http.response.body", "body": b" and more"})
    if path == "/later":
        raise ValueError("after the answer")


async def leaves_at_start(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    sys.exit("no database")


def silences(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    logging.disable(logging.CRITICAL)
    raise ValueError("on purpose")


def pieces(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])
    return (piece for piece in (b"1.0", b" and more"))


def patched() -> Any:
    """Do what gevent's `monkey.patch_all` and eventlet's `monkey_patch` do to threads."""
    import _thread

    def start_new_thread(*arguments: Any) -> int:
        raise NotImplementedError

    start_new_thread.__module__ = "gevent.thread"
    _thread.start_new_thread = start_new_thread
    return pieces


class Wsgifunc:
    """As web.py's application is."""

    wsgifunc = None


webpy = Wsgifunc()


class Foreign:
    """As aiohttp's application is: it can be called, and means something else by it."""

    def __call__(self) -> Foreign:
        return self


Foreign.__module__ = "aiohttp.web_app"
aiohttp = Foreign()


class Starlette:
    """As Starlette is."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Not asked."""


class GradioApp(Starlette):
    """As Gradio's own class is, a FastAPI."""


Starlette.__module__, GradioApp.__module__ = "starlette.applications", "gradio.routes"


def debugged() -> Any:
    """Do what a debugger does to threads: it sees each one start, and starts it."""
    import _thread

    start = _thread.start_new_thread

    def start_new_thread(*arguments: Any) -> int:
        return start(*arguments)

    start_new_thread.__module__ = "_pydev_bundle.pydev_monkey"
    _thread.start_new_thread = start_new_thread
    return pieces
