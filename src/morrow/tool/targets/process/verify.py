"""Verification of a process on this machine."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import time

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import typed
from morrow.tool.cluster import lock
from morrow.tool.environment.model import Environment
from morrow.tool.load.load import Load
from morrow.tool.report.page import Line
from morrow.tool.targets.process.replace import fingerprint, replace
from morrow.tool.targets.process.state import HOST, Run, Runs, ask, children
from morrow.tool.verify.contract import Reach, contract_of, metrics_missing
from morrow.tool.verify.verify import Subject


class ProcessSubject(Subject):
    """The service as `morrow up` started it here."""

    def __init__(self, environment: Environment, *, drain: bool) -> None:
        self.environment, self.drain = environment, drain
        self.runs = Runs(environment.project.state / environment.label)
        self._serving()

    def _serving(self) -> Run:
        run = self.runs.serving()
        if run is None:
            raise Failure(
                problem(
                    "not-running",
                    f"{self.environment.name} in {self.environment.label}",
                    "no process of it answers on this machine",
                    command=f"{typed()} up {self.environment.label}",
                ),
                refused=True,
            )
        return run

    @property
    def image(self) -> str:
        """No image: the folder's code."""
        return "this machine's code"

    def reach(self) -> Reach:
        """Dial it on this machine."""
        return Reach(f"http://{HOST}:{self._serving().port}", "on this machine")

    def close(self) -> None:
        """Nothing is open."""

    def promises(self) -> list[Line]:
        """Judge the one process."""
        run = self._serving()
        info, lines = ask(run.admin_port, "/info"), []
        wanted = self.environment.secrets.revision
        current = fingerprint(self.environment, self.environment.settings, wanted)
        held = run.code
        again = f"{typed()} up {self.environment.label}"
        found = held if held == current else f"{held} runs, the files say {current}: {again}"
        lines.append(Line(held == current, "the code and settings that run are the files'", found))
        revision = run.secrets_revision
        ok = revision == wanted
        lines.append(Line(ok, f"secrets revision {wanted}", f"revision {revision}"))
        bad = [
            f"{path}: {answer['status'] or answer['error']}"
            for path in ("/startupz", "/readyz", "/livez")
            if (answer := ask(run.admin_port, path))["status"] != 200
        ]
        promise = "the probes answer 200"
        lines.append(Line(not bad, promise, "; ".join(bad) or "startupz, readyz, livez"))
        missing = metrics_missing(_text(run.admin_port, "/metrics"))
        said = f"missing: {', '.join(missing)}" if missing else "all there"
        lines.append(Line(not missing, "the contract's metrics are there", said))
        shown = self._secrets_shown(run)
        promise = "no secret's value is in /info or /metrics"
        lines.append(Line(not shown, promise, f"shown: {', '.join(shown)}" if shown else "none"))
        pids = [self.runs.pid(one) for one in self.runs.alive()]
        found = f"{info.get('pid')} answers; running: {', '.join(map(str, pids))}"
        lines.append(Line(pids == [info.get("pid")], "one process runs, and answers", found))
        return lines

    def _secrets_shown(self, run: Run) -> list[str]:
        pages = _text(run.admin_port, "/info") + _text(run.admin_port, "/metrics")
        folder = self.runs.folder / f"secrets-{run.secrets_revision}"
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
            plain, wanted = self.environment.settings, self.environment.secrets.revision
            code = fingerprint(self.environment, plain, wanted)
            change = contract_of(self.environment.project).change if kind == "config" else {}
            if kind == "config" and not change:
                cause = "pyproject.toml has no [tool.morrow.verify.change] that names a setting"
                found = problem("nothing-to-change", self.environment.name, cause)
                raise Failure(found, refused=True)
            load.mark(kind)
            if kind == "update":
                mark = f"{code}+update-{int(time.time())}"
                replace(self.environment, release=mark, drain=self.drain)
            else:
                revision = f"{wanted}-verify" if kind == "secret" else wanted
                # Named by what it holds: a verification killed here is fixed by `up`.
                code = fingerprint(self.environment, {**plain, **change}, revision)
                mark = f"{code}+{kind}-{int(time.time())}"
                try:
                    replace(
                        self.environment,
                        config=change,
                        revision=revision,
                        release=mark,
                        drain=self.drain,
                    )
                finally:
                    load.mark("back")
                    replace(self.environment, drain=self.drain)
                    if kind == "secret":
                        shutil.rmtree(self.runs.folder / f"secrets-{revision}", ignore_errors=True)
            if not self.drain:
                return "the old process was stopped, then the new one started"
            return "a new process took the ports over from the old one"

    def _kill(self, load: Load) -> str:
        run = self._serving()
        main = self.runs.pid(run)
        workers = children(main) if main else []
        if not workers:
            raise Failure(
                problem(
                    "not-running",
                    f"pid {main}",
                    "it has no worker",
                    command=f"{typed()} up {self.environment.label}",
                )
            )
        load.mark("kill")
        os.kill(workers[0], signal.SIGKILL)
        return f"worker {workers[0]} was killed (SIGKILL)"


def _text(port: int, path: str) -> str:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read(5_000_000).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""  # the probes' line says that nobody answers
    finally:
        connection.close()
