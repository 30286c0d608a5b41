"""What people do to a process between two starts: look back, restart it, run beside it."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.outcome import Json, Outcome
from morrow.tool.base.terminal import format_table, terminal
from morrow.tool.cluster import lock
from morrow.tool.cluster.protection import guard
from morrow.tool.cluster.site import Site
from morrow.tool.programs import runner
from morrow.tool.programs.python import interpreter
from morrow.tool.stores.store import folders_of
from morrow.tool.targets.process.beside import alone
from morrow.tool.targets.process.replace import replace, url_of, wanted_by
from morrow.tool.targets.process.start import variables_of
from morrow.tool.targets.process.state import Run as Start
from morrow.tool.targets.process.state import Runs
from morrow.tool.targets.target import Run, Which


def only_in_a_cluster(site: Site, cause: str) -> Failure:
    """Return the failure for what only a cluster can do."""
    label = site.environment.label
    return Failure(problem("target-unsupported", label, cause, kind="kubernetes"))


class Operations:
    """The part of the target `process` that is neither start nor proof."""

    def history(self, site: Site) -> Outcome:
        """List the starts of which something is kept."""
        runs, label, rows, starts = Runs(site.environment), site.environment.label, [], []
        serving = runs.serving()
        for run in reversed(runs.all()):
            served = (runs.of(run) / "served").exists()
            state = "serves" if run == serving else "served" if served else "failed"
            when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.started))
            starts.append({"revision": run.number, "state": state, "updated": when,
                         "release": run.release, "secrets": run.secrets_revision})  # fmt: skip
            rows.append((str(run.number), when, state, run.secrets_revision, run.release))
        data = {"environment": label, "releases": starts}
        if not rows:
            text = f"{site.environment.name} has not run here yet; next: {runs.up}"
            return Outcome(text, data, ok=False)
        heads = ("start", "at", "state", "secrets", "code and settings")
        return Outcome(format_table(heads, rows, terminal.width), data)

    def restart(self, site: Site, process: str, confirm: str | None) -> Outcome:
        """Let a new process with the same code and settings take over."""
        environment, label = site.environment, site.environment.label
        guard(site, confirm, f"restart {label}")
        runs = Runs(site.environment)
        with lock.held(environment, f"morrow restart {label}"):
            run = runs.required()
            wanted = wanted_by(environment)
            if run.code != wanted.release:
                terminal.say("the files have changed since: those changes are applied too")
            again = f"{wanted.release}+{runs.next_number()}"
            return replace(environment, dataclasses.replace(wanted, release=again))

    def scale(self, site: Site, count: int, process: str, confirm: str | None) -> Outcome:
        """Refuse: there is one."""
        raise only_in_a_cluster(site, "on this machine there is one process of each")

    def execute(self, site: Site, run: Run) -> Outcome:
        """Run it in the service's folder, with the variables that the service gets."""
        shell = os.environ.get("SHELL") or "/bin/sh"
        return self._beside(site, run, run.command or (shell,), "exec")

    def task(self, site: Site, run: Run) -> Outcome:
        """Run it as the kit runs a task: settings checked first."""
        python = interpreter(site.environment.project).path
        command = (python, "-m", "morrow", "task", "--", *run.command)
        return self._beside(site, run, command, "task")

    def _beside(self, site: Site, run: Run, command: Sequence[str], verb: str) -> Outcome:
        environment = site.environment
        if run.image or run.which.pod or run.which.process:
            raise only_in_a_cluster(site, "a process has neither pods nor containers to choose")
        guard(site, run.confirm, f"{verb} {environment.label}")
        revision = environment.secrets.revision
        environment.project.make_state()
        secrets = folders_of(environment).complete(environment, revision)
        start = Start(0, 0, 0, "", revision, time.time(), environment.settings)
        variables = alone(variables_of(Runs(environment), start, secrets))
        if declared := environment.project.settings:
            variables["MORROW_SERVICE"] = declared  # checks the settings of a task
        folder = environment.project.source
        program = shutil.which(command[0], path=variables.get("PATH"))
        command = (program or command[0], *command[1:])
        data: Json = {"environment": environment.label, "command": list(run.command)}
        if terminal.json:
            done = runner.run(*command, folder=folder, environment=variables, bare=True)
            data |= {"exit_code": done.code, "stdout": done.out, "stderr": done.err}
        else:
            code = runner.attach(*command, folder=folder, environment=variables)
            data |= {"exit_code": code}
        return Outcome("", data, ok=not data["exit_code"])

    def forward(self, site: Site, which: Which, ports: Sequence[str]) -> int:
        """Refuse: its ports are here."""
        raise only_in_a_cluster(site, "its ports are on this machine already")

    @contextmanager
    def address(self, site: Site, *, tunnel: bool) -> Iterator[tuple[str, bool]]:
        """Return where it listens."""
        yield url_of(Runs(site.environment).required().port), True
