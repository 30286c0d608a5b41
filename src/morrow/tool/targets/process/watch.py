"""`morrow up ENV --watch`: a change of the files takes over, and the logs are one stream."""

from __future__ import annotations

import time
from collections.abc import Callable

from morrow.tool.base.errors import Failure
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.site import Site
from morrow.tool.rules.open import DEPLOYABLE, open_site
from morrow.tool.targets.process.logs import Tail
from morrow.tool.targets.process.replace import wanted_by
from morrow.tool.targets.process.state import Runs
from morrow.tool.targets.target import LogsOptions

PAUSE = 0.2  # seconds between two looks at the logs
LOOKS = 3  # the pause between two looks at the files, as a multiple of how long one takes


def watch(site: Site, up: Callable[[Site], object]) -> None:
    """Show the logs and bring up what has changed, until Ctrl-C. What fails leaves the old one."""
    environment = site.environment
    runs, seen, last_errors = Runs(environment), wanted_by(site.environment).release, ""
    tail = Tail(runs, LogsOptions(pretty=True), runs.serving())
    terminal.say("watching the files; Ctrl-C stops everything")
    next_look = 0.0
    while True:
        tail.show()
        time.sleep(PAUSE)
        if time.monotonic() < next_look:
            continue
        began, looked = time.monotonic(), 0.0
        try:
            fresh = open_site(environment.label, environment.context, DEPLOYABLE)
            mark = wanted_by(fresh.environment).release
            looked = time.monotonic() - began  # what `up` takes does not count
            if mark != seen:
                seen, last_errors = mark, ""
                terminal.say("the files have changed")
                up(fresh)
        except Failure as failure:
            if failure.interrupted:
                raise
            errors = "\n".join(
                "\n".join((f"error {one.code}: {one.object}", f"  {one.cause}",
                           *(f"  | {line}" for line in one.details[-3:]), f"  fix: {one.fix}"))
                for one in failure.problems
            )  # fmt: skip
            if errors != last_errors:
                terminal.say(errors)
                last_errors = errors
        next_look = time.monotonic() + max(0.5, LOOKS * looked)
