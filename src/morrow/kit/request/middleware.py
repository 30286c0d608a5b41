"""The one middleware around the application: ids, durations, limits, the access log.

Every request pays for each line here; `make bench` holds the price.
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

from morrow.kit.request.bodies import Bodies, BodyRefused, Slots
from morrow.kit.request.metrics import RequestDurations
from morrow.kit.request.request import RUNNING, WAITING, Request, current

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from morrow.kit.request.spans import Tracing

logger = logging.getLogger("morrow.access")

_SANE_ID = re.compile(r"[A-Za-z0-9._=/+-]{1,128}").fullmatch
LOGGED_SUCCESSES = 10
"""So many successes of each second are logged; errors and slow requests always are."""
MOST_BUFFERED = 64 * 1024
"""A response of known length up to this goes to the server in one piece."""

Readiness = Callable[[], tuple[bool, dict[str, Any]]]


class Middleware:
    """A WSGI application around another.

    >>> def app(environ, start_response):
    ...     start_response("200 OK", [])
    ...     return [b"hello"]
    >>> wrapped = Middleware(app, threads=4)
    >>> wrapped({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda status, headers, *rest: None)
    [b'hello']
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        threads: int,
        body_limit: int = 10 * 1024**2,
        slow: float = 1.0,
        ready: Readiness = lambda: (True, {}),
        tracing: Tracing | None = None,
        may_close: bool = True,
    ) -> None:
        self.app = app
        self.threads = threads
        self.slow = slow
        self.ready = ready
        self.tracing = tracing
        self.closing = False
        # PEP 3333 leaves the Connection header to the server; ours lets us write it.
        self.may_close = may_close
        self.durations = RequestDurations()
        self.active: dict[int, Request] = {}
        self._numbers = count().__next__
        self._last_finish = time.monotonic()
        self.slots = Slots(threads)
        self.bodies = Bodies(self.slots, body_limit)
        self._second, self._logged, self._skipped = 0, 0, 0

    def stuck_for(self) -> float:
        """Return for how long no request has finished while requests waited for a slot."""
        waiting = [
            request.began for request in list(self.active.values()) if request.stage == WAITING
        ]
        if not waiting:
            return 0.0
        return time.monotonic() - max(self._last_finish, min(waiting))

    def running(self, client: str) -> int:
        """Return how many requests of a client the application works on."""
        return sum(
            request.stage == RUNNING and request.environ.get("REMOTE_ADDR") == client
            for request in list(self.active.values())
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] == "/healthz":
            return self._health(start_response)
        given = environ.get("HTTP_X_REQUEST_ID")
        request_id = (
            given if given is not None and _SANE_ID(given) else f"{random.getrandbits(64):016x}"
        )
        request = Request(request_id, environ, start_response, self.closing)
        number = self._numbers()
        self.active[number] = request
        token = current.set(request)
        tracing = self.tracing
        span_token = tracing.begin(request) if tracing is not None else None
        handed_on = False
        try:
            if environ.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in environ:
                self.bodies.prepare(environ)
            request.stage = WAITING
            self.slots.take()
            request.stage = RUNNING
            result = self.app(environ, request.start_response)
            if isinstance(result, list):
                return result
            if 0 <= request.length <= MOST_BUFFERED:
                return _joined(result)
            handed_on = True
            return Streamed(self, request, number, result)
        except BodyRefused as refused:
            # What is left of the body would be read as the next request.
            return request.refuse(refused, closing=self.may_close)
        except Exception:
            if refusal := environ.get("morrow.refused"):
                return request.refuse(refusal, closing=self.may_close)
            logger.exception("the application raised")
            return request.fail()
        finally:
            if not handed_on:
                self.finish(request, number)
            if tracing is not None:
                tracing.leave(span_token)
            current.reset(token)

    def finish(self, request: Request, number: int) -> None:
        """Count and log a request whose response is complete."""
        if self.active.pop(number, None) is None:
            return
        if request.stage == RUNNING:
            self.slots.give()
        self._last_finish = now = time.monotonic()
        seconds = now - request.began
        environ = request.environ
        status = request.status
        # The matched pattern, never the path: what clients invent must not become a series.
        route: str = request.route or environ.get("morrow.route", "")
        self.durations.observe(environ["REQUEST_METHOD"], route, status, seconds)
        if self.tracing is not None:
            self.tracing.end(request, route)
        if status >= "500" or seconds >= self.slow or self._sampled(int(now)):
            self._log(request, status, route, seconds)

    def _sampled(self, second: int) -> bool:
        """Tell whether a success is logged. Races between threads only shift a line or two."""
        if second != self._second:
            self._second, self._logged = second, 0
        if self._logged < LOGGED_SUCCESSES:
            self._logged += 1
            return True
        self._skipped += 1
        return False

    def _log(self, request: Request, status: str, route: str, seconds: float) -> None:
        skipped, self._skipped = self._skipped, 0
        environ = request.environ
        fields: dict[str, object] = {
            "method": environ["REQUEST_METHOD"],
            # The path without its query: queries carry tokens.
            "path": environ["PATH_INFO"],
            "route": route,
            "status": int(status),
            "duration_ms": round(seconds * 1000, 3),
            "client": environ.get("REMOTE_ADDR", ""),
        }
        if skipped:
            fields["unlogged_before"] = skipped
        logger.log(
            logging.ERROR if status >= "500" else logging.INFO, "request", extra={"fields": fields}
        )

    def _health(self, start_response: StartResponse) -> list[bytes]:
        ready, body = self.ready()
        # Names of checks are for the admin port; a load balancer needs the status only.
        text = json.dumps({"status": body.get("status", "ready")}).encode() + b"\n"
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(text)))]
        if self.closing:
            headers.append(("Connection", "close"))
        start_response("200 OK" if ready else "503 Service Unavailable", headers)
        return [text]


def _joined(parts: Iterable[bytes]) -> list[bytes]:
    try:
        return list(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()


class Streamed:
    """A response that is sent piece by piece; the request ends with its last piece."""

    __slots__ = ("_inner", "_middleware", "_next", "_number", "_request")

    def __init__(
        self, middleware: Middleware, request: Request, number: int, inner: Iterable[bytes]
    ) -> None:
        self._middleware, self._request, self._number = middleware, request, number
        self._inner = inner
        self._next: Callable[[], bytes] = iter(inner).__next__

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        # The server may ask from another thread, or between two other requests.
        token = current.set(self._request)
        try:
            return self._next()
        except StopIteration:
            raise
        except Exception:
            logger.exception("the application raised while its response was sent")
            self._request.status = "500"
            raise
        finally:
            current.reset(token)

    def close(self) -> None:
        """Close the application's iterable and count the request."""
        token = current.set(self._request)
        try:
            close = getattr(self._inner, "close", None)
            if close is not None:
                close()
        finally:
            self._middleware.finish(self._request, self._number)
            current.reset(token)
