"""A program that is no web server, run as a child: a worker of Celery's, a migration, anything.

It is asked for settings first, its lines become JSON, it is told to stop in its own words, and
its exit code is ours.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import morrow
from morrow.kit.health.admin import AdminServer, Answer
from morrow.kit.request import metrics
from morrow.kit.request.logs import fields
from morrow.kit.serving.passing import Lines
from morrow.kit.serving.stop_words import stop_of
from morrow.kit.serving.target import load_settings_class
from morrow.kit.settings.loading import judge
from morrow.kit.settings.own_settings import KitSettings, unknown
from morrow.kit.settings.problem import BROKEN, StartError, bad_settings
from morrow.kit.settings.settings import Settings

logger = logging.getLogger("morrow")

LAST_WORD = 4.0
"""A program that has a last word ends within so many seconds of it: it gives its work back."""

AFTER_THE_END = 1.0
"""What still holds the streams of a child that has ended is not waited for longer."""


def check_settings() -> KitSettings:
    """Return the kit's settings, or raise with every problem: the service's among them.

    The service is imported by a process of its own, so that this one stays small.
    """
    pid = os.fork()
    if pid == 0:
        code = BROKEN
        try:
            _judge()
            code = 0
        except StartError as error:
            code = error.log()
        finally:
            sys.stdout.flush()
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        raise SystemExit(code if code > 0 else BROKEN)
    return KitSettings.load(dict(os.environ))


def _judge() -> None:
    declared: type[Settings] = Settings
    if named := _service():
        sys.path.insert(0, str(Path.cwd()))
        declared = load_settings_class(named)
    else:
        logger.warning("only MORROW_ variables are checked: set MORROW_SERVICE=module:service")
    environ = os.environ
    problems = [*judge(KitSettings, environ)[1], *judge(declared, environ)[1]]
    problems += unknown(environ, declared)
    if problems:
        raise bad_settings(problems)


def _service() -> str:
    """Return what names the service: the variable, or the table that the tool reads."""
    if named := os.environ.get("MORROW_SERVICE", ""):
        return named
    try:
        table = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["morrow"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return ""
    return str(table.get("settings") or table.get("app") or "")


class Command:
    """One child and what is known of it."""

    def __init__(self, words: Sequence[str], own: KitSettings) -> None:
        self.words, self.own = list(words), own
        self._code: int | None = None
        self._stopping_since: float | None = None
        self._told_last = False
        self._killed = False
        self._selector = selectors.DefaultSelector()
        self._open: set[int] = set()
        self._ended = 0.0

    def run(self, listener: socket.socket | None = None) -> int:
        """Run it to its end; with a socket its probes and metrics are answered there."""
        self._catch_signals()
        people = sys.stdout.isatty()
        try:
            # A session of its own: Ctrl-C reaches it once, by us, in its own words.
            child = subprocess.Popen(
                self.words, stdout=None if people else subprocess.PIPE,
                stderr=None if people else subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise StartError(
                "command-not-started", f"cannot run {self.words[0]}: {error.strerror}", 127
            ) from error
        self.pid = child.pid
        for name, stream in (("stdout", child.stdout), ("stderr", child.stderr)):
            if stream is not None:
                self._pass_on(stream.fileno(), Lines(name))
        admin = AdminServer(listener, self.answer) if listener is not None else None
        if admin is not None:
            admin.start()
        told = {"admin_port": listener.getsockname()[1]} if listener is not None else {}
        logger.info("running", extra=fields(pid=self.pid, command=self.words[0], **told))
        while not self._done():
            for key, _ in self._selector.select(self._patience()):
                key.data()
            self._keep_to_the_grace()
        child.returncode = self._code  # it was waited for here
        return self._tell()

    def _done(self) -> bool:
        if self._code is None:
            return False
        return not self._open or time.monotonic() - self._ended > AFTER_THE_END

    def _tell(self) -> int:
        code = self._code or 0
        said = fields(exit_code=code, asked=self._stopping_since is not None)
        if self._killed:
            logger.error("the grace is over: killed, and its work is lost", extra=said)
            return BROKEN
        if code < 0:
            logger.error("ended by %s", signal.Signals(-code).name, extra=said)
            return 128 - code
        logger.log(logging.ERROR if code else logging.INFO, "ended", extra=said)
        return code

    def _pass_on(self, descriptor: int, lines: Lines) -> None:
        self._open.add(descriptor)

        def read() -> None:
            data = os.read(descriptor, 65536)
            lines.take(data)
            if not data:
                self._selector.unregister(descriptor)
                self._open.discard(descriptor)

        self._selector.register(descriptor, selectors.EVENT_READ, read)

    def _catch_signals(self) -> None:
        heard, told = socket.socketpair()
        heard.setblocking(False)
        told.setblocking(False)
        self._line = (heard, told)
        actions: dict[int, Callable[[], None]] = {signal.SIGCHLD: self._reap}
        for number in (signal.SIGTERM, signal.SIGINT):
            actions[number] = self._stop
        # What else people send is the program's own business.
        for other in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):
            actions[other] = partial(self._send, other)
        for caught in actions:
            signal.signal(caught, lambda *_: None)
        signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)

        def hear() -> None:
            for number in heard.recv(4096):
                actions.get(number, lambda: None)()

        self._selector.register(heard, selectors.EVENT_READ, hear)

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _stop(self) -> None:
        if self._stopping_since is not None:
            logger.critical("second signal: ended at once")
            self._kill()
            return
        self._stopping_since = time.monotonic()
        word = stop_of(self.words).first
        logger.info("stopping", extra=fields(sent=word.name, grace_s=self.own.morrow_grace))
        self._send(word)

    def _keep_to_the_grace(self) -> None:
        """Say the last word in time, then kill what is left of it."""
        if self._stopping_since is None or self._code is not None:
            return
        gone = time.monotonic() - self._stopping_since
        last = stop_of(self.words).last
        if gone >= self.own.morrow_grace + (LAST_WORD if last else 0):
            self._kill()
        elif last and not self._told_last and gone >= self.own.morrow_grace:
            self._told_last = True
            logger.error(
                "the grace is over: it is told to give its work back", extra=fields(sent=last.name)
            )
            self._send(last)

    def _kill(self) -> None:
        self._killed = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _patience(self) -> float | None:
        return 0.1 if self._stopping_since is not None or self._code is not None else None

    def _reap(self) -> None:
        # As PID 1 of a container this process inherits orphans that are not its child.
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.pid:
                self._code = os.waitstatus_to_exitcode(status)
                self._ended = time.monotonic()

    def answer(self, path: str) -> Answer:
        """Return the admin server's response to a path."""
        kind = "application/json"
        if path in ("/livez", "/startupz"):
            return 200, kind, b'{"status": "alive", "checks": {}}\n'
        if path == "/readyz":
            ready = self._code is None and self._stopping_since is None
            said = b"ready" if ready else b"not ready"
            return (200 if ready else 503), kind, b'{"status": "%s", "checks": {}}\n' % said
        if path == "/metrics":
            text = "".join(f"{line}\n" for line in self._metrics())
            return 200, "text/plain; version=0.0.4; charset=utf-8", text.encode()
        return 404, kind, b'{"error": "not found", "try": "/startupz /readyz /livez /metrics"}\n'

    def _metrics(self) -> Iterator[str]:
        own = self.own
        info = {
            "version": own.morrow_release,
            "environment": own.morrow_environment,
            "secrets_revision": own.morrow_secrets_revision,
            "morrow": morrow.__version__,
        }
        yield from metrics.family("morrow_info", "What runs.", (info, 1))
        running, stopping = self._code is None, self._stopping_since is not None
        yield from metrics.family("morrow_command_up", "1 while it runs.", ({}, running))
        yield from metrics.family("morrow_draining", "1 while it stops.", ({}, stopping))
        yield from metrics.process_lines()
