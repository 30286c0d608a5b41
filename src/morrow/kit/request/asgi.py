"""The ASGI face: an application around another that takes note of each request."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from morrow.kit.request.bodies import TWO_HOSTS, BodyRefused, bad_request, too_large
from morrow.kit.request.exchange import Exchange, Message, Receive, Send
from morrow.kit.request.observer import Observer, Readiness
from morrow.kit.request.request import current
from morrow.kit.request.talk import Talk
from morrow.kit.request.wsgi import health

Scope = dict[str, Any]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# What servers of ASGI let through: frameworks were never tried with others.
METHODS = frozenset({
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY",
    "COPY", "LOCK", "MKCOL", "MOVE", "PROPFIND", "PROPPATCH", "SEARCH", "UNLOCK", "BIND", "REBIND",
    "UNBIND", "ACL", "REPORT", "MKACTIVITY", "CHECKOUT", "MERGE", "M-SEARCH", "NOTIFY",
    "SUBSCRIBE", "UNSUBSCRIBE", "PURGE", "MKCALENDAR", "LINK", "UNLINK", "SOURCE",
})  # fmt: skip

__all__ = ["Application", "AsgiMiddleware", "Message", "Places", "Receive", "Scope", "Send"]


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
        foreign: bool = False,
    ) -> None:
        self.app, self.observer, self.places = app, observer, places
        self.body_limit, self._foreign = body_limit, foreign
        self._ready = ready
        self.exchanges: dict[Exchange, asyncio.Task[Any] | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer one request, or talk to one websocket; tell whether its answer broke off."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return False
        if kind == "http" and scope["path"] == "/healthz":
            for message in health(self._ready, closing=self.observer.closing):
                await send(message)
            return False
        headers = scope["headers"]
        found = dict(headers)
        given = _header(scope)("x-request-id") if b"x-request-id" in found else None
        told = found.get(b"content-length", b"")
        length = int(told) if told.isdigit() else 0
        method = scope["method"] if kind == "http" else "GET"
        client = scope.get("client")
        exchange = (Exchange if kind == "http" else Talk)(self, receive, send)
        observer = self.observer
        observer.begin(method, scope["path"], client[0] if client else "", given, exchange)
        exchange.source, exchange.scheme = scope, scope.get("scheme", "http")
        if "morrow.peer" in scope:
            exchange.peer = scope["morrow.peer"]
        if length or b"transfer-encoding" in found:
            exchange.has_body = True
        self.exchanges[exchange] = asyncio.current_task()
        token = current.set(exchange)
        span = None if observer.tracing is None else observer.enter(exchange, _header(scope))
        try:
            if len(found) < len(headers) and sum(name == b"host" for name, _ in headers) > 1:
                raise bad_request(TWO_HOSTS)
            if method not in METHODS:
                raise BodyRefused("501 Not Implemented", "there is no such method")
            if length > self.body_limit:
                raise too_large(self.body_limit)
            if not exchange.enter():
                await exchange.wait()
            await self.app(scope, exchange.receive, exchange.send)
            if not exchange.ended:
                await exchange.complete()
        except BodyRefused as refused:
            await exchange.refuse(refused)
        except BaseException as error:
            # An application may raise SystemExit or cancel itself: that ends its request alone.
            if exchange.stopped and isinstance(error, asyncio.CancelledError):
                await exchange.complete()
            else:
                await exchange.fail(error)
                if self._foreign and not isinstance(error, Exception):
                    raise  # another server may have cancelled it, or be told to end
        finally:
            exchange.forget()
            observer.finish(exchange)
            if span is not None:
                observer.leave(span)
            current.reset(token)
            del self.exchanges[exchange]
        return exchange.broken

    def end_endless(self) -> None:
        """Close websockets, and let streams of events end. Called on the loop."""
        for exchange, task in list(self.exchanges.items()):
            exchange.end(task)


def _header(scope: Scope) -> Callable[[str], str | None]:
    def find(name: str) -> str | None:
        wanted = name.lower().encode("latin-1")
        found = [value.decode("latin-1") for key, value in scope["headers"] if key == wanted]
        return ",".join(found) if found else None

    return find
