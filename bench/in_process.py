"""What one request, one scrape and one import cost, without a socket.

In processor time: what other programs take at the moment is not counted.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from morrow.kit.request.metrics import RequestDurations
from morrow.kit.request.observer import Observer
from morrow.kit.request.wsgi import Middleware

ROUNDS = 7
CALLS = 20_000


def _application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def _start_response(
    status: str, headers: list[tuple[str, str]], exc_info: object = None
) -> Callable[[bytes], object]:
    return len


def _microseconds(app: Callable[..., Any], calls: int) -> float:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
    }
    began = time.process_time()
    for _ in range(calls):
        app(environ.copy(), _start_response)
    return (time.process_time() - began) / calls * 1e6


def _added(one: Callable[..., Any], other: Callable[..., Any], calls: int) -> list[float]:
    """Return the microseconds that `one` takes more than `other`, a value a round.

    They take turns in short slices, so that noise meets both alike.
    """
    slices = calls // 500
    return [
        sum(_microseconds(one, 500) - _microseconds(other, 500) for _ in range(slices)) / slices
        for _ in range(ROUNDS)
    ]


def flask() -> list[float]:
    """Return the microseconds of a plain Flask request: the yardstick of this machine."""
    from bench.apps import plain_app

    app = plain_app()
    more = {"SERVER_NAME": "bench", "SERVER_PORT": "80", "wsgi.errors": sys.stderr}

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> None:
        list(app(environ | more, start_response))

    return [_microseconds(call, 2000) for _ in range(ROUNDS)]


def middleware() -> list[float]:
    """Return the microseconds that the middleware adds to a request, a value a round."""
    wrapped = Middleware(_application, Observer())
    return _added(wrapped, _application, CALLS)


def middleware_logs() -> list[float]:
    """Return the microseconds of one access line, as successes beyond the sample do not pay."""
    import io
    import logging

    from morrow.kit.request.logs import JsonFormatter

    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("morrow.access")
    log.handlers, log.propagate, log.level = [handler], False, logging.INFO
    every = Middleware(_application, Observer(slow=0.0))
    sampled = Middleware(_application, Observer())
    measured = _added(every, sampled, 5000)
    log.handlers = []
    return measured


def scrape(label_sets: int) -> list[float]:
    """Return the milliseconds of a scrape with so many label sets."""
    durations = RequestDurations()
    for number in range(label_sets):
        durations.observe("GET", f"/route/{number}", "200", 0.1)
    measured = []
    for _ in range(ROUNDS):
        began = time.process_time()
        durations.exposition()
        measured.append((time.process_time() - began) * 1e3)
    return measured


def tracing(sampler: str) -> list[float]:
    """Return the microseconds that tracing adds, with a sampler that takes all or none."""
    import os

    os.environ["OTEL_TRACES_SAMPLER"] = sampler
    os.environ["OTEL_BSP_SCHEDULE_DELAY"] = "1000"
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    from morrow.kit.request.spans import Tracing

    class Nowhere(SpanExporter):
        def export(self, spans: object) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    traced = Middleware(_application, Observer(tracing=Tracing(Nowhere())))
    plain = Middleware(_application, Observer())
    return _added(traced, plain, 5000)


def tracing_off() -> list[float]:
    """Return the microseconds of the comparisons that tracing costs when it is off."""
    wrapped = Middleware(_application, Observer())

    def compared() -> None:
        tracing = wrapped.observer.tracing
        if tracing is not None:
            raise AssertionError
        if tracing is not None:
            raise AssertionError
        if wrapped.observer.tracing is not None:
            raise AssertionError

    def nothing() -> None:
        return

    def timed(function: Callable[[], None]) -> float:
        began = time.process_time()
        for _ in range(CALLS):
            function()
        return (time.process_time() - began) / CALLS * 1e6

    return [timed(compared) - timed(nothing) for _ in range(ROUNDS)]


_IMPORT = """
import resource, sys, time
def used():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()
before = used(); began = time.process_time()
import morrow
{more}
print((time.process_time() - began) * 1e3, (used() - before) / 1024 ** 2)
"""


def importing(more: str = "") -> tuple[list[float], list[float]]:
    """Return milliseconds and MiB of `import morrow`, and of what follows it."""
    milliseconds, mebibytes = [], []
    for _ in range(ROUNDS):
        out = subprocess.run(
            [sys.executable, "-c", _IMPORT.format(more=more)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        milliseconds.append(float(out[0]))
        mebibytes.append(float(out[1]))
    return milliseconds, mebibytes


def spread(values: list[float]) -> str:
    """Return the least and the greatest.

    >>> spread([1, 3, 2])
    '1.00 to 3.00'
    """
    return f"{min(values):.2f} to {max(values):.2f}"


median = statistics.median
