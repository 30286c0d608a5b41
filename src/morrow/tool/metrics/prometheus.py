"""A Prometheus, asked by URL or through the API server's proxy.

How others use it:

    prometheus = Prometheus.of(site, "")                   # in the cluster, at its usual name
    prometheus = Prometheus.of(site, "http://localhost:9090")
    prometheus.instant("up")                               # [Series], each with one point
    prometheus.range("up", start, end, step)
"""

from __future__ import annotations

import http.client
import json
import math
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from morrow.tool.base.errors import Failure, problem
from morrow.tool.cluster.site import Site

USUAL = "prometheus-operated:9090"  # the Service that the operator makes for every Prometheus
SERVICE = re.compile(r"([a-z0-9-]+/)?[a-z0-9-]+(:[a-z0-9-]+)?")
SECONDS = 15.0  # for a whole answer


@dataclass(frozen=True)
class Series:
    """One line: its labels, and its points of time and value; gaps are left out."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]

    @property
    def last(self) -> float:
        """The newest value."""
        return self.points[-1][1]


@dataclass(frozen=True)
class Prometheus:
    """Where it is, and how a path below it is fetched."""

    where: str
    fetch: Callable[[str], str]

    @classmethod
    def of(cls, site: Site, address: str) -> Prometheus:
        """Return the one at a URL or at NAMESPACE/SERVICE:PORT; the operator's unless stated."""
        if address.startswith(("http://", "https://")):
            _refuse_credentials(address)
            return cls(address, lambda path: _fetch(address.rstrip("/") + path))
        if not site.environment.in_cluster:
            cause = "it runs as a process on this machine: no cluster leads to a Prometheus"
            raise Failure(problem("prometheus-silent", site.environment.label, cause))
        if not SERVICE.fullmatch(address or USUAL):
            cause = "it is neither a URL nor NAMESPACE/SERVICE:PORT"
            raise Failure(problem("prometheus-silent", address, cause))
        namespace, _, service = (address or USUAL).rpartition("/")
        namespace = namespace or str(site.environment.value("observability", "namespace"))
        root = f"/api/v1/namespaces/{namespace}/services/{service}/proxy"
        kubectl = site.kubectl
        return cls(
            f"{namespace}/{service}", lambda path: kubectl.check("get", "--raw", root + path)
        )

    def instant(self, query: str) -> list[Series]:
        """Return what a query says now."""
        return self._ask("/api/v1/query", {"query": query})

    def range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """Return what it said from `start` to `end`."""
        span = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        return self._ask("/api/v1/query_range", {"query": query, **span})

    def _ask(self, path: str, parameters: Mapping[str, str]) -> list[Series]:
        try:
            answer = json.loads(self.fetch(f"{path}?{urlencode(parameters)}"))
            if isinstance(answer, dict) and answer.get("status") != "success":
                raise ValueError(str(answer.get("error", answer))[:300])
            return [_series(one) for one in answer["data"]["result"]]
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
            cause = "what it answers is no Prometheus' JSON: a login page, or another program?"
            raise Failure(problem("prometheus-silent", self.where, cause)) from None
        except Failure as failure:
            cause = failure.problems[0].cause
            raise Failure(problem("prometheus-silent", self.where, cause)) from None
        except (OSError, ValueError, http.client.HTTPException) as wrong:
            raise Failure(problem("prometheus-silent", self.where, str(wrong))) from None


def _refuse_credentials(address: str) -> None:
    """A password there would stand in the page, in errors and in the shell's history."""
    try:
        _, at, host = urlsplit(address).netloc.rpartition("@")
    except ValueError as wrong:  # a bracket that does not close
        raise Failure(problem("prometheus-silent", "the address", str(wrong))) from None
    if at:
        cause = "an address with a user or a password in it is not taken: ask through kubectl"
        raise Failure(problem("prometheus-silent", host, cause))


def _fetch(url: str) -> str:
    request = urllib.request.Request(url)  # noqa: S310 - http or https, as `of` looked
    try:
        ends, parts = time.monotonic() + SECONDS, []
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            while part := answer.read1():
                if time.monotonic() > ends:
                    raise TimeoutError(f"no whole answer within {SECONDS:g} s")
                parts.append(part)
        return b"".join(parts).decode()
    except urllib.error.HTTPError as refused:
        body = refused.read().decode(errors="replace")
        if body.startswith("{"):
            return body  # its own words, of a query that it does not understand
        raise


def _series(one: dict[str, Any]) -> Series:
    pairs = one["values"] if "values" in one else [one["value"]]
    points = [(float(at), float(value)) for at, value in pairs]
    return Series(one["metric"], [(at, value) for at, value in points if math.isfinite(value)])
