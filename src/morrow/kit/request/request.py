"""One request in progress: what the log, the metrics and the drain know of it."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from morrow.kit.request.bodies import BodyRefused


READING, WAITING, RUNNING = range(3)
"""A request takes its body, waits for a slot, is worked on by the application."""


class Request:
    """The middleware's notes on one request.

    >>> Request("id-1", {}, lambda status, headers, *rest: None, False).status
    '500'
    """

    __slots__ = (
        "_closing",
        "_start_response",
        "began",
        "bound",
        "environ",
        "id",
        "length",
        "route",
        "span",
        "stage",
        "status",
        "trace_id",
    )

    def __init__(
        self,
        request_id: str,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        closing: bool,
    ) -> None:
        self.id = request_id
        self.environ = environ
        self.status = "500"
        self.stage = READING
        self.length = -1
        self.route = ""
        self.span: Any = None
        self.bound: dict[str, object] | None = None
        self.trace_id = 0
        self._start_response = start_response
        self._closing = closing
        self.began = time.monotonic()

    def start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: Any = None,  # noqa: ANN401 - as in PEP 3333
    ) -> Callable[[bytes], object]:
        """Pass the status and headers on, with the request's id among them."""
        self.status = status[:3]
        # Flask forgets its request when it is done; here it still knows the matched rule.
        asked = self.environ.get("werkzeug.request")
        if asked is not None and (rule := getattr(asked, "url_rule", None)) is not None:
            self.route = rule.rule
        length = -1
        for name, value in headers:
            if len(name) == 14 and name.lower() == "content-length":
                length = int(value) if value.isdecimal() else -1
        self.length = length
        headers = [*headers, ("X-Request-ID", self.id)]
        if self._closing:
            headers = [pair for pair in headers if pair[0].lower() != "connection"]
            headers.append(("Connection", "close"))
        if exc_info is None:
            return self._start_response(status, headers)
        return self._start_response(status, headers, exc_info)

    def refuse(self, refused: BodyRefused, *, closing: bool) -> list[bytes]:
        """Answer for the application: its client's body was not taken."""
        self._closing = closing
        return self._answer(refused.status, refused.message, *refused.headers)

    def fail(self) -> list[bytes]:
        """Answer for the application, which raised."""
        return self._answer("500 Internal Server Error", "Internal Server Error")

    def _answer(self, status: str, text: str, *headers: tuple[str, str]) -> list[bytes]:
        body = f"{text}\n".encode()
        kind, length = ("Content-Type", "text/plain; charset=utf-8"), str(len(body))
        self.start_response(status, [kind, ("Content-Length", length), *headers])
        return [body]


current: ContextVar[Request | None] = ContextVar("morrow_request", default=None)
"""The request that this thread works on. Log lines take their ids from it."""
