"""What people do to a process between two starts: look at what comes, back, restart, run beside."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Json, Outcome
from morrow.tool.base.terminal import format_table, terminal
from morrow.tool.cluster import lock
from morrow.tool.cluster.protection import guard
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.plan.diff import Change, differences, shown
from morrow.tool.programs import runner
from morrow.tool.programs.python import interpreter
from morrow.tool.rules.settings import refused_app
from morrow.tool.stores.store import folders_of
from morrow.tool.targets.process.beside import alone
from morrow.tool.targets.process.replace import port_taken, ports_wanted, replace, url_of, wanted_by
from morrow.tool.targets.process.servers import Servers
from morrow.tool.targets.process.start import variables_of
from morrow.tool.targets.process.state import Run as Start
from morrow.tool.targets.process.state import Runs, taken
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


def plan(environment: Environment) -> Outcome:
    """Compare the process that serves with the files; change nothing."""
    run, revision = Runs(environment).serving(), environment.secrets.revision
    servers, settings, secrets = Servers(environment).changes(), list[Change](), ""
    if run is None:
        action, secrets = "start", f"revision {revision}" if environment.secrets.keys else ""
    else:
        http, admin = ports_wanted(environment, run)
        was = {"settings": run.settings, "ports": {"http": run.port, "admin": run.admin_port}}
        will = {"settings": environment.settings, "ports": {"http": http, "admin": admin}}
        settings = differences(was, will)
        same = run.code == wanted_by(environment).release and not settings
        action = "nothing" if same else "replace"
        if action == "replace" and run.secrets_revision != revision:
            secrets = f"revision {run.secrets_revision} -> {revision}"
    empty = action == "nothing" and not servers
    data = {
        "environment": environment.label,
        "target": {"kind": "process"},
        "empty": empty,
        "action": action,
        "settings": [change.as_json() for change in settings],
        "secrets": secrets,
        "servers": list(servers),
    }
    does = {"start": "+ starts", "replace": "~ a new process takes over from the old one",
            "nothing": "runs as the files say"}  # fmt: skip
    lines = [f"server/{kind}  {done}" for kind, done in servers.items()]
    lines.append(f"process/{environment.name}  {does[action]}")
    for one in settings:
        lines.append(f"    {one.field}: {shown(one.before)} -> {shown(one.after)}")
    if secrets:
        lines.append(f"secrets: {secrets}")
    if empty:
        lines = [f"nothing to do: {environment.name} runs as the files say"]
    return Outcome("\n".join(lines), data, ok=empty)


def in_the_way(environment: Environment) -> list[Problem]:
    """Return what would stop `up`: an application that does not load, a port that is taken."""
    run = Runs(environment).serving()
    port, _ = ports_wanted(environment, run)
    wrong = refused_app(environment.project)
    if not (run and run.port == port) and taken(port):
        wrong.append(port_taken(environment, port))
    return wrong
