"""An open-loop load client: a constant rate of requests, and an honest account of each.

    with Load(Options("https://shop.example.com/", rate=300, ca_file="ca.pem",
                      connect=("10.0.0.7:443", "10.0.0.8:443"))) as load:
        load.mark("update")          # a line on the timeline; failures carry its name
        ...                          # do the thing that must lose nothing
        load.mark("after")
    result = load.result             # also: Load(options, seconds=30).run()
    assert result.requests > 5000 and not result.failures, result.summary()

The client runs in a process of its own, so that nothing the caller does delays a request; it
stops when the caller ends. `Load.progress` is the latest count while it runs.

**Open loop.** Request number n is due at start + n / rate, whatever became of the ones before.
Its latency runs from that moment, so a server (or a client) that stalls cannot hide it.
`Result.lag` says how late the client itself sent its requests; where that is more than
`LATE`, the machine was too busy for the rate, and the summary says so.

**Connections.** `kept` of the requests (half) go over a pool of kept-alive connections: used in
turn, reopened when the server closes them, up to four times as many while it is slow. Each of
the others opens a connection, asks with `Connection: close` and ends it. TLS is checked against
`ca_file` (or the system's) and the URL's host name. `connect` names the addresses to dial
instead of looking that name up.

**A request has failed** when any of these is so; nothing else counts, and nothing is left out:
- its connection was refused, reset, not made, or its TLS handshake failed;
- the connection ended before the whole response had come, or what came was no HTTP;
- the whole response was not there `timeout` seconds after the request was sent;
- its status is 400 or more, or differs from `status` where that is given;
- its body lacks `text`, where that is given;
- more than `in_flight` requests were waiting, so it was not sent (`overrun`).

**A retry.** A server may close an idle kept connection just as the client writes to it. All
real clients send an idempotent request again when a connection that has served before ends
before one byte of the response: this one does so once, on a new connection, and counts it in
`Result.retried` (with `retry=False` it is a failure). Nothing else is tried twice.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

LATE = 0.5
MOST_REQUESTS = 1_000_000  # a run ends here, whatever was asked


@dataclass(frozen=True)
class Options:
    """What to ask, how often, and what answer is right."""

    url: str
    rate: float = 100.0
    """Requests per second, at most 2000."""
    kept: float = 0.5
    """The share of requests over kept-alive connections."""
    connections: int = 32
    """Kept connections that are held open."""
    connect: tuple[str, ...] = ()
    """Addresses (host:port) to dial in turn, instead of the URL's host."""
    ca_file: str | None = None
    timeout: float = 10.0
    status: int | None = None
    text: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    retry: bool = True
    in_flight: int = 2000

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"url must begin with http:// or https://, not {self.url!r}")
        if not 0 < self.rate <= 2000:
            raise ValueError(f"rate must be above 0 and at most 2000 a second, not {self.rate}")
        if not 0 <= self.kept <= 1:
            raise ValueError(f"kept is a share between 0 and 1, not {self.kept}")
        if self.ca_file is not None and not Path(self.ca_file).is_file():
            raise ValueError(f"ca_file {self.ca_file} is no file")
        if not 0 < self.timeout <= 120:
            raise ValueError(f"timeout must be above 0 and at most 120 seconds, not {self.timeout}")


@dataclass(frozen=True)
class Event:
    """A named moment; also the name of the phase that it begins."""

    at: float
    name: str


@dataclass(frozen=True)
class Sample:
    """One request, with times in seconds."""

    at: float
    """When it was due, from the start of the run."""
    latency: float
    kept: bool
    failed: bool
    retried: bool


@dataclass(frozen=True)
class Failed:
    """A request that failed: when, in which phase, why, and who answered, if the answer says."""

    at: float
    latency: float
    phase: str
    cause: str
    """refused, reset, closed, timeout, connect, tls, http, status-503, text, overrun."""
    detail: str
    kept: bool
    reused: bool
    """The connection had served before."""
    address: str
    instance: str
    """What the response said of the pod or process that made it, or empty."""


@dataclass
class Result:
    """What came of a run."""

    url: str
    rate: float
    started: float
    """Seconds since 1970."""
    seconds: float
    lag: float
    """How late the client sent, the 99th percentile in seconds: its own share in latencies."""
    events: list[Event] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    failures: list[Failed] = field(default_factory=list)
    instances: dict[str, int] = field(default_factory=dict)
    """Responses by the pod or process that the response named."""

    @property
    def requests(self) -> int:
        """All requests that were due."""
        return len(self.samples)

    @property
    def retried(self) -> int:
        """Requests sent again after a kept connection ended before the response began."""
        return sum(sample.retried for sample in self.samples)

    def latency(self, share: float, since: float = 0, until: float = math.inf) -> float:
        """The latency that `share` of the answered requests did not exceed."""
        return percentile(
            [s.latency for s in self.samples if not s.failed and since <= s.at < until], share
        )

    def causes(self) -> dict[str, int]:
        """Failures by cause, the most frequent first."""
        return dict(Counter(failure.cause for failure in self.failures).most_common())

    def phases(self) -> dict[str, int]:
        """Failures by phase."""
        return dict(Counter(failure.phase for failure in self.failures).most_common())

    def summary(self) -> str:
        """One line for people."""
        text = (
            f"{len(self.failures)} of {self.requests} requests lost at {self.rate:g}/s "
            f"over {self.seconds:.0f} s; p50 {_ms(self.latency(0.5))}, "
            f"p99 {_ms(self.latency(0.99))}"
        )
        if self.lag > LATE:
            text += f"; the client itself was {_ms(self.lag)} late: this machine is too busy"
        if self.retried:
            text += f"; {self.retried} sent again on a new connection"
        if self.failures:
            causes = ", ".join(f"{count} {cause}" for cause, count in self.causes().items())
            text += f"; {causes}; first: {self.failures[0].detail}"
        return text

    def to_json(self, samples: bool = False) -> dict[str, Any]:
        """Plain data; the single requests only when asked for."""
        data: dict[str, Any] = {
            "url": self.url,
            "rate": self.rate,
            "started": self.started,
            "seconds": self.seconds,
            "requests": self.requests,
            "failed": len(self.failures),
            "retried": self.retried,
            "latency": {"p50": self.latency(0.5), "p99": self.latency(0.99)},
            "lag": self.lag,
            "events": [dataclasses.asdict(event) for event in self.events],
            "failures": [dataclasses.asdict(failure) for failure in self.failures],
            "instances": self.instances,
        }
        if samples:
            data["samples"] = [dataclasses.astuple(sample) for sample in self.samples]
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Result:
        """The reverse of `to_json(samples=True)`."""
        return cls(
            url=data["url"],
            rate=data["rate"],
            started=data["started"],
            seconds=data["seconds"],
            lag=data["lag"],
            events=[Event(**event) for event in data["events"]],
            samples=[Sample(*sample) for sample in data["samples"]],
            failures=[Failed(**failure) for failure in data["failures"]],
            instances=data["instances"],
        )


class LoadError(RuntimeError):
    """The client itself could not run; says nothing about the service."""


class Load:
    """A run of the client in its own process; see the module's first lines."""

    def __init__(self, options: Options, seconds: float | None = None) -> None:
        self.options = options
        self.seconds = seconds
        self.progress: dict[str, Any] = {}
        self._result: Result | None = None
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._started = threading.Event()

    @property
    def result(self) -> Result:
        """What came of it, once the run has ended."""
        if self._result is None:
            raise LoadError("the load client has not ended, or ended without a result")
        return self._result

    def start(self) -> Self:
        """Begin; returns when the first request is on its way."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "morrow.tool.load_client"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is the caller's to answer; the client ends when the caller closes the pipe.
            start_new_session=True,
        )
        self._say({"options": dataclasses.asdict(self.options), "seconds": self.seconds})
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), daemon=True, name="load"
        )
        self._reader.start()
        if not self._started.wait(30) or not (self.progress or self._result):
            self.stop()
            raise LoadError("the load client did not start; its message stands above")
        return self

    def mark(self, name: str) -> None:
        """Put a line on the timeline; later failures carry its name as their phase."""
        self._say({"mark": name, "at": time.monotonic()})

    def wait(self) -> Result:
        """Let the run come to its own end."""
        if self._process is None or self._reader is None:
            raise LoadError("the load client was not started")
        self._reader.join()
        self._process.wait()
        return self.result

    def stop(self) -> None:
        """End it: nothing more is sent, what is under way is waited for."""
        process, reader = self._process, self._reader
        if process is None or process.stdin is None or reader is None:
            return
        with contextlib.suppress(OSError):
            process.stdin.close()
        reader.join(self.options.timeout + 60)
        if reader.is_alive():
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def run(self) -> Result:
        """Run for the given seconds and return the result."""
        if self.seconds is None:
            raise LoadError("a run without an end: give the seconds, or use it as a context")
        try:
            return self.start().wait()
        finally:
            self.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _say(self, message: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise LoadError("the load client was not started")
        with contextlib.suppress(OSError, ValueError):  # it has ended: the result says so
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            message = json.loads(line)
            if "result" in message:
                self._result = Result.from_json(message["result"])
            else:
                self.progress = message
            self._started.set()
        self._started.set()


def percentile(values: list[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed; 0 for none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"
