"""`morrow open`: the service in a browser."""

from __future__ import annotations

import click

from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cli.options import environment_argument, reach, reads, until_ctrl_c


@click.command(
    help="Open the service of ENVIRONMENT in a browser.\n\n"
    "By its route; where it has none, through a tunnel that lasts until Ctrl-C."
)
@environment_argument
@click.option("--url", "only", is_flag=True, help="Print the address of the route; open nothing.")
@reads
def command(environment: str, only: bool, context: str | None) -> None:
    """Hold the way open for as long as the browser needs it."""
    import time
    import webbrowser

    site, target = reach(environment, context)
    only = only or terminal.json
    with target.address(site, tunnel=not only) as (url, lasts):
        terminal.answer({"environment": environment, "url": url or None})
        if not url:
            way = f"{typed()} port-forward {environment}"
            terminal.result(f"{environment} has no route; next: {way}")
            raise SystemExit(1)
        terminal.result(url)
        if only:
            return
        if not webbrowser.open(url):
            terminal.warn("there is no browser here")
        if not lasts:
            terminal.say("the tunnel is open until Ctrl-C")
            with until_ctrl_c():
                while True:
                    time.sleep(3600)
