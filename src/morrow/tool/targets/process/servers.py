"""The database and the cache of `target.servers`: up with the service, before its tasks.

Each is a process of its own that outlives the command, with its pid, its log and its data in
one folder. Where this user is root, PostgreSQL is another's, who must reach that folder; it lies
where anybody may make one of its name, so nothing is read in one that is not this user's.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.doctor.check import Check
from morrow.tool.environment.model import Environment
from morrow.tool.programs.servers import Server, missing
from morrow.tool.targets.process.pids import end, pid_in
from morrow.tool.targets.process.start import tail
from morrow.tool.targets.process.state import Runs, holder, taken

PATIENCE = 60.0  # seconds until one answers, or has ended
SHARED = Path("/var/tmp")  # noqa: S108 - root's own folder in it, which is checked
# The shell says its number where only who runs this writes, and becomes the process.
SCRIPT = 'echo "$$"; exec "$@" >&2'


class Servers:
    """Those that the environment's file names, and those that run."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.folder = Runs(environment).folder / "servers"
        if os.geteuid() == 0:
            name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
            self.folder = SHARED / f"morrow-{name}"
        stated = environment.target.get("servers") or {}
        self.wanted = [
            Server(kind, int(one["port"]), self.folder / kind, dict(one.get("databases") or {}))
            for kind, one in sorted(stated.items())
            if one
        ]

    @property
    def ours(self) -> bool:
        """Whether the folder is there, and this user's."""
        try:
            found = self.folder.lstat()
        except OSError:
            return False
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()

    def pid(self, server: Server) -> int | None:
        """Its process, if it lives."""
        return pid_in(server.folder / "pid") if self.ours else None

    def changes(self) -> dict[str, str]:
        """Say what `start` would do, of each that is not as the file says."""
        does = {}
        for one in self.wanted:
            if not self.pid(one):
                does[one.kind] = "+ starts"
            elif (noted := self._noted(one)).get("port") != one.port:
                does[one.kind] = f"~ moves to port {one.port}"
            elif more := sorted(dict(one.databases.items() - noted["databases"].items())):
                does[one.kind] = f"~ gets {', '.join(more)}"
        return does

    def lacking(self) -> list[Problem]:
        """Name those whose programs are not here, and how to get them."""
        return [
            problem("servers-missing", one.kind, "its programs are not on this machine",
                    command=command, key=f"target.servers.{one.kind}", file=self._place(one))
            for one in self.wanted
            if (command := missing(one.kind))
        ]  # fmt: skip

    def start(self) -> None:
        """Start what does not run, with the databases that it shall have."""
        if wrong := self.lacking():
            raise Failure(*wrong)
        for one in self.wanted:
            child, pid = None, self.pid(one)
            if pid and self._noted(one).get("port") != one.port:
                self._end(one.kind)
                pid = None
            if pid is None:
                terminal.status(f"starting {one.kind} …")
                child = self._spawn(one)
            self._wait(one, child)
            for database, owner in one.databases.items():
                if said := one.have(database, owner):
                    raise self._failed(one, f"it makes no database {database}: {said}")
            self._note(one, one.databases)
            if child:
                terminal.say(f"  {one.kind} runs on port {one.port} (data: {one.folder})")

    def stop(self) -> list[str]:
        """End those that run, also what the file names no longer; the data stays."""
        files = self.folder.glob("*/pid") if self.ours else ()
        kinds = sorted(file.parent.name for file in files if pid_in(file))
        for kind in kinds:
            self._end(kind)
        return kinds

    def purge(self) -> None:
        """Take their data away."""
        if self.ours:
            shutil.rmtree(self.folder)

    @property
    def pids(self) -> dict[str, int | None]:
        """The process of each, where it lives."""
        return {one.kind: self.pid(one) for one in self.wanted}

    def rows(self) -> list[tuple[str, str]]:
        """Say of each whether it runs, and where."""
        return [
            (one.kind, f"port {one.port}, " + (f"pid {pid}" if pid else "does not run"))
            for one in self.wanted
            for pid in [self.pid(one)]
        ]

    def checks(self) -> Iterator[Check]:
        """Yield what would stop a start."""
        lacking = {one.object: one for one in self.lacking()}
        for one in self.wanted:
            wrong = lacking.get(one.kind) or self._in_the_way(one)
            said = f"{wrong.object}: {wrong.cause}" if wrong else f"runs here, on port {one.port}"
            yield Check(one.kind, "fail" if wrong else "ok", said, wrong)

    def _own(self) -> None:
        """Make the folder; refuse one that another user has made before."""
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        if not self.ours:
            raise PermissionError(errno.EACCES, "belongs to somebody else", str(self.folder))
        self.folder.chmod(0o711)  # whatever the umask

    def _noted(self, one: Server) -> dict[str, Any]:
        """Return what the last start made of it: its port, its databases."""
        with suppress(OSError, ValueError):  # cut off: as if it were another
            noted: dict[str, Any] = json.loads((one.folder / "made.json").read_text())
            return noted
        return {}

    def _note(self, one: Server, databases: dict[str, str]) -> None:
        text = json.dumps({"port": one.port, "databases": databases})
        (one.folder / "made.json").write_text(text)

    def _in_the_way(self, one: Server) -> Problem | None:
        if self.pid(one) or not taken(one.port):
            return None
        cause = f"it is held by {holder(one.port) or 'a process that this user cannot see'}"
        command = f"state another at {self._place(one)} (or take {one.kind} out, if it is yours)"
        return problem("port-taken", f"port {one.port}", cause, command=command)

    def _spawn(self, one: Server) -> subprocess.Popen[bytes]:
        if wrong := self._in_the_way(one):
            raise Failure(wrong)
        self._own()
        try:
            one.prepare()
        except subprocess.CalledProcessError as error:
            raise self._failed(one, f"initdb failed: {error.stderr.strip()[-300:]}") from None
        self._note(one, {})
        terminal.command(" ".join(one.words))
        with (one.folder / "log").open("ab") as log, (one.folder / "pid").open("wb") as pid:
            return subprocess.Popen(
                ["/bin/sh", "-c", SCRIPT, one.kind, *one.words], cwd="/",
                stdin=subprocess.DEVNULL, stdout=pid, stderr=log, start_new_session=True,
                **one.user,
            )  # fmt: skip

    def _wait(self, one: Server, child: subprocess.Popen[bytes] | None) -> None:
        deadline = time.monotonic() + PATIENCE
        while not one.answers():
            if child is None and self.pid(one) is None:
                raise self._failed(one, "it ended")
            if child is not None and child.poll() is not None:
                raise self._failed(one, f"it ended with exit code {child.returncode}")
            if time.monotonic() > deadline:
                raise self._failed(one, f"it did not answer in {PATIENCE:.0f} s")
            time.sleep(0.05)

    def _end(self, kind: str) -> None:
        """Ask it to end, which it does at once and loses nothing; kill it where it does not."""
        asks = signal.SIGINT if kind == "postgres" else signal.SIGTERM
        end([self.folder / kind / "pid"], PATIENCE, asks)

    def _failed(self, one: Server, cause: str) -> Failure:
        log = one.folder / "log"
        lines = tail(log, 10) if log.exists() else ()
        again = f"{typed()} up {self.environment.label}"
        return Failure(problem("servers-failed", one.kind, cause, details=lines, command=again))

    def _place(self, one: Server) -> str:
        return self.environment.place("target", "servers", one.kind)
