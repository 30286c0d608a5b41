"""Verification of a process on this machine."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import time

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.web import get
from morrow.tool.cluster import lock
from morrow.tool.environment.model import Environment
from morrow.tool.load.load import Load
from morrow.tool.report.page import Line
from morrow.tool.stores.store import folders_of
from morrow.tool.targets.process.code import fingerprint
from morrow.tool.targets.process.pids import children
from morrow.tool.targets.process.replace import Wanted, replace, wanted_by
from morrow.tool.targets.process.state import HOST, Run, Runs, ask
from morrow.tool.verify.contract import Reach, contract_of, metrics_missing
from morrow.tool.verify.verify import Subject


class ProcessSubject(Subject):
    """The service as `morrow up` started it here."""

    def __init__(self, environment: Environment, *, drain: bool) -> None:
        self.environment, self.drain = environment, drain
        self.runs = Runs(environment)
        self.runs.required()

    @property
    def image(self) -> str:
        """No image: the folder's code."""
        return "this machine's code"

    @property
    def digest(self) -> str:
        """None: no image."""
        return ""

    def reach(self) -> Reach:
        """Dial it on this machine."""
        return Reach(f"http://{HOST}:{self.runs.required().port}", "on this machine")

    def close(self) -> None:
        """Nothing is open."""

    def promises(self) -> list[Line]:
        """Judge the one process."""
        run = self.runs.required()
        info, lines = ask(run.admin_port, "/info"), []
        revision_wanted = self.environment.secrets.revision
        current = wanted_by(self.environment).release
        held = run.code
        again = f"{held} runs, the files say {current}: {self.runs.up}"
        detail = held if held == current else again
        lines.append(Line(held == current, "the code and settings that run are the files'", detail))
        revision = run.secrets_revision
        ok = revision == revision_wanted
        lines.append(Line(ok, f"secrets revision {revision_wanted}", f"revision {revision}"))
        bad = [
            f"{path}: {answer['status'] or answer['error']}"
            for path in ("/startupz", "/readyz", "/livez")
            if (answer := ask(run.admin_port, path))["status"] != 200
        ]
        promise = "the probes answer 200"
        lines.append(Line(not bad, promise, "; ".join(bad) or "startupz, readyz, livez"))
        missing = metrics_missing(get(HOST, run.admin_port, "/metrics").text)
        detail = f"missing: {', '.join(missing)}" if missing else "all there"
        lines.append(Line(not missing, "the contract's metrics are there", detail))
        shown = self._secrets_shown(run)
        promise = "no secret's value is in /info or /metrics"
        lines.append(Line(not shown, promise, f"shown: {', '.join(shown)}" if shown else "none"))
        pids = [self.runs.pid(one) for one in self.runs.alive()]
        detail = f"{info.get('pid')} answers; running: {', '.join(map(str, pids))}"
        lines.append(Line(pids == [info.get("pid")], "one process runs, and answers", detail))
        return lines

    def _secrets_shown(self, run: Run) -> list[str]:
        pages = get(HOST, run.admin_port, "/info").text + get(HOST, run.admin_port, "/metrics").text
        folder = folders_of(self.environment).folder(self.environment, run.secrets_revision)
        shown = []
        for file in (folder / key for key in self.environment.secrets.keys):
            text = file.read_bytes().decode(errors="replace") if file.is_file() else ""
            # In JSON and in a label a quote or a line's end stands with a backslash.
            if text and (text in pages or json.dumps(text)[1:-1] in pages):
                shown.append(file.name)
        return shown

    def change(self, kind: str, load: Load) -> str:
        """Replace the process there and back, or kill its worker."""
        with lock.held(self.environment, f"morrow verify {self.environment.label}"):
            if kind == "kill":
                return self._kill(load)
            plain = wanted_by(self.environment)
            change = contract_of(self.environment.project).change if kind == "config" else {}
            if kind == "config" and not change:
                cause = "pyproject.toml has no [tool.morrow.verify.change] that names a setting"
                refusal = problem("nothing-to-change", self.environment.name, cause)
                raise Failure(refusal, refused=True)
            load.mark(kind)
            if kind == "update":
                self._replace(marked(plain, kind))
            else:
                settings = {**plain.settings, **change}
                revision = f"{plain.revision}-verify" if kind == "secret" else plain.revision
                # Named by what it holds: a verification killed here is fixed by `up`.
                code = fingerprint(self.environment, settings, revision)
                try:
                    self._replace(marked(Wanted(settings, revision, code), kind))
                finally:
                    load.mark("back")
                    self._replace(plain)
                    if kind == "secret":
                        folder = folders_of(self.environment).folder(self.environment, revision)
                        shutil.rmtree(folder, ignore_errors=True)
            if not self.drain:
                return "the old process was stopped, then the new one started"
            return "a new process took the ports over from the old one"

    def _replace(self, wanted: Wanted) -> None:
        replace(self.environment, wanted, drain=self.drain)

    def _kill(self, load: Load) -> str:
        run = self.runs.required()
        main = self.runs.pid(run)
        workers = children(main) if main else []
        if not workers:
            cause = "it has no worker"
            raise Failure(problem("not-running", f"pid {main}", cause, command=self.runs.up))
        load.mark("kill")
        os.kill(workers[0], signal.SIGKILL)
        return f"worker {workers[0]} was killed (SIGKILL)"


def marked(wanted: Wanted, kind: str) -> Wanted:
    """Return the same as another release, so that it is rolled out."""
    return dataclasses.replace(wanted, release=f"{wanted.release}+{kind}-{int(time.time())}")
