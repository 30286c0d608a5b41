"""`morrow status`: say what runs. Exit 1 when it does not serve."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from morrow.tool.base.errors import Failure
from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import (
    environment_argument,
    finish,
    prometheus_option,
    reach,
    reads,
    until_ctrl_c,
)

if TYPE_CHECKING:
    from morrow.tool.base.outcome import Outcome
    from morrow.tool.cluster.site import Site

PERIOD = 2.0  # seconds between two looks


@click.command(
    help="Show what runs in ENVIRONMENT. Exit 1 when it does not serve.\n\n"
    "With --prometheus, or where the environment has alert rules, the last five minutes too: "
    "requests, failures, p99, and what is left of the error budget."
)
@environment_argument
@click.option("-w", "--watch", is_flag=True, help="Show it again every few seconds, until Ctrl-C.")
@prometheus_option
@reads
def command(environment: str, watch: bool, prometheus: str, context: str | None) -> None:
    """Hand over to the target."""
    if not watch:
        finish(_outcome(environment, prometheus, context))
        return
    if terminal.json:
        raise click.UsageError("--watch has no end, --json one document: choose one")
    _watch(environment, prometheus, context)


def _outcome(environment: str, prometheus: str, context: str | None) -> Outcome:
    site, target = reach(environment, context)
    outcome = target.status(site)
    rules = site.environment.value("observability", "rules", "enabled") is True
    if prometheus or (rules and site.environment.in_cluster):
        return _with_figures(outcome, site, prometheus)
    return outcome


def _watch(environment: str, prometheus: str, context: str | None) -> None:
    """Show it when it is another: on a terminal in its place, elsewhere below."""
    shown = ""
    with until_ctrl_c():
        while True:
            try:
                text = _outcome(environment, prometheus, context).text  # each fact is read anew
            except Failure as failure:
                if failure.interrupted:
                    raise
                text = "\n".join(f"{one.code}: {one.cause}" for one in failure.problems)
            if text != shown:
                stamp = terminal.paint(time.strftime("%H:%M:%S"), "dim", terminal.out)
                above = "\x1b[H\x1b[2J" if terminal.out.isatty() else ""
                terminal.result(f"{above}{stamp}\n{text}")
                shown = text
            time.sleep(PERIOD)


def _with_figures(outcome: Outcome, site: Site, where: str) -> Outcome:
    """Add what Prometheus says. One that was not asked for by name may be missing."""
    from morrow.tool.metrics.figures import as_data, now
    from morrow.tool.metrics.prometheus import Prometheus

    prometheus = Prometheus.of(site, where)
    try:
        figures = now(prometheus, site.environment.namespace, site.environment.name)
    except Failure:
        if where:
            raise
        line = f"  metrics: none, no Prometheus answers at {prometheus.where}"
        return replace(outcome, text=f"{outcome.text}\n{line}")
    text = f"{outcome.text}\n  metrics: {figures.as_text()}"
    return replace(outcome, text=text, data={**outcome.data, "metrics": as_data(figures)})
