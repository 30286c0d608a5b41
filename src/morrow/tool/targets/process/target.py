"""The target `process`: the service runs on this machine, with the settings of its file.

A new version or new settings take over: the new process gets the listening sockets from the
old one, becomes ready, and only then the old one finishes and ends. If the new one fails, the
old one serves on.
"""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import format_table, terminal, typed
from morrow.tool.cluster import lock
from morrow.tool.cluster.site import Site
from morrow.tool.doctor.doctor import Check
from morrow.tool.targets.process.plan import compute_process
from morrow.tool.targets.process.replace import READY, fingerprint, replace, url_of
from morrow.tool.targets.process.start import stop
from morrow.tool.targets.process.state import Runs, ask
from morrow.tool.targets.process.verify import ProcessSubject
from morrow.tool.targets.target import DownOptions, LogsOptions, Target, UpOptions, VerifyOptions


class Process(Target):
    """A process of this machine."""

    takes = frozenset({"port", "without-drain"})

    def up(self, site: Site, options: UpOptions) -> Outcome:
        """Start the service, or let a new process take over from the one that runs."""
        environment = site.environment
        with lock.held(environment, f"morrow up {environment.label}"):
            return replace(environment, port=options.port, timeout=options.timeout or READY)

    def down(self, site: Site, options: DownOptions) -> Outcome:
        """Stop every process of the environment; logs and secrets stay unless purged."""
        environment = site.environment
        runs = Runs(environment.project.state / environment.label)
        if not runs.folder.exists():
            return Outcome(f"{environment.name} does not run", {"stopped": []})
        with lock.held(environment, f"morrow down {environment.label}"):
            stopped = []
            for run in runs.alive():
                terminal.status(f"stopping {environment.name}: it finishes its requests …")
                pid = runs.pid(run)
                stop(runs, run)
                stopped.append(pid)
            if options.purge:
                shutil.rmtree(runs.folder)
        text = f"stopped {environment.name}" if stopped else f"{environment.name} does not run"
        kept = "" if options.purge else f"; logs and secrets stay in .morrow/{environment.label}"
        return Outcome(text + (kept if stopped else ""), {"stopped": stopped})

    def status(self, site: Site) -> Outcome:
        """Say what runs and whether it is ready."""
        environment = site.environment
        runs = Runs(environment.project.state / environment.label)
        run = runs.serving()
        if run is None:
            alive = runs.alive()
            said = "runs but does not answer" if alive else "does not run"
            text = f"{environment.name} {said}; next: {typed()} up {environment.label}"
            return Outcome(text, {"environment": environment.label, "running": False}, ok=False)
        ready = ask(run.admin_port, "/readyz")
        info = ask(run.admin_port, "/info")
        ok = ready["status"] == 200
        wanted = fingerprint(environment, environment.settings, environment.secrets.revision)
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
            "current": run.code == wanted,
            "checks": ready.get("checks"),
        }
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
        ]
        return Outcome(format_table(("", ""), rows, terminal.width), data, ok)

    def logs(self, site: Site, options: LogsOptions) -> Outcome | None:
        """Show the last lines; follow through take-overs when asked."""
        environment = site.environment
        runs = Runs(environment.project.state / environment.label)
        found = [run for run in runs.all() if runs.log(run).exists()]  # one killed early has none
        if not found:
            text = (
                f"{environment.name} has not run here yet; next: {typed()} up {environment.label}"
            )
            return Outcome(text, {"lines": []}, ok=False)
        run = next((r for r in found if runs.pid(r) is not None), found[0])
        with runs.log(run).open(errors="replace") as opened:
            lines = [line.rstrip("\n") for line in deque(opened, options.lines)]
            if not options.follow:
                return Outcome("\n".join(lines), {"lines": lines})
            terminal.result("\n".join(lines))
            stream = opened
            while True:
                if line := stream.readline():
                    terminal.result(line.rstrip("\n"))
                    continue
                newest = next(iter(runs.all()), run)
                if newest.number != run.number and runs.log(newest).exists():
                    run = newest
                    stream = runs.log(run).open(errors="replace")
                    continue
                time.sleep(0.2)

    def plan(self, site: Site, out: Path | None) -> Outcome:
        """Compare the process that serves with the files."""
        found = compute_process(site.environment)
        return Outcome(found.as_text(), found.as_json(), ok=found.empty)

    def rollback(self, site: Site, to: int | None, confirm: str | None) -> Outcome:
        """Refuse: nothing is kept to go back to."""
        cause = "a process keeps no releases; the file says what runs"
        label = site.environment.label
        raise Failure(problem("target-unsupported", label, cause, kind="kubernetes"))

    def checks(self, site: Site) -> Iterator[Check]:
        """Find nothing that is needed beside the files."""
        return iter(())

    def fix(self, site: Site, confirm: str | None) -> list[str]:
        """Leave it to `up`, which sees off what a killed command left."""
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
        """Ask nobody: `up` returned, so what serves was started with this revision."""
        return []

    def subject(self, site: Site, options: VerifyOptions) -> ProcessSubject:
        """Return the process that serves."""
        return ProcessSubject(site.environment, drain=options.drain)


def _ago(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
