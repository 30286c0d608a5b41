"""`morrow verify`: prove that the service keeps its promises, also under load."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import answers, confirm_option, context_option, environment_argument

if TYPE_CHECKING:
    from morrow.tool.cluster.site import Site
    from morrow.tool.verify.verify import Verdict

CHANGES = ("update", "config", "secret", "kill")


class Seconds(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A duration: 30, 30s, 2m."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it, between a second and an hour."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m)?", str(value))
        seconds = float(found[1]) * (60 if found[2] == "m" else 1) if found else 0.0
        if not 1 <= seconds <= 3600:
            self.fail(f"{value!r} is no duration from 1s to 60m", param, ctx)
        return seconds


@click.command(
    help="Prove that the service in ENVIRONMENT keeps its promises.\n\n"
    "Asks for the contract ([tool.morrow.verify]), the probes, metrics, and one release on every "
    "pod. With --load or --during, sends requests at a constant rate and counts what is lost. "
    "Exit 1 names the first broken promise."
)
@environment_argument
@click.option("--load", "rate", type=click.FloatRange(1, 2000), help="Requests per second.")
@click.option("--for", "seconds", type=Seconds(), help="How long: 30s unless given.")
@click.option("--during", type=click.Choice(CHANGES), help="Make this change under load.")
@click.option("--without-drain", is_flag=True, help="Show what a plain restart loses (process).")
@click.option("--url", help="Where the service is reached.")
@click.option("--connect", metavar="HOST:PORT", multiple=True, help="Dial this address instead.")
@click.option("--ca-file", type=click.Path(exists=True, dir_okay=False), help="The CA to trust.")
@confirm_option
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write HTML here.")
@context_option
@answers
def command(
    environment: str,
    rate: float | None,
    seconds: float | None,
    during: str | None,
    without_drain: bool,
    url: str | None,
    connect: tuple[str, ...],
    ca_file: str | None,
    confirm: str | None,
    report: Path | None,
    context: str | None,
) -> None:
    """Find the subject, verify, print."""
    from morrow.tool.rules.open import VALID, open_site
    from morrow.tool.targets.target import VerifyOptions, target_of
    from morrow.tool.verify.verify import Asked, verify

    _require_sense(rate or 0, seconds, during, without_drain, report)
    for address in filter(None, (url, *(f"//{place}" for place in connect))):
        _require_address(address, is_url=address == url)
    site = open_site(environment, context, VALID)
    target = target_of(site.environment)
    if (url or connect or ca_file) and "url" not in target.takes:
        raise click.UsageError("--url, --connect and --ca-file are for a cluster")
    if without_drain and "without-drain" not in target.takes:
        raise click.UsageError("--without-drain is for a process on this machine")
    if rate or during:
        _require_leave(site, during, confirm)
    subject = target.subject(site, VerifyOptions(url, connect, ca_file, not without_drain))
    try:
        asked = Asked(rate, seconds, during, not without_drain)
        verdict = verify(site.environment, subject, asked)
    finally:
        subject.close()
    if report:
        report.write_text(verdict.html())
        terminal.say(f"report: {report}")
    _print(verdict)


def _require_sense(
    rate: float, seconds: float | None, during: str | None, without_drain: bool, report: Path | None
) -> None:
    """Refuse options that mean nothing together."""
    if seconds and not (rate or during):
        raise click.UsageError("--for says how long --load or --during lasts: give one of them")
    if without_drain and during not in ("update", "config", "secret"):
        raise click.UsageError("--without-drain goes with --during update, config or secret")
    if report and not report.absolute().parent.is_dir():
        raise click.UsageError(f"--report: there is no folder {report.parent}")


def _require_address(address: str, *, is_url: bool) -> None:
    if is_url and not address.startswith(("http://", "https://")):
        raise click.UsageError(f"--url must begin with http:// or https://, not {address!r}")
    try:
        parts = urlsplit(address)
        good = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        good = False
    if not good:
        raise click.UsageError(f"{address.lstrip('/')!r} names no host, or no port")


def _require_leave(site: Site, during: str | None, confirm: str | None) -> None:
    """Ask before load meets a protected environment."""
    from morrow.tool.cluster.protection import guard

    label = site.environment.label
    if site.environment.protected and during == "kill":
        cause = "the environment is protected"
        raise Failure(problem("kill-refused", label, cause, environment=label))
    guard(site, confirm, f"verify {label}")


def _print(verdict: Verdict) -> None:
    terminal.answer(verdict.to_json())
    for line in verdict.lines:
        sign, colour = ("✓", "green") if line.ok else ("✗", "red")
        mark = terminal.paint(sign, colour, terminal.out)
        terminal.result(f"{mark} {line.promise}\n    {line.found}")
    if verdict.broken:
        first = verdict.broken[0]
        terminal.result(f"\nbroken: {first.promise}: {first.found}")
        raise SystemExit(1)
    terminal.result(f"\nall {len(verdict.lines)} promises kept")
