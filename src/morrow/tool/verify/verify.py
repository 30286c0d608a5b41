"""Prove that a service keeps its promises, and that it loses nothing under load."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.environment.model import Environment
from morrow.tool.load.load import Load, LoadError
from morrow.tool.load.result import LATE, Options, Result
from morrow.tool.report.page import Line, page
from morrow.tool.report.plots import ms
from morrow.tool.verify.contract import (
    Contract,
    Reach,
    certificate_line,
    check_line,
    contract_of,
    fetch,
)

RATE = 100.0  # requests per second where only a change was asked for
BEFORE, AFTER = 3.0, 3.0  # seconds of quiet load before and after a change
RECOVERY = 5.0  # seconds after a kill from which nothing may be lost any more


@dataclass(frozen=True)
class Scenario:
    """What the command line asked for."""

    rate: float | None = None
    seconds: float | None = None
    during: str | None = None
    drain: bool = True


class Subject(Protocol):
    """A running environment, as verification sees it."""

    @property
    def image(self) -> str:
        """What runs, for the report."""

    @property
    def digest(self) -> str:
        """The digest that runs; empty where there is none, or more than one."""

    def reach(self) -> Reach | None:
        """How requests get to the service; None where it takes none."""

    def promises(self) -> list[Line]:
        """Judge what runs: one release everywhere, probes, metrics, restarts."""

    def change(self, kind: str, load: Load) -> str:
        """Make the change and take it back, marking the steps; say what was done."""

    def close(self) -> None:
        """Let go of what was opened."""


@dataclass(frozen=True)
class Verdict:
    """All that was found."""

    environment: str
    lines: Sequence[Line]
    facts: Sequence[tuple[str, str]]
    load: Result | None

    @property
    def broken(self) -> list[Line]:
        """The promises that were not kept."""
        return [line for line in self.lines if not line.ok]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        first = self.broken[0].promise if self.broken else None
        return {
            "environment": self.environment,
            "ok": not self.broken,
            "first_broken": first,
            "promises": [
                {"ok": one.ok, "promise": one.promise, "found": one.observed} for one in self.lines
            ],
            "facts": dict(self.facts),
            "load": self.load.to_json() if self.load else None,
        }

    def html(self) -> str:
        """The report."""
        what = dict(self.facts).get("change")
        title = f"{dict(self.facts)['service']} in {self.environment}"
        title += f", during {what}" if what else ""
        return page(title, self.lines, self.facts, self.load)


def verify(environment: Environment, subject: Subject, scenario: Scenario) -> Verdict:
    """Judge the contract, then what runs, then the load."""
    contract = contract_of(environment.project)
    reach = subject.reach()
    lines = _answers(contract, reach) if reach else []
    lines += subject.promises()
    facts = [
        ("service", environment.name),
        ("environment", environment.label),
        ("image", subject.image),
        ("reached", f"{reach.url}, {reach.how}" if reach else "it takes no requests"),
    ]
    result = None
    if scenario.rate or scenario.during:
        where, label = f"{environment.name} in {environment.label}", environment.label
        if reach is None:
            cause = "it has no web process (web.enabled is false)"
            raise Failure(
                problem("verify-no-requests", where, cause, environment=label), refused=True
            )
        if scenario.during and not reach.steady:
            cause = f"{reach.how} is tied to one pod, so it cannot outlive a change of pods"
            raise Failure(problem("verify-no-route", where, cause, environment=label), refused=True)
        first = contract.checks[0]
        options = Options(
            reach.url.rstrip("/") + first.path,
            rate=scenario.rate or RATE,
            connect=reach.connect,
            ca_file=reach.ca_file,
            status=first.status,
            text=first.text or None,
        )
        result, done = _under_load(subject, options, scenario)
        facts += [("change", scenario.during or ""), ("how", done)] if scenario.during else []
        lines.append(_loss(result, scenario))
        # What runs must have outlived the load, and a change must have left it as it was.
        after = [line for line in subject.promises() if not line.ok]
        lines += [line for line in after if line not in lines]
    return Verdict(environment.label, lines, facts, result)


def _answers(contract: Contract, reach: Reach) -> list[Line]:
    """Ask for what the contract says, the way that users go."""
    terminal.status(f"asking {reach.url} ({reach.how}) …")
    lines = [check_line(check, reach) for check in contract.checks]
    if reach.url.startswith("https:"):
        lines.append(certificate_line(fetch(reach, contract.checks[0].path)))
    return lines


def _under_load(subject: Subject, options: Options, scenario: Scenario) -> tuple[Result, str]:
    seconds = scenario.seconds or (0.0 if scenario.during else 30.0)
    done = ""
    try:
        with Load(options) as load:
            began = time.monotonic()
            if scenario.during:
                _let(load, BEFORE, "before")
                done = subject.change(scenario.during, load)
                load.mark("after")
                _let(load, RECOVERY + 1 if scenario.during == "kill" else AFTER, "after")
            _let(load, seconds - (time.monotonic() - began), "under load")
        return load.result, done
    except LoadError as wrong:
        raise Failure(problem("load-failed", options.url, str(wrong))) from None


def _let(load: Load, seconds: float, what: str) -> None:
    """Let the load run on, and say how it goes."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        tell(load, what)
        time.sleep(max(0.0, min(0.5, until - time.monotonic())))


def tell(load: Load, what: str) -> None:
    """Show the counts; only where a line can be rewritten."""
    if terminal.moves:
        counts = load.progress
        terminal.status(f"{what}: {counts.get('requests', 0)} sent, {counts.get('failed', 0)} lost")


def _loss(result: Result, scenario: Scenario) -> Line:
    lost = len(result.failures)
    detail = (
        f"{lost} of {result.requests} lost at {result.rate:g}/s; "
        f"p50 {ms(result.latency(0.5))}, p99 {ms(result.latency(0.99))}"
    )
    if lost:
        causes = ", ".join(f"{count} {cause}" for cause, count in result.causes().items())
        detail += f"; {causes}; first at {result.failures[0].at:.1f} s: {result.failures[0].detail}"
    if result.lag > LATE:
        detail += f"; the client itself was {ms(result.lag)} late: this machine is too busy"
    if result.retried:
        detail += f"; {result.retried} sent again on a new connection"
    if scenario.during != "kill":
        when = f"during {scenario.during}" if scenario.during else "under load"
        how = "" if scenario.drain else ", without drain"
        return Line(not lost, f"no request is lost {when}{how}", detail)
    killed = next((event.at for event in result.events if event.name == "kill"), 0.0)
    late = [failure for failure in result.failures if failure.at > killed + RECOVERY]
    promise = f"nothing is lost later than {RECOVERY:g} s after a kill"
    return Line(not late, promise, f"{len(late)} later; {detail}")
