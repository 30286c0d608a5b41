"""The log lines of an environment's processes on this machine, as one stream.

`morrow up ENV --watch` shows it too, and a change of the files takes over.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TextIO

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.site import Site
from morrow.tool.rules.open import DEPLOYABLE, open_site
from morrow.tool.targets.lines import Dress, stamp_of
from morrow.tool.targets.process.beside import logs_of
from morrow.tool.targets.process.operate import only_in_a_cluster
from morrow.tool.targets.process.replace import wanted_by
from morrow.tool.targets.process.state import Run, Runs
from morrow.tool.targets.target import LogsOptions

PAUSE = 0.2  # seconds between two looks at the logs
LOOKS = 3  # the pause between two looks at the files, as a multiple of how long one takes


class Tail:
    """What is new in the logs, from one start on: the one that serves, and those that try to."""

    def __init__(self, runs: Runs, options: LogsOptions, run: Run | None) -> None:
        """`run`: the start whose lines are shown already."""
        self._runs, self._options, self._from = runs, options, run.number if run else 0
        self._dress = Dress(options, mark=not options.process)
        self._open: dict[tuple[int, str], TextIO] = {}
        if run is not None:
            self._open_new_logs(run)
            for stream in self._open.values():
                stream.seek(0, os.SEEK_END)

    def show(self) -> None:
        """Write the lines that have come since."""
        for run in reversed(self._runs.all()):
            if run.number >= self._from:
                self._open_new_logs(run)
        for (_, name), stream in self._open.items():
            while line := stream.readline():
                if (text := self._dress(name, line.rstrip("\n"))) is not None:
                    terminal.result(text)

    def _open_new_logs(self, run: Run) -> None:
        for name, file in logs_of(self._runs, run).items():
            key = (run.number, name)
            if key not in self._open and self._options.process in ("", name):
                self._open[key] = file.open(errors="replace")


class Logs:
    """The part of the target `process` that shows what is written."""

    def logs(self, site: Site, options: LogsOptions) -> Outcome | None:
        """Show the last lines, in the order of their times; follow when asked."""
        if options.pod:
            raise only_in_a_cluster(site, "a process has no pods")
        runs, label = Runs(site.environment), site.environment.label
        logged = [run for run in runs.all() if logs_of(runs, run)]  # one killed early has none
        if not logged:
            text = f"{site.environment.name} has not run here yet; next: {runs.up}"
            return Outcome(text, {"lines": []}, ok=False)
        run = next((r for r in logged if runs.pid(r) is not None), logged[0])
        logs = logs_of(runs, run)
        if options.process and options.process not in logs:
            cause = f"there is {', '.join(logs)}"
            what = f"process {options.process}"
            raise Failure(site.place.problem("pod-missing", what, cause, environment=label))
        lines = list(_last(runs, run, options))
        if not options.follow:
            return Outcome("\n".join(lines), {"lines": lines})
        tail = Tail(runs, options, run)
        terminal.result("\n".join(lines))
        while True:
            tail.show()
            time.sleep(PAUSE)


def _last(runs: Runs, run: Run, options: LogsOptions) -> Iterator[str]:
    """Return the last lines of each log that were asked for, merged by their times."""
    logs = {n: f for n, f in logs_of(runs, run).items() if options.process in ("", n)}
    after = time.time() - options.since if options.since else 0.0
    dress = Dress(options, after=after, mark=len(logs) > 1)
    rows: list[tuple[float, str]] = []
    for name, file in logs.items():
        moment, own = 0.0, deque[tuple[float, str]](maxlen=options.lines)
        with file.open(errors="replace") as opened:
            for line in opened:
                moment = stamp_of(line) or moment  # what says no time goes with the line before
                if (text := dress(name, line.rstrip("\n"))) is not None:
                    own.append((moment, text))
        rows += own
    return (text for _, text in sorted(rows, key=lambda row: row[0]))


def watch(site: Site, up: Callable[[Site], object]) -> None:
    """Show the logs and bring up what has changed, until Ctrl-C. What fails leaves the old one."""
    environment = site.environment
    runs, seen, last_errors = Runs(environment), wanted_by(environment).release, ""
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
