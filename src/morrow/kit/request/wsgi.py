"""The WSGI face: an application around another that takes note of each request."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from itertools import chain
from time import monotonic
from typing import Any

from morrow.kit.request.bodies import BodyRefused, said, too_large
from morrow.kit.request.head import Head, Passed
from morrow.kit.request.observer import Observer, Readiness
from morrow.kit.request.request import STREAMING, Request, current
from morrow.kit.settings.problem import logger

# Only of a response of known length up to this is it asked whether its first piece is all of it.
MOST_BUFFERED = 64 * 1024

Environ = dict[str, Any]
Start = Callable[..., Any]


class Middleware:
    """A WSGI application around another.

    `body_limit` is for servers that know none; ours has taken the body before.

    >>> def app(environ, start_response):
    ...     start_response("200 OK", [])
    ...     return [b"hello"]
    >>> wrapped = Middleware(app, Observer())
    >>> wrapped({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda status, headers, *rest: None)
    [b'hello']
    """

    def __init__(
        self,
        app: Callable[..., Any],
        observer: Observer,
        *,
        ready: Readiness = lambda: (True, {}),
        body_limit: int | None = None,
    ) -> None:
        self.app = app
        self.observer = observer
        self.ready = ready
        self._body_limit = body_limit

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Answer one request, under any server."""
        path = environ.get("PATH_INFO", "")
        if path == "/healthz":
            return self._health(start_response)
        answer = Passed(start_response)
        self.observer.begin(
            environ["REQUEST_METHOD"],
            path,
            environ.get("REMOTE_ADDR", ""),
            environ.get("HTTP_X_REQUEST_ID"),
            answer,
        )
        answer.scheme = environ.get("wsgi.url_scheme", "http")
        if self._body_limit is not None:
            _limit(environ, answer, self._body_limit)
        answered: Iterable[bytes] = self.answer(environ, answer)
        return answered

    def answer(self, environ: Environ, answer: Head) -> Any:  # noqa: ANN401 - see Head.whole
        """Call the application and answer; return what is left to be given, if anything is."""
        observer = self.observer
        answer.source = environ
        token = current.set(answer)
        span = None if observer.tracing is None else observer.enter(answer, _header(environ))
        result = None
        handed_on = False
        try:
            if answer.refused is not None:
                raise answer.refused
            result = self.app(environ, answer.start)
            if type(result) is list and answer.started:
                return answer.whole(result)
            pieces = iter(result)
            if 0 <= answer.length <= MOST_BUFFERED:
                if getattr(result, "streaming", None) is False:  # Django's: all of it is there
                    return answer.whole(list(pieces))
                first = next(filter(None, pieces), b"")
                if not first or len(first) >= answer.length:
                    return answer.whole([first, *pieces])
                pieces = chain((first,), pieces)
            streamed = Streamed(observer, answer, result, pieces.__next__)
            handed_on = True
            return streamed
        except BodyRefused as refused:
            return answer.refuse(refused)
        except Exception as error:
            if answer.refused is not None:
                return answer.refuse(answer.refused)
            logger.exception("the application raised")
            try:
                return answer.fail(error)
            finally:
                answer.status = "500"  # also where the head had left
        finally:
            if not handed_on:
                if type(result) is not list:
                    # What the application does at its end keeps no client waiting.
                    answer.answered = monotonic()
                    _close(result)
                observer.finish(answer)
            if span is not None:
                observer.leave(span)
            current.reset(token)

    def _health(self, start_response: Start) -> list[bytes]:
        start, body = health(self.ready, closing=self.observer.closing)
        headers = [(name.decode(), value.decode()) for name, value in start["headers"]]
        start_response(f"{start['status']} {HTTPStatus(start['status']).phrase}", headers)
        return [body["body"]]


def health(ready: Readiness, *, closing: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the answer to `/healthz`: its two messages, as ASGI has them.

    >>> health(lambda: (True, {"status": "ready"}), closing=False)[0]["status"]
    200
    """
    is_ready, body = ready()
    # Names of checks are for the admin port; a load balancer needs the status only.
    text = json.dumps({"status": body.get("status", "ready")}).encode() + b"\n"
    start, answer = said(200 if is_ready else 503, b"application/json", text)
    start["headers"] += [(b"connection", b"close")] if closing else []
    return start, answer


def _header(environ: Environ) -> Callable[[str], str | None]:
    return lambda name: environ.get(f"HTTP_{name.upper().replace('-', '_')}")


def _limit(environ: Environ, answer: Head, limit: int) -> None:
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and int(length) > limit:
        answer.refused = too_large(limit)
    elif "wsgi.input" in environ:
        environ["wsgi.input"] = io.BufferedReader(_Limited(environ["wsgi.input"], answer, limit))


class _Limited(io.RawIOBase):
    """The body as another server gives it, with the limit."""

    def __init__(self, source: Any, answer: Head, limit: int) -> None:  # noqa: ANN401 - any reader
        self._source, self._answer, self._limit, self._left = source, answer, limit, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any buffer
        data = self._source.read(min(len(buffer), self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            # Frameworks may swallow it, so it is noted with the answer.
            self._answer.refused = too_large(self._limit)
            raise self._answer.refused
        buffer[: len(data)] = data
        return len(data)


def _close(parts: Any) -> None:  # noqa: ANN401 - what the application gave
    """Let the application clean up; that it fails then changes no answer."""
    close = getattr(parts, "close", None)
    try:
        if close is not None:
            close()
    except Exception:
        logger.exception("the application raised after its answer")


class Streamed:
    """A response that is sent piece by piece; the request ends with its last piece."""

    __slots__ = ("_inner", "_next", "_observer", "request")

    def __init__(
        self, observer: Observer, request: Request, inner: object, following: Callable[[], bytes]
    ) -> None:
        self._observer, self.request = observer, request
        self._inner, self._next = inner, following
        request.stage = STREAMING

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        # The server may ask from another thread, or between two other requests.
        token = current.set(self.request)
        try:
            return self._next()
        except StopIteration:
            raise
        except Exception:
            logger.exception("the application raised while its response was sent")
            self.request.status = "500"
            raise
        finally:
            current.reset(token)

    def close(self) -> None:
        """Close the application's iterable and count the request."""
        token = current.set(self.request)
        try:
            _close(self._inner)
        finally:
            self._observer.finish(self.request)
            current.reset(token)
