"""`morrow verify`: prove that the service keeps its promises, also under load."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import click

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.project import Project
from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import answers, confirm_option, context_option, environment_argument

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


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False


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
    from morrow.tool.environment.load import load
    from morrow.tool.verify.verify import Asked, Subject, verify

    if seconds and not (rate or during):
        raise click.UsageError("--for says how long --load or --during lasts: give one of them")
    if without_drain and during not in ("update", "config", "secret"):
        raise click.UsageError("--without-drain goes with --during update, config or secret")
    if url and not url.startswith(("http://", "https://")):
        raise click.UsageError(f"--url must begin with http:// or https://, not {url!r}")
    for address in filter(None, (url, *(f"//{place}" for place in connect))):
        if not _is_address(address):
            raise click.UsageError(f"{address.lstrip('/')!r} names no host, or no port")
    if report and not report.absolute().parent.is_dir():
        raise click.UsageError(f"--report: there is no folder {report.parent}")
    found = load(Project.find(), environment, context)
    if found.protected and (rate or during):
        if during == "kill":
            cause = "the environment is protected"
            raise Failure(problem("kill-refused", environment, cause, environment=environment))
        from morrow.tool.cluster.protection import guard

        guard(found, confirm, f"verify {environment}")
    subject: Subject
    if found.kind == "process":
        if url or connect or ca_file:
            raise click.UsageError("--url, --connect and --ca-file are for a cluster")
        from morrow.tool.verify.process import ProcessSubject

        subject = ProcessSubject(found, drain=not without_drain)
    else:
        if without_drain:
            raise click.UsageError("--without-drain is for a process on this machine")
        from morrow.tool.verify.kubernetes import KubernetesSubject

        subject = KubernetesSubject(found, url, connect, ca_file)
    try:
        verdict = verify(found, subject, Asked(rate, seconds, during, not without_drain))
    finally:
        subject.close()
    if report:
        report.write_text(verdict.html())
        terminal.say(f"report: {report}")
    terminal.answer(verdict.to_json())
    rows = [(("ok" if line.ok else "BROKEN"), line.promise, line.found) for line in verdict.lines]
    for state, promise, said in rows:
        mark = (
            terminal.paint("✓", "green", terminal.out)
            if state == "ok"
            else (terminal.paint("✗", "red", terminal.out))
        )
        terminal.result(f"{mark} {promise}\n    {said}")
    if verdict.broken:
        first = verdict.broken[0]
        terminal.result(f"\nbroken: {first.promise}: {first.found}")
        raise SystemExit(1)
    terminal.result(f"\nall {len(rows)} promises kept")
