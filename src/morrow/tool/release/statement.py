"""The statement that a digest kept its promises under load in an environment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from morrow import __version__
from morrow.tool.base.errors import Failure, problem
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.plan.file import sources
from morrow.tool.programs.cosign import attest
from morrow.tool.rules.signed import KIND
from morrow.tool.verify.verify import Scenario, Subject, Verdict


def chart_sum(environment: Environment) -> str:
    """Return the sum over the chart's files and their names."""
    total = hashlib.sha256()
    for name, content in sources(environment).items():
        if name.startswith("chart/"):
            total.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


def predicate(site: Site, verdict: Verdict, scenario: Scenario, now: datetime) -> dict[str, Any]:
    """Return what is stated; times of requests in whole milliseconds."""
    load = verdict.load
    assert load is not None  # noqa: S101 - `require_provable` has asked for load
    plan = hashlib.sha256(site.rendered.out.encode()).hexdigest()
    return {
        "service": site.environment.name,
        "environment": site.environment.label,
        "time": now.isoformat(timespec="seconds"),
        "tool": {"name": "morrow", "version": __version__},
        "plan": plan,
        "chart": chart_sum(site.environment),
        "scenario": {"rate": load.rate, "seconds": round(load.seconds), "during": scenario.during},
        "requests": load.requests,
        "lost": len(load.failures),
        "retried": load.retried,
        "p50": round(load.latency(0.5) * 1000),
        "p99": round(load.latency(0.99) * 1000),
        "thresholds": {"lost": 0, "broken": 0},
        "promises": len(verdict.lines),
        "broken": [line.promise for line in verdict.broken],
    }


def require_provable(site: Site, subject: Subject, scenario: Scenario) -> str:
    """Return the image by its digest; refuse what no statement could be about."""
    environment, digest = site.environment, subject.digest
    named = str(environment.value("image", "digest") or "")
    if not (scenario.rate or scenario.during):
        cause = "it asks for no load"
    elif not digest:
        cause = "what runs has no digest, or more than one"
    elif named != digest:
        cause = f"{digest} runs, and the file names {named or 'no digest'}"
    else:
        return f"{environment.value('image', 'repository')}@{digest}"
    raise Failure(
        problem("proof-impossible", environment.label, cause, environment=environment.label)
    )


def state(
    site: Site, image: str, verdict: Verdict, scenario: Scenario, key: str
) -> Mapping[str, Any] | None:
    """Attach the signed statement to the digest; nothing where a promise is broken."""
    if verdict.broken:
        return None
    content = predicate(site, verdict, scenario, datetime.now(UTC))
    attest(image, key, KIND, content)
    return content
