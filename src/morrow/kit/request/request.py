"""One request in progress: what the log, the metrics, the span and the drain know of it."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any

READING, WAITING, RUNNING = "body", "waiting", "request"
STREAMING, WEBSOCKET = "stream", "websocket"
"""Its body comes in, it waits for its turn, the application works on it, its answer flows."""


class Request:
    """The notes on one request, whatever interface the application has.

    >>> Request("id-1", "GET", "/", "192.0.2.1").status
    '500'
    """

    __slots__ = (
        "began",
        "bound",
        "client",
        "closing",
        "id",
        "is_events",
        "length",
        "method",
        "path",
        "peer",
        "route",
        "scheme",
        "source",
        "span",
        "stage",
        "status",
        "trace_id",
    )

    def __init__(self, request_id: str, method: str, path: str, client: str) -> None:
        self.id = request_id
        self.method = method
        self.path = path
        self.client = client
        self.scheme = "http"
        # The other end of the connection, which may be a proxy.
        self.peer = ("", "")
        self.status = "500"
        self.stage = RUNNING
        self.route = ""
        self.span: Any = None
        self.trace_id = 0
        self.closing = False
        # What the head of the answer says of its body.
        self.length = -1
        self.is_events = False
        self.bound: dict[str, object] | None = None
        # What the frameworks leave their matched route in: environ or scope.
        self.source: Any = None
        self.began = time.monotonic()


current: ContextVar[Request | None] = ContextVar("morrow_request", default=None)
"""The request that this thread or task works on. Log lines take their ids from it."""
