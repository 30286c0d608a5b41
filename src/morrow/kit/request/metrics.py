"""Counts and durations of requests, and their Prometheus text. Written for a cheap request."""

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import accumulate
from time import time

NAME = "http_server_request_duration_seconds"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
)
HEAD = f"# HELP {NAME} Duration of requests, by matched route.\n# TYPE {NAME} histogram\n".encode()
OTHER = "_OTHER"
# Counts and sum of a series, and the newest of each bucket's requests whose trace is kept.
Series = tuple[list[float], dict[int, tuple[int, float, float]]]
MOST_NOTED = 1000
# More routes, methods and statuses than any service has; beyond it all count as one.
MOST_SERIES = 2000


class RequestDurations:
    """A histogram of request durations by method, route and status.

    >>> durations = RequestDurations()
    >>> durations.observe("GET", "/", "200", 0.003)
    >>> durations.exposition().splitlines()[-1]
    b'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/",http_response_status_code="200"} 1'
    """  # noqa: E501 - one line of the exposition

    def __init__(self) -> None:
        self._series: dict[tuple[str, str, str], Series] = {}
        self._template = HEAD
        self._added: list[bytes] = []
        self._noted: deque[tuple[tuple[str, str, str], float, int, float]] = deque()
        self._lock = threading.Lock()

    def observe(
        self, method: str, route: str, status: str, seconds: float, trace_id: int = 0
    ) -> None:
        """Count one request, and remember its trace if that is kept.

        >>> RequestDurations().observe("GET", "/", "200", 0.1)
        """
        # Only noted: what a request must wait for is short, and has no lock.
        when = time() if trace_id else 0.0
        self._noted.append(((method, route, status), seconds, trace_id, when))
        if len(self._noted) > MOST_NOTED:
            self._count()

    def _count(self) -> None:
        with self._lock:
            for _ in range(len(self._noted)):
                key, seconds, trace_id, when = self._noted.popleft()
                series, exemplars = self._series.get(key) or self._new(key)
                # One slot a bucket, one for what is longer, and the sum in the last place.
                bucket = bisect_left(BOUNDS, seconds)
                series[bucket] += 1
                series[-1] += seconds
                if trace_id:
                    exemplars[bucket] = trace_id, seconds, when

    def _new(self, key: tuple[str, str, str]) -> Series:
        method, route, status = key
        key = (method if method in METHODS else OTHER, route, status)
        if len(self._series) >= MOST_SERIES and key not in self._series:
            key = (OTHER, OTHER, OTHER)
        if key not in self._series:
            self._series[key] = [0] * (len(BOUNDS) + 1) + [0.0], {}
            self._added.append(_template(key))
        return self._series[key]

    def by_class(self) -> Iterator[tuple[dict[str, str], float]]:
        """Yield how many requests ended in each class of status, those with none too.

        A series that begins with its first failure hides it: Prometheus sees no increase. These
        begin with 0, so that an alert can count on them.

        >>> list(RequestDurations().by_class())[-1]
        ({'class': '5xx'}, 0.0)
        """
        self._count()
        found = dict.fromkeys(("1xx", "2xx", "3xx", "4xx", "5xx"), 0.0)
        with self._lock:
            for (_, _, status), (series, _) in self._series.items():
                name = f"{status[:1]}xx"
                found[name] = found.get(name, 0) + sum(series[:-1])
        return (({"class": name}, count) for name, count in found.items())

    def exposition(self, *, openmetrics: bool = False) -> bytes:
        """Return the Prometheus text; that of OpenMetrics has exemplars.

        >>> RequestDurations().exposition().splitlines()[1]
        b'# TYPE http_server_request_duration_seconds histogram'
        """
        self._count()
        with self._lock:
            if self._added:
                self._template += b"".join(self._added)
                self._added.clear()
            template = self._template
            snapshot = [series.copy() for series, _ in self._series.values()]
            # Two lines are the head's; a series has one a bucket, +Inf too, a sum and a count.
            exemplars = [
                (2 + number * (len(BOUNDS) + 3) + bucket, exemplar)
                for number, (_, kept) in enumerate(self._series.values() if openmetrics else ())
                for bucket, exemplar in kept.items()
            ]
        numbers: list[float] = []
        for series in snapshot:
            total = series.pop()
            numbers += accumulate(series)
            numbers += (total, numbers[-1])
        # Bytes, and all at once: a third of the time of text, series by series.
        text = template % tuple(numbers)
        if not exemplars:
            return text
        lines = text.split(b"\n")
        for line, exemplar in exemplars:
            lines[line] += b' # {trace_id="%032x"} %r %.3f' % exemplar
        return b"\n".join(lines)


def _template(key: tuple[str, str, str]) -> bytes:
    """Return all lines of a series with places for its numbers."""
    method, route, status = key
    labels = (
        f'http_request_method="{method}",http_route="{escape(route)}",'
        f'http_response_status_code="{status}"'
    ).replace("%", "%%")
    lines = [f'{NAME}_bucket{{{labels},le="{bound}"}} %d\n' for bound in (*BOUNDS, "+Inf")]
    lines += [f"{NAME}_sum{{{labels}}} %.9g\n", f"{NAME}_count{{{labels}}} %d\n"]
    return "".join(lines).encode(errors="replace")


def escape(text: str) -> str:
    r"""Return a label's value as the exposition wants it.

    >>> escape('a"b')
    'a\\"b'
    """
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def of_check(name: str, critical: bool) -> dict[str, str]:
    """Return the labels of a check.

    >>> of_check("database", True)
    {'check': 'database', 'critical': 'true'}
    """
    return {"check": name, "critical": str(critical).lower()}


def family(name: str, help_text: str, *samples: tuple[dict[str, str], float]) -> Iterator[str]:
    """Yield the lines of a gauge, or of a counter, whose name ends in `_total`.

    >>> list(family("up", "Is up.", ({}, 1), ({"check": "database"}, 0)))[2:]
    ['up 1', 'up{check="database"} 0']
    """
    yield f"# HELP {name} {help_text}"
    yield f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}"
    for labels, value in samples:
        told = ",".join(f'{key}="{escape(text)}"' for key, text in labels.items())
        yield f"{name}{{{told}}} {value:.12g}" if told else f"{name} {value:.12g}"


def page(lines: Iterable[str]) -> str:
    r"""Return lines as the text of a page.

    >>> page(["up 1"])
    'up 1\n'
    """
    return "".join(f"{line}\n" for line in lines)


def process_lines() -> Iterator[str]:
    """Yield the usual process_* metrics, where the system tells them.

    >>> any(text.startswith("process_resident_memory_bytes ") for text in process_lines())
    True
    """
    import os
    import resource
    from pathlib import Path

    try:
        stat = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        boot = next(
            int(text.split()[1])
            for text in Path("/proc/stat").read_text().splitlines()
            if text.startswith("btime ")
        )
        descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough
    except OSError:
        return  # no /proc: not Linux
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGESIZE")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    for name, help_text, value in (
        ("cpu_seconds_total", "CPU time spent.", (int(stat[11]) + int(stat[12])) / tick),
        ("virtual_memory_bytes", "Virtual memory.", int(stat[20])),
        ("resident_memory_bytes", "Resident memory.", int(stat[21]) * page),
        ("start_time_seconds", "Start, in Unix time.", boot + int(stat[19]) / tick),
        ("open_fds", "Open file descriptors.", descriptors),
        ("max_fds", "Most file descriptors.", limit),
    ):
        yield from family(f"process_{name}", help_text, ({}, value))
