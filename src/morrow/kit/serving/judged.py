"""What a worker or a task needs of its service, which a process of its own imports.

It judges the settings, so that this one stays small, and stays itself where there are checks to
be asked beside a worker.
"""

import json
import os
import select
import socket
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from morrow.kit.health.checks import Check, Checks
from morrow.kit.serving.declaration import Declaration
from morrow.kit.serving.hooks import with_settings
from morrow.kit.serving.target import load_attribute, load_declared
from morrow.kit.settings.loading import judge
from morrow.kit.settings.own_settings import KitSettings, unknown
from morrow.kit.settings.problem import BROKEN, StartError, bad_settings, logger
from morrow.kit.settings.settings import Settings

EVERY = 0.2


class Asked:
    """The checks of the service, asked by the other process."""

    def __init__(self, line: socket.socket, first: bytes) -> None:
        self.line, self._rest = line, b""
        self.states: dict[str, Any] = {}
        self._take(first)

    def hear(self) -> bool:
        """Take what the other process says; tell whether it is there. What is not is down."""
        data = self.line.recv(65536)
        self._take(data)
        if not data:
            for state in self.states.values():
                state.update(up=False, message="is asked no more")
        return bool(data)

    def _take(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if lines:
            self.states = json.loads(lines[-1])


def check_settings(*, probed: bool) -> tuple[KitSettings, Asked | None]:
    """Return the kit's settings and the checks, or raise with every problem."""
    mine, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        mine.close()
        code = BROKEN
        try:
            checks = _judge()
            code = 0
            if probed and checks:
                _ask(checks, theirs)
        except StartError as error:
            code = error.log()
        finally:
            sys.stdout.flush()
            os._exit(code)
    theirs.close()
    if first := mine.recv(65536):
        return KitSettings.load(dict(os.environ)), Asked(mine, first)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        raise SystemExit(code if code > 0 else BROKEN)
    return KitSettings.load(dict(os.environ)), None


def _judge() -> Sequence[Check]:
    declared: type[Settings] = Settings
    app, named = _service()
    if named:
        sys.path.insert(0, str(Path.cwd()))
        declared = load_declared(named)
    else:
        logger.warning("only MORROW_ variables are checked: set MORROW_SERVICE=module:service")
    environ = os.environ
    problems = [*judge(KitSettings, environ)[1], *judge(declared, environ)[1]]
    problems += unknown(environ, declared)
    if problems:
        raise bad_settings(problems)
    service = load_attribute(app.partition("()")[0], "service") if ":" in app else None
    if not isinstance(service, Declaration):
        return ()
    return with_settings([one for one in service.checks if one.worker], declared.load())


def _ask(checks: Sequence[Check], line: socket.socket) -> None:
    asked, said = Checks(checks), b""
    # The other side says nothing: what can be read is its end.
    while not select.select([line], [], [], EVERY if said else 0)[0]:
        told = {one.name: one.told() for one in asked.states()}
        if (now := json.dumps(told).encode() + b"\n") != said:
            line.sendall(now)
            said = now


def _service() -> tuple[str, str]:
    """Return what names the service and its settings: a variable, or the table of the tool."""
    if named := os.environ.get("MORROW_SERVICE", ""):
        return named, named
    try:
        table = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["morrow"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return "", ""
    app = str(table.get("app") or "")
    return app, str(table.get("settings") or app)
