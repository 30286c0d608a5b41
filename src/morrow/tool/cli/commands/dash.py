"""`morrow dash`: the chart's dashboard as one page, from any Prometheus."""

from __future__ import annotations

from pathlib import Path

import click

from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import environment_argument, prometheus_option, reads

LENGTHS = {"15m": 900, "1h": 3600, "6h": 21600, "1d": 86400, "7d": 604800}


@click.command(help="Draw the dashboard of ENVIRONMENT as one HTML page, without Grafana.")
@environment_argument
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it.  [default: ENVIRONMENT-dashboard.html]",
)
@click.option("--fleet", is_flag=True, help="All services that the Prometheus knows.")
@click.option(
    "--for",
    "length",
    type=click.Choice(tuple(LENGTHS)),
    default="1h",
    show_default=True,
    help="How far back.",
)
@click.option("--pod", default=".*", help="Only pods whose name matches.")
@prometheus_option
@reads
def command(
    environment: str,
    output: Path | None,
    fleet: bool,
    length: str,
    pod: str,
    prometheus: str,
    context: str | None,
) -> None:
    """Ask, draw, write."""
    import time

    from morrow.tool.base.words import seconds_of
    from morrow.tool.metrics.board import Span, read
    from morrow.tool.metrics.figures import cost
    from morrow.tool.metrics.prometheus import Prometheus
    from morrow.tool.report.graphs import dashboard
    from morrow.tool.rules.open import READABLE, open_site

    output = output or Path(f"{environment}-dashboard.html")
    if not output.absolute().parent.is_dir():
        raise click.UsageError(f"--output: there is no folder {output.parent}")
    site = open_site(environment, context, READABLE)
    its = site.environment
    file = its.project.chart / "files" / ("fleet.json" if fleet else "dashboard.json")
    namespace = ".*" if fleet else its.namespace
    marks = {"@NAME@": its.name, "$namespace": namespace, "$pod": pod}
    now = time.time()
    span = Span(now - LENGTHS[length], now)
    source = Prometheus.of(site, prometheus)
    board = read(file, source, marks, span)
    full = sum(bool(graph.lines) for graph in board.graphs)
    title = "All services" if fleet else f"{its.name} in {its.label}"
    verdict = f"the last {length} by {source.where}, times in UTC"
    page = dashboard(title, verdict, board.graphs, span.start, span.end, board.deploys)
    output.write_text(page)
    interval = seconds_of(str(its.value("observability", "monitor", "interval")))
    # Of one service alone, and not of what is read many times a second.
    costs = None
    if interval and not fleet:
        costs = cost(source, its.namespace, its.name, interval)
    terminal.answer(
        {
            "file": str(output),
            "panels": {
                graph.title: [{"name": name, "last": line[-1][1]} for name, line in graph.lines]
                for graph in board.graphs
            },
            "deploys": [{"at": at, "version": version} for at, version in board.deploys],
            "cost": costs and costs.as_data(),
        }
    )
    terminal.result(f"{output}: {full} of {len(board.graphs)} panels have data")
    if costs:
        terminal.result(costs.as_text())
