"""The WSGI face: an application around another that takes note of each request."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from morrow.kit.request.bodies import BodyRefused, Limited, too_large
from morrow.kit.request.observer import Observer, Readiness
from morrow.kit.request.request import STREAMING, Request, current

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger("morrow")

MOST_BUFFERED = 64 * 1024
"""A response of known length up to this goes to the server in one piece."""
_breaks = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search

_PLAIN, _LENGTH, _TYPE, _CONNECTION, _OURS = range(5)
_KNOWN = {"content-length": _LENGTH, "content-type": _TYPE, "connection": _CONNECTION}
# The request's id stands in the log as we say it; how the body is framed is the server's business.
_KNOWN |= {"x-request-id": _OURS, "transfer-encoding": _OURS, "keep-alive": _OURS}
_KINDS: dict[str, int] = {}
_MOST_KINDS = 1000


def _kind(name: str) -> int:
    """Return what a header's name means to us. Names repeat: each is judged once."""
    if _breaks(name):
        raise ValueError(f"the header {name!r} holds a control character")
    kind = _KNOWN.get(name.lower(), _PLAIN)
    if len(_KINDS) < _MOST_KINDS:
        _KINDS[name] = kind
    return kind


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
        app: WSGIApplication,
        observer: Observer,
        *,
        ready: Readiness = lambda: (True, {}),
        body_limit: int | None = None,
    ) -> None:
        self.app = app
        self.observer = observer
        self._ready = ready
        self._body_limit = body_limit

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        observer = self.observer
        request: Request | None = environ.get("morrow.request")
        if request is None:
            if environ.get("PATH_INFO") == "/healthz":
                return self._health(start_response)
            request = observer.begin(
                environ["REQUEST_METHOD"],
                environ.get("PATH_INFO", ""),
                environ.get("REMOTE_ADDR", ""),
                environ.get("HTTP_X_REQUEST_ID"),
            )
            request.scheme = environ.get("wsgi.url_scheme", "http")
        request.source = environ
        answer = _Answer(request, start_response)
        token = current.set(request)
        span = None
        if observer.tracing is not None:
            span = observer.enter(
                request, lambda name: environ.get(f"HTTP_{name.upper().replace('-', '_')}")
            )
        handed_on = False
        try:
            if self._body_limit is not None:
                _limit(environ, self._body_limit)
            elif (refused := environ.get("morrow.refused")) is not None:
                raise refused
            result = self.app(environ, answer.start)
            if isinstance(result, list) and answer.started:
                return result
            if 0 <= request.length <= MOST_BUFFERED:
                return _joined(result)
            handed_on = True
            return Streamed(observer, request, answer, result)
        except BodyRefused as refused:
            return answer.refuse(refused)
        except Exception as error:
            if refused_before := environ.get("morrow.refused"):
                return answer.refuse(refused_before)
            logger.exception("the application raised")
            return answer.fail(error)
        finally:
            if not handed_on:
                observer.finish(request)
            observer.leave(span)
            current.reset(token)

    def _health(self, start_response: StartResponse) -> list[bytes]:
        status, text = health(self._ready)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(text)))]
        if self.observer.closing:
            headers.append(("Connection", "close"))
        start_response("200 OK" if status == 200 else "503 Service Unavailable", headers)
        return [text]


def health(ready: Readiness) -> tuple[int, bytes]:
    """Return the answer to `/healthz`.

    >>> health(lambda: (True, {"status": "ready"}))[0]
    200
    """
    is_ready, body = ready()
    # Names of checks are for the admin port; a load balancer needs the status only.
    text = json.dumps({"status": body.get("status", "ready")}).encode() + b"\n"
    return 200 if is_ready else 503, text


def _limit(environ: WSGIEnvironment, limit: int) -> None:
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and int(length) > limit:
        raise too_large(limit)
    if "wsgi.input" in environ:
        environ["wsgi.input"] = io.BufferedReader(_Noted(environ, limit))


class _Noted(Limited):
    """The limited body; frameworks may swallow its refusal, so it is noted in the environ."""

    def __init__(self, environ: WSGIEnvironment, limit: int) -> None:
        super().__init__(environ["wsgi.input"], limit)
        self._environ = environ

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any buffer
        try:
            return super().readinto(buffer)
        except BodyRefused as refused:
            self._environ["morrow.refused"] = refused
            raise


class _Answer:
    """What the application says with `start_response`, checked and passed on."""

    __slots__ = ("_start_response", "request", "started")

    def __init__(self, request: Request, start_response: StartResponse) -> None:
        self.request = request
        self.started = False
        self._start_response = start_response

    def start(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: Any = None,  # noqa: ANN401 - as in PEP 3333
    ) -> Callable[[bytes], object]:
        """Pass the status and headers on, with the request's id among them."""
        request = self.request
        code = status[:3]
        if not (code.isdecimal() and "100" <= code <= "999") or _breaks(status):
            raise ValueError(f"start_response was given {status!r}: no status such as '200 OK'")
        length, told, closing = -1, [], request.closing
        for pair in headers:
            name, value = pair
            if not value.isprintable() and _breaks(value):
                raise ValueError(f"the value of the header {name!r} holds a control character")
            if (kind := _KINDS.get(name)) is None:
                kind = _kind(name)
            if kind:
                if kind == _LENGTH:
                    length = int(value) if value.isdecimal() else -1
                elif kind == _TYPE:
                    request.is_events = value.startswith("text/event-stream")
                elif kind == _OURS or (kind == _CONNECTION and closing):
                    continue
            told.append(pair)
        told.append(("X-Request-ID", request.id))
        if closing:
            told.append(("Connection", "close"))
        # Flask forgets its request when it is done; here it still knows the matched rule.
        asked = request.source.get("werkzeug.request")
        if asked is not None and (rule := getattr(asked, "url_rule", None)) is not None:
            request.route = rule.rule
        if exc_info is None:
            written = self._start_response(status, told)
        else:
            written = self._start_response(status, told, exc_info)
        request.status, request.length = code, length
        self.started = True
        return written

    def refuse(self, refused: BodyRefused) -> list[bytes]:
        """Answer for the application: its client's body was not taken."""
        return self._say(refused.status, refused.message, None)

    def fail(self, error: BaseException) -> list[bytes]:
        """Answer for the application, which raised."""
        told = (type(error), error, error.__traceback__)
        return self._say("500 Internal Server Error", "Internal Server Error", told)

    def _say(self, status: str, text: str, exc_info: Any) -> list[bytes]:  # noqa: ANN401
        body = f"{text}\n".encode()
        kind, length = ("Content-Type", "text/plain; charset=utf-8"), str(len(body))
        if exc_info is None and self.started:
            exc_info = (BodyRefused, BodyRefused(status, text), None)
        self.start(status, [kind, ("Content-Length", length)], exc_info)
        return [body]


def _joined(parts: Iterable[bytes]) -> list[bytes]:
    try:
        return list(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()


class Streamed:
    """A response that is sent piece by piece; the request ends with its last piece."""

    __slots__ = ("_answer", "_inner", "_next", "_observer", "request")

    def __init__(
        self, observer: Observer, request: Request, answer: _Answer, inner: Iterable[bytes]
    ) -> None:
        self._observer, self.request, self._answer = observer, request, answer
        self._inner = inner
        self._next: Callable[[], bytes] = iter(inner).__next__
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
            close = getattr(self._inner, "close", None)
            if close is not None:
                close()
        finally:
            self._observer.finish(self.request)
            current.reset(token)
