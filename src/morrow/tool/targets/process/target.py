"""The target `process`: the service runs on this machine, with the settings of its file.

A new version or new settings take over: the new process gets the listening sockets from the
old one, becomes ready, and only then the old one finishes and ends. If the new one fails, the
old one serves on.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import format_table, terminal
from morrow.tool.cluster import lock
from morrow.tool.cluster.site import Site
from morrow.tool.doctor.check import Check, failed
from morrow.tool.doctor.doctor import stored
from morrow.tool.doctor.programs import program_checks
from morrow.tool.stores.sops import forget
from morrow.tool.stores.store import store_of, unsupported
from morrow.tool.targets.process.beside import names_beside, stop_beside
from morrow.tool.targets.process.logs import Logs, watch
from morrow.tool.targets.process.operate import Operations, in_the_way, only_in_a_cluster, plan
from morrow.tool.targets.process.replace import READY, replace, url_of, wanted_by
from morrow.tool.targets.process.servers import Servers
from morrow.tool.targets.process.start import stop
from morrow.tool.targets.process.state import Runs, ask
from morrow.tool.targets.process.verify import ProcessSubject
from morrow.tool.targets.target import Target, UpOptions, VerifyOptions


class Process(Operations, Logs, Target):
    """A process of this machine."""

    takes = frozenset({"port", "watch", "without-drain"})

    def up(self, site: Site, options: UpOptions) -> Outcome:
        """Start the service, or let a new process take over from the one that runs."""
        outcome = self._bring_up(site, options)
        if options.watch:
            terminal.result(outcome.text)
            try:
                watch(site, lambda fresh: self._bring_up(fresh, options))
            except (KeyboardInterrupt, Failure):  # Ctrl-C also ends a program that was asked
                terminal.clear()
            return self.down(site)
        return outcome

    def _bring_up(self, site: Site, options: UpOptions) -> Outcome:
        environment = site.environment
        with lock.held(environment, f"morrow up {environment.label}"):
            return replace(
                environment,
                wanted_by(environment),
                port=options.port,
                admin_port=options.admin_port,
                timeout=options.timeout or READY,
            )

    def down(self, site: Site, confirm: str | None = None, *, purge: bool = False) -> Outcome:
        """Stop every process of the environment; logs and secrets stay unless purged."""
        environment = site.environment
        runs, servers = Runs(environment), Servers(environment)
        if not (runs.folder.exists() or servers.ours):
            return Outcome(f"{environment.name} does not run", {"stopped": []})
        with lock.held(environment, f"morrow down {environment.label}"):
            stopped = []
            for run in runs.alive():
                terminal.status(f"stopping {environment.name}: it finishes its requests …")
                pid = runs.pid(run)
                stop(runs, run)
                stopped.append(pid)
            for run in runs.all():
                stop_beside(runs, run)
            ended = servers.stop()
            if purge:
                servers.purge()
                if runs.folder.exists():
                    shutil.rmtree(runs.folder)
            forget(environment)
        text = f"stopped {environment.name}" if stopped else f"{environment.name} does not run"
        kept = "" if purge else f"; logs and secrets stay in .morrow/{environment.label}"
        text += kept if stopped else ""
        if ended:
            stays = "" if purge else f"; the data stays in {servers.folder}"
            text += f"\nstopped {' and '.join(ended)}{stays}"
        return Outcome(text, {"stopped": stopped, "servers": ended})

    def status(self, site: Site) -> Outcome:
        """Say what runs and whether it is ready."""
        environment = site.environment
        runs, servers = Runs(environment), Servers(environment)
        run = runs.serving()
        if run is None:
            alive = runs.alive()
            state = "runs but does not answer" if alive else "does not run"
            text = f"{environment.name} {state}; next: {runs.up}"
            text = "\n".join([text, *(f"{kind}: {said}" for kind, said in servers.rows())])
            none = {"environment": environment.label, "running": False, "servers": servers.pids}
            return Outcome(text, none, ok=False)
        ready = ask(run.admin_port, "/readyz")
        info = ask(run.admin_port, "/info")
        ok = ready["status"] == 200
        data = {
            "environment": environment.label,
            "running": True,
            "ready": ok,
            "pid": runs.pid(run),
            "url": url_of(run.port),
            "admin": url_of(run.admin_port),
            "release": run.release,
            "version": info.get("version"),
            "secrets_revision": run.secrets_revision,
            "since": run.started,
            "current": run.code == wanted_by(environment).release,
            "checks": ready.get("checks"),
            "processes": {name: runs.pid(run, name) for name in names_beside(runs, run)},
            "servers": servers.pids,
        }
        beside: dict[str, int | None] = data["processes"]
        rows = [
            ("service", f"{environment.name}, pid {data['pid']}, {'ready' if ok else 'NOT ready'}"),
            ("URL", url_of(run.port)),
            ("probes", f"{url_of(run.admin_port)}readyz"),
            (
                "release",
                run.release + ("" if data["current"] else ", and the files have changed since"),
            ),
            ("secrets", f"revision {run.secrets_revision}"),
            ("running for", _ago(time.time() - run.started)),
            *((name, f"pid {pid}" if pid else "has ended") for name, pid in beside.items()),
            *servers.rows(),
        ]
        return Outcome(format_table(("", ""), rows, terminal.width), data, ok)

    def plan(self, site: Site, out: Path | None) -> Outcome:
        """Compare the process that serves with the files."""
        if wrong := [*in_the_way(site.environment), *Servers(site.environment).lacking()]:
            raise Failure(*wrong, refused=True)
        return plan(site.environment)

    def render(self, site: Site, folder: Path | None) -> Outcome:
        """Refuse: nothing is applied anywhere."""
        raise only_in_a_cluster(site, "a process is started from its file; there is no YAML of it")

    def rollback(self, site: Site, to: int | None, confirm: str | None) -> Outcome:
        """Refuse: nothing is kept to go back to."""
        raise only_in_a_cluster(site, "a process keeps no releases; the file says what runs")

    def checks(self, site: Site) -> Iterator[Check]:
        """Find what would stop a start."""
        wrong = in_the_way(site.environment)
        yield from failed("process", wrong)
        if not wrong:
            yield Check("process", "ok", "the application loads, and its port is free or its own")
        yield from Servers(site.environment).checks()
        if not unsupported(site.environment) and (needed := store_of(site.environment).programs):
            yield from program_checks(needed)
            yield from stored(site)

    def fix(self, site: Site, confirm: str | None) -> list[str]:
        """Do nothing: `up` stops what a killed command left."""
        return []

    @contextmanager
    def changing(
        self, site: Site, confirm: str | None, command: str, *, asks: str = ""
    ) -> Iterator[None]:
        """Hold the lock."""
        with lock.held(site.environment, f"morrow {command}"):
            yield

    def runs(self, site: Site) -> bool:
        """Whether a process of it answers."""
        return bool(self.status(site).data.get("running"))

    def prove_secrets(self, site: Site) -> list[dict[str, str]]:
        """Return nothing: what `up` left serving was started with this revision."""
        return []

    def subject(self, site: Site, options: VerifyOptions) -> ProcessSubject:
        """Return the process that serves."""
        return ProcessSubject(site.environment, drain=not options.without_drain)


def _ago(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
