"""`morrow verify`: prove that the service keeps its promises, also under load."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import (
    Number,
    confirm_option,
    environment_argument,
    prometheus_option,
    reach,
    reads,
)

if TYPE_CHECKING:
    from morrow.tool.cluster.site import Site
    from morrow.tool.targets.target import Target, VerifyOptions
    from morrow.tool.verify.verify import Verdict

SCRAPES = 60.0  # seconds before the load that are looked at too: two readings of a usual monitor
CHANGES = ("update", "config", "secret", "kill")


class Seconds(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A duration: 30, 30s, 2m."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it, between a second and an hour."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m)?", str(value))
        seconds = float(match[1]) * (60 if match[2] == "m" else 1) if match else 0.0
        if not 1 <= seconds <= 3600:
            self.fail(f"{value!r} is not a duration from 1s to 60m", param, ctx)
        return seconds


@click.command(
    help="Prove that the service in ENVIRONMENT keeps its promises.\n\n"
    "Asks for the contract ([tool.morrow.verify]), the probes, metrics, and one release on every "
    "pod. With --load or --during, sends requests at a constant rate and counts what is lost. "
    "Exit 1 names the first broken promise."
)
@environment_argument
@click.option("--load", "rate", type=Number(1, 2000), help="Requests per second.")
@click.option("--for", "seconds", type=Seconds(), help="How long: 30s unless given.")
@click.option("--during", type=click.Choice(CHANGES), help="Make this change under load.")
@click.option("--without-drain", is_flag=True, help="Show what a plain restart loses (process).")
@click.option("--url", help="Where the service is reached.")
@click.option("--connect", metavar="HOST:PORT", multiple=True, help="Dial this address instead.")
@click.option("--ca-file", type=click.Path(exists=True, dir_okay=False), help="The CA to trust.")
@confirm_option
@click.option(
    "--attest",
    metavar="KEY",
    help="Sign a statement of the result and attach it to the digest: a key, or `keyless`.",
)
@click.option("--report", type=click.Path(dir_okay=False), help="Write HTML here.")
@prometheus_option
@reads
def command(
    environment: str,
    **given: Any,  # noqa: ANN401 - `VerifyOptions` says their types
) -> None:
    """Find the subject, verify, print."""
    from pathlib import Path

    from morrow.tool.rules.open import VALID
    from morrow.tool.targets.target import VerifyOptions

    asked = VerifyOptions(**given)
    _require_sense(asked)
    site, target = reach(environment, asked.context, VALID)
    _require_able(asked, target)
    if asked.load:
        _require_leave(site, asked)
    verdict, signed_image = _verified(site, target, asked)
    if asked.prometheus and verdict.load:
        verdict = _with_versions(verdict, site, asked.prometheus, verdict.load.seconds)
    if asked.report:
        Path(asked.report).write_text(verdict.html())
        terminal.say(f"report: {asked.report}")
    if signed_image:
        terminal.say(f"signed statement attached to {signed_image}")
    _print(verdict)


def _verified(site: Site, target: Target, asked: VerifyOptions) -> tuple[Verdict, str]:
    """Verify; return the image too where a statement about it was signed."""
    from morrow.tool.release.statement import require_provable, state
    from morrow.tool.verify.verify import Scenario, verify

    drain = not asked.without_drain
    subject = target.subject(site, asked)
    try:
        scenario = Scenario(asked.rate, asked.seconds, asked.during, drain)
        image = require_provable(site, subject, scenario) if asked.attest else ""
        verdict = verify(site.environment, subject, scenario)
        signed = bool(asked.attest and state(site, image, verdict, scenario, asked.attest))
        return verdict, image if signed else ""
    finally:
        subject.close()


def _with_versions(verdict: Verdict, site: Site, where: str, seconds: float) -> Verdict:
    """Add what each version did meanwhile, by Prometheus, which reads every so many seconds."""
    from morrow.tool.metrics.figures import versions
    from morrow.tool.metrics.prometheus import Prometheus

    environment = site.environment
    by_version = versions(
        Prometheus.of(site, where), environment.namespace, environment.name, seconds + SCRAPES
    )
    facts = [(f"version {name or '(none)'}", one.as_text()) for name, one in by_version.items()]
    return replace(verdict, facts=[*verdict.facts, *facts])


def _require_sense(asked: VerifyOptions) -> None:
    """Refuse options that mean nothing together."""
    from pathlib import Path

    if asked.seconds and not asked.load:
        raise click.UsageError("--for says how long --load or --during lasts: give one of them")
    if asked.without_drain and asked.during not in ("update", "config", "secret"):
        raise click.UsageError("--without-drain goes with --during update, config or secret")
    if asked.report and not Path(asked.report).absolute().parent.is_dir():
        raise click.UsageError(f"--report: there is no folder {Path(asked.report).parent}")
    if asked.url:
        _require_address(asked.url, is_url=True)
    for address in asked.connect:
        _require_address(f"//{address}", is_url=False)


def _require_able(asked: VerifyOptions, target: Target) -> None:
    """Refuse what only another kind of target can do."""
    if (asked.url or asked.connect or asked.ca_file) and "url" not in target.takes:
        raise click.UsageError("--url, --connect and --ca-file are for a cluster")
    if asked.without_drain and "without-drain" not in target.takes:
        raise click.UsageError("--without-drain is for a process on this machine")


def _require_address(address: str, *, is_url: bool) -> None:
    from urllib.parse import urlsplit

    if is_url and not address.startswith(("http://", "https://")):
        raise click.UsageError(f"--url must begin with http:// or https://, not {address!r}")
    try:
        parts = urlsplit(address)
        good = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        good = False
    if not good:
        raise click.UsageError(f"{address.lstrip('/')!r} names no host, or no port")


def _require_leave(site: Site, asked: VerifyOptions) -> None:
    """Ask before load meets a protected environment."""
    from morrow.tool.cluster.protection import guard

    label = site.environment.label
    if site.environment.protected and asked.during == "kill":
        cause = "the environment is protected"
        raise Failure(problem("kill-refused", label, cause, environment=label))
    guard(site, asked.confirm, f"verify {label}")


def _print(verdict: Verdict) -> None:
    terminal.answer(verdict.to_json())
    for line in verdict.lines:
        sign, colour = ("✓", "green") if line.ok else ("✗", "red")
        mark = terminal.paint(sign, colour, terminal.out)
        terminal.result(f"{mark} {line.promise}\n    {line.observed}")
    for name, value in verdict.facts:
        if name.startswith("version "):
            terminal.result(f"  {name}: {value}")
    if verdict.broken:
        first = verdict.broken[0]
        terminal.result(f"\nbroken: {first.promise}: {first.observed}")
        raise SystemExit(1)
    terminal.result(f"\nall {len(verdict.lines)} promises kept")
