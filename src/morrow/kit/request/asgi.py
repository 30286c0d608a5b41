"""The ASGI face: an application around another that takes note of each request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from morrow.kit.request.bodies import BodyRefused, too_large, two_hosts
from morrow.kit.request.exchange import Exchange, Message, Receive, Send
from morrow.kit.request.observer import Observer, Readiness
from morrow.kit.request.places import Places
from morrow.kit.request.request import current
from morrow.kit.request.talk import Talk
from morrow.kit.request.wsgi import health

Scope = dict[str, Any]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

__all__ = ["Application", "AsgiMiddleware", "Message", "Places", "Receive", "Scope", "Send"]


class AsgiMiddleware:
    """An ASGI application around another.

    >>> async def app(scope, receive, send):
    ...     await send({"type": "http.response.start", "status": 200})
    ...     await send({"type": "http.response.body", "body": b"hello"})
    >>> scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    >>> async def call():
    ...     sent = []
    ...     async def send(message): sent.append(message)
    ...     await AsgiMiddleware(app, Observer(), Places(1), body_limit=10)(scope, None, send)
    ...     return sent[1]["body"]
    >>> import asyncio
    >>> asyncio.run(call())
    b'hello'
    """

    def __init__(
        self,
        app: Application,
        observer: Observer,
        places: Places,
        *,
        body_limit: int,
        ready: Readiness = lambda: (True, {}),
    ) -> None:
        self.app, self.observer, self.places = app, observer, places
        self.body_limit = body_limit
        self._ready = ready
        self.exchanges: dict[Exchange, None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer one request, or talk to one websocket; tell whether its answer broke off."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return False
        if kind == "http" and scope["path"] == "/healthz":
            await self._health(send)
            return False
        given, length, has_body, hosts = None, 0, False, 0
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = f"{given},{value!r}" if given else value.decode("latin-1")
            elif name == b"content-length" and value.isdigit():
                length = int(value)
                has_body = length > 0
            elif name == b"transfer-encoding":
                has_body = True
            elif name == b"host":
                hosts += 1
        method = scope["method"] if kind == "http" else "GET"
        client = scope.get("client")
        request = self.observer.begin(method, scope["path"], client[0] if client else "", given)
        request.source, request.scheme = scope, scope.get("scheme", "http")
        request.peer = scope.get("morrow.peer", request.peer)
        talk = Talk if kind == "websocket" else Exchange
        exchange = talk(self, request, receive, send)
        exchange.has_body = has_body
        self.exchanges[exchange] = None
        token = current.set(request)
        span = None
        if self.observer.tracing is not None:
            span = self.observer.enter(request, _header(scope))
        try:
            if hosts > 1:
                raise two_hosts()
            if length > self.body_limit:
                raise too_large(self.body_limit)
            await exchange.enter()
            await self.app(scope, exchange.receive, exchange.send)
            await exchange.complete()
        except BodyRefused as refused:
            await exchange.refuse(refused)
        except Exception as error:
            await exchange.fail(error)
        finally:
            exchange.forget()
            self.observer.finish(request)
            self.observer.leave(span)
            current.reset(token)
            del self.exchanges[exchange]
        return exchange.broken

    def end_endless(self) -> None:
        """Close websockets, and let streams of events end. Called on the loop."""
        for exchange in list(self.exchanges):
            exchange.end()

    async def _health(self, send: Send) -> None:
        status, text = health(self._ready)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(text))]
        if self.observer.closing:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text})


def _header(scope: Scope) -> Callable[[str], str | None]:
    def find(name: str) -> str | None:
        wanted = name.lower().encode("latin-1")
        found = [value.decode("latin-1") for key, value in scope["headers"] if key == wanted]
        return ",".join(found) if found else None

    return find
