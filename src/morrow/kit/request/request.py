"""One request in progress: what the log, the metrics, the span and the drain know of it."""

from contextvars import ContextVar
from typing import Any

READING, WAITING, RUNNING = "body", "waiting", "request"
# Its body comes in, it waits for its turn, the application works on it, its answer flows.
STREAMING, WEBSOCKET = "stream", "websocket"


class Request:
    """The notes on one request, whatever interface the application has.

    >>> Request().status
    '500'
    """

    # What most requests never change costs them nothing here.
    id = method = path = client = ""
    began = 0.0
    # When the last of its answer was given; what the application does then is no answering.
    answered = 0.0
    closing = False
    scheme = "http"
    # The other end of the connection, which may be a proxy.
    peer = ("", "")
    status = "500"
    stage = RUNNING
    route = ""
    span: Any = None
    trace_id = 0
    # The same, when the trace is kept.
    sampled = 0
    # What the head of the answer says of its body.
    length = -1
    is_events = False
    bound: dict[str, object] | None = None
    # What the frameworks leave their matched route in: environ or scope.
    source: Any = None

    @property
    def may_have_body(self) -> bool:
        """Whether the answer's body follows its head, whose length it then has."""
        return self.method != "HEAD" and self.status not in ("204", "304")


# The request that this thread or task works on. Log lines take their ids from it.
current: ContextVar[Request | None] = ContextVar("morrow_request", default=None)
