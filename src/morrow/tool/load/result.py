"""What a load client is asked for and what came of it: plain data, with the sums over it."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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

    def latency(self, share: float) -> float:
        """The latency that `share` of the answered requests did not exceed."""
        return percentile([one.latency for one in self.samples if not one.failed], share)

    def causes(self) -> dict[str, int]:
        """Failures by cause, the most frequent first."""
        return dict(Counter(failure.cause for failure in self.failures).most_common())

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


def percentile(values: list[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed; 0 for none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"
