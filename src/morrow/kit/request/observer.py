"""What is seen of each request: ids, durations, the access log, spans, who is still active.

One observer stands behind both interfaces. Every request pays for each line here. What goes
wrong here is logged, and never changes a response.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from random import getrandbits
from time import monotonic
from typing import TYPE_CHECKING, Any

from morrow.kit.request.metrics import RequestDurations
from morrow.kit.request.request import WAITING, Request
from morrow.kit.request.routes import matched_route
from morrow.kit.settings.problem import logger as trouble

if TYPE_CHECKING:
    from morrow.kit.request.spans import Tracing

logger = logging.getLogger("morrow.access")

_SANE_ID = re.compile(r"[A-Za-z0-9._=/+-]{1,128}").fullmatch
# So many successes of each second are logged; errors and slow requests always are.
LOGGED_SUCCESSES = 10

MOST_LARGE = 4096

Readiness = Callable[[], tuple[bool, dict[str, Any]]]


class Observer:
    """Counts, logs and traces requests.

    >>> observer = Observer()
    >>> request = observer.begin("GET", "/", "192.0.2.1", None)
    >>> len(observer.active)
    1
    >>> observer.finish(request)
    >>> len(observer.active)
    0
    """

    def __init__(self, *, slow: float = 1.0, tracing: Tracing | None = None) -> None:
        self.slow = slow
        self.tracing = tracing
        self.closing = False
        self.ending = False
        self.durations = RequestDurations()
        self.active: dict[Request, None] = {}
        self.large: dict[tuple[str, str], Request] = {}
        self.last_finish = monotonic()
        self._second, self._logged, self._skipped = 0.0, 0, 0

    def begin(
        self, method: str, path: str, client: str, given_id: str | None, one: Request | None = None
    ) -> Request:
        """Take note of a request.

        See the class for an example.
        """
        if one is None:
            one = Request()
        if given_id is None or not _SANE_ID(given_id):
            given_id = getrandbits(64).to_bytes(8).hex()
        one.id, one.method, one.path, one.client = given_id, method, path, client
        if self.closing:
            one.closing = True
        one.began = monotonic()
        self.active[one] = None
        return one

    def note_large(self, request: Request) -> None:
        """Remember whose answer may still be on its way when the application is done."""
        noted = Request()  # what the request itself holds may be large, too
        noted.id, noted.method, noted.path = request.id, request.method, request.path
        noted.began = request.began
        self.large.pop(request.peer, None)
        self.large[request.peer] = noted
        if len(self.large) > MOST_LARGE:
            self.large.pop(next(iter(self.large)), None)

    def stuck_for(self) -> float:
        """Return for how long no request has finished while requests waited for their turn.

        >>> Observer().stuck_for()
        0.0
        """
        waiting = [one.began for one in list(self.active) if one.stage == WAITING]
        if not waiting:
            return 0.0
        return monotonic() - max(self.last_finish, min(waiting))

    def enter(self, request: Request, headers: Callable[[str], str | None]) -> object:
        """Begin the request's span, if spans are asked for; return what `leave` needs."""
        if self.tracing is None:
            return None
        try:
            return self.tracing.begin(request, headers)
        except Exception:
            trouble.exception("tracing failed at the begin of a request")
            return None

    def leave(self, token: object) -> None:
        """Make the former span the current one again."""
        if token is not None and self.tracing is not None:
            try:
                self.tracing.leave(token)
            except Exception:
                trouble.exception("tracing failed")

    def finish(self, request: Request) -> None:
        """Count, trace and log a request whose answer is complete. A second call does nothing."""
        if self.active.pop(request, request) is request:
            return
        self.last_finish = now = monotonic()
        seconds = (request.answered or now) - request.began
        try:
            # The matched pattern, never the path: what clients invent must not become a series.
            route = request.route or matched_route(request.source)
            durations = self.durations
            durations.observe(request.method, route, request.status, seconds, request.sampled)
            if self.tracing is not None:
                self.tracing.end(request, route)
            if now >= self._second:
                self._second, self._logged = now + 1, 0
            if request.status < "500" and seconds < self.slow:
                # Races between threads only shift a line or two.
                if self._logged >= LOGGED_SUCCESSES:
                    self._skipped += 1
                    return
                self._logged += 1
            self._log(request, route, seconds)
        except Exception:
            trouble.exception("a request could not be counted")

    def _log(self, request: Request, route: str, seconds: float) -> None:
        skipped, self._skipped = self._skipped, 0
        fields: dict[str, object] = {
            "method": request.method,
            # The path without its query: queries carry tokens.
            "path": request.path,
            "route": route,
            "status": int(request.status),
            "duration_ms": round(seconds * 1000, 3),
            "client": request.client,
        }
        if skipped:
            fields["unlogged_before"] = skipped
        logger.log(
            logging.ERROR if request.status >= "500" else logging.INFO,
            "request",
            extra={"fields": fields},
        )
