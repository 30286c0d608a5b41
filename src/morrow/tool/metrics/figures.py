"""A few figures of a service by its Prometheus: now, or of each version side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from morrow.tool.metrics.prometheus import Prometheus

HISTOGRAM = "http_server_request_duration_seconds_bucket"
COUNT = "morrow_responses_total"
# Measured: docs/observability.md says how.
BYTES_OF_SERIES, BYTES_OF_READING = 2_150, 2.4


@dataclass(frozen=True)
class Now:
    """The last five minutes; None where nothing is known."""

    rate: float | None
    failing: float | None
    p99: float | None
    budget_left: float | None

    def as_text(self) -> str:
        """One line for people."""
        parts = [
            None if self.rate is None else f"{self.rate:.3g} requests/s",
            None if self.failing is None else f"{self.failing:.2%} fail",
            None if self.p99 is None else f"p99 {1000 * self.p99:.3g} ms",
            None if self.budget_left is None else f"{self.budget_left:.0%} of the budget left",
        ]
        return ", ".join(filter(None, parts)) or "nothing of this service"


@dataclass(frozen=True)
class Version:
    """What one version did in a stretch of time."""

    requests: float
    failed: float
    p99: float | None

    def as_text(self) -> str:
        """One line for people."""
        p99 = "" if self.p99 is None else f", p99 {1000 * self.p99:.3g} ms"
        return f"{self.requests:,.0f} requests, {self.failed:,.0f} failed{p99}"


def now(prometheus: Prometheus, namespace: str, name: str) -> Now:
    """Ask for rate, failures, p99 and what is left of the budget."""
    own = f'namespace="{namespace}",container="{name}"'
    all_ = f"sum(rate({COUNT}{{{own}}}[5m]))"

    def one(query: str) -> float | None:
        return next((one.last for one in prometheus.instant(query) if one.points), None)

    return Now(
        one(all_),
        one(f'sum(rate({COUNT}{{{own},class="5xx"}}[5m])) / {all_}'),
        one(f"histogram_quantile(0.99, sum by (le) (rate({HISTOGRAM}{{{own}}}[5m])))"),
        one(f'service:request_errors:budget_left{{namespace="{namespace}",service="{name}"}}'),
    )


def versions(
    prometheus: Prometheus, namespace: str, name: str, seconds: float
) -> Mapping[str, Version]:
    """Compare the versions that served in the last seconds, those of pods that are gone too."""
    own, window = f'namespace="{namespace}",container="{name}"', f"[{max(1, round(seconds))}s]"
    info = f"max by (pod, version) (last_over_time(morrow_info{{{own}}}{window}))"

    def query_of(by: str, metric: str, more: str = "") -> str:
        counted = f"sum by (pod{by}) (increase({metric}{{{own}{more}}}{window}))"
        return f"sum by (version{by}) ({counted} * on (pod) group_left (version) {info})"

    def each(query: str) -> dict[str, float]:
        series = (one for one in prometheus.instant(query) if one.points)
        return {one.labels.get("version", ""): one.last for one in series}

    requests, failed = each(query_of("", COUNT)), each(query_of("", COUNT, ',class="5xx"'))
    p99 = each(f"histogram_quantile(0.99, {query_of(', le', HISTOGRAM)})")
    return {
        version: Version(count, failed.get(version, 0), p99.get(version))
        for version, count in sorted(requests.items())
    }


@dataclass(frozen=True)
class Cost:
    """What one pod costs the Prometheus that reads it every so many seconds."""

    series: int
    interval: float

    @property
    def memory(self) -> float:
        """Bytes."""
        return self.series * BYTES_OF_SERIES

    @property
    def disk_a_day(self) -> float:
        """Bytes."""
        return self.series * BYTES_OF_READING * 86_400 / self.interval

    def as_text(self) -> str:
        """One line for people."""
        return (
            f"a pod has up to {self.series:,} series: about {self.memory / 1e6:.2g} MB of"
            f" Prometheus' memory, {self.disk_a_day / 1e6:.2g} MB of disk a day"
        )

    def as_data(self) -> dict[str, int]:
        """Return it for --json."""
        return {
            "series": self.series,
            "memory_bytes": round(self.memory),
            "disk_bytes_a_day": round(self.disk_a_day),
        }


def cost(prometheus: Prometheus, namespace: str, name: str, interval: float) -> Cost | None:
    """Ask how many series the pod with most of them has; None where none is read."""
    own = f'namespace="{namespace}",container="{name}"'
    found = prometheus.instant(f"max(scrape_samples_post_metric_relabeling{{{own}}})")
    return next((Cost(round(one.last), interval) for one in found if one.points), None)


def as_data(figures: Now) -> dict[str, Any]:
    """Return the figures for --json."""
    return {
        "requests_per_second": figures.rate,
        "failing": figures.failing,
        "p99_seconds": figures.p99,
        "error_budget_left": figures.budget_left,
    }
