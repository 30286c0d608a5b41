"""A program that is no web server, run as a child: a worker of Celery's, a migration, anything.

It is asked for settings first, its lines become JSON, it is told to stop in its own words, and
its exit code is ours.
"""

import contextlib
import ctypes
import json
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from morrow.kit.health.admin import AdminServer, Answer
from morrow.kit.request import metrics
from morrow.kit.request.logs import fields
from morrow.kit.serving.judged import Asked
from morrow.kit.serving.passing import Lines
from morrow.kit.serving.signals import Action, ended, hear, name_of
from morrow.kit.serving.stop_words import stop_of
from morrow.kit.settings.own_settings import KitSettings, info
from morrow.kit.settings.problem import BROKEN, StartError, logger

# Seconds to give work back after the last word, and to end: Celery takes 4.1.
LAST_WORD = 10.0

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

# What still holds the streams of a child that has ended is not waited for longer.
AFTER_THE_END = 1.0


class Command:
    """One child and what is known of it."""

    def __init__(self, words: Sequence[str], own: KitSettings, checks: Asked | None = None) -> None:
        self.words, self.own = list(words), own
        self._code: int | None = None
        self._stopping_since: float | None = None
        self._told_last = False
        self._killed = False
        self._selector = selectors.DefaultSelector()
        self._open: set[int] = set()
        self._ended = 0.0
        self._checks = checks

    def run(self, listener: socket.socket | None = None) -> int:
        """Run it to its end; with a socket its probes and metrics are answered there."""
        self._catch_signals()
        _inherit_orphans()
        people = sys.stdout.isatty()
        try:
            # A session of its own: Ctrl-C reaches it once, by us, in its own words.
            child = subprocess.Popen(
                self.words, stdout=None if people else subprocess.PIPE,
                stderr=None if people else subprocess.PIPE, start_new_session=True,
                preexec_fn=_ending_with_us(),  # safe: no other thread runs yet
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
        if self._checks is not None:
            self._selector.register(self._checks.line, selectors.EVENT_READ, self._hear_checks)
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
        if self._left():
            self._ended = time.monotonic()
            return False
        return not self._open or time.monotonic() - self._ended > AFTER_THE_END

    def _left(self) -> bool:
        """Tell whether what is told to stop has left others: a shell ends before its command."""
        if self._stopping_since is None or self._killed:
            return False
        with contextlib.suppress(OSError):  # nobody, or nobody who may be told
            os.killpg(self.pid, 0)
            return True
        return False

    def _tell(self) -> int:
        code = self._code or 0
        said = fields(exit_code=code, asked=self._stopping_since is not None)
        if self._killed:
            logger.error("the grace is over: killed, and its work is lost", extra=said)
            return BROKEN
        if code < 0:
            logger.error("ended by %s", name_of(-code), extra=said)
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
        # What else people send is the program's own business.
        others = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT)
        actions: dict[int, Action] = {number: partial(self._send, number) for number in others}
        actions |= {signal.SIGTERM: self._stop, signal.SIGINT: self._stop}
        hear(self._selector, {**actions, signal.SIGCHLD: self._reap})

    def _hear_checks(self) -> None:
        if self._checks is not None and not self._checks.hear():
            self._selector.unregister(self._checks.line)
            if self._stopping_since is None:
                logger.error("what asks the service's checks has ended")

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
        if self._stopping_since is None or (self._code is not None and not self._left()):
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
        for pid, code in ended():
            if pid == self.pid:
                self._code, self._ended = code, time.monotonic()
                if self._stopping_since is not None:
                    with contextlib.suppress(OSError):
                        os.killpg(pid, stop_of(self.words).first)

    def answer(self, path: str, _: bool) -> Answer:
        """Return the admin server's response to a path."""
        kind = "application/json"
        if path in ("/livez", "/startupz"):
            return 200, kind, b'{"status": "alive", "checks": {}}\n'
        if path == "/readyz":
            states = self._states()
            ready = self._code is None and self._stopping_since is None
            ready = ready and all(one["up"] for one in states.values() if one["critical"])
            body = {"status": "ready" if ready else "not ready", "checks": states}
            return (200 if ready else 503), kind, (json.dumps(body) + "\n").encode()
        if path == "/metrics":
            text = metrics.page(self._metrics())
            return 200, "text/plain; version=0.0.4; charset=utf-8", text.encode()
        return 404, kind, b'{"error": "not found", "try": "/startupz /readyz /livez /metrics"}\n'

    def _states(self) -> dict[str, Any]:
        return self._checks.states if self._checks is not None else {}

    def _metrics(self) -> Iterator[str]:
        yield from metrics.family("morrow_info", "What runs.", (info(self.own), 1))
        running, stopping = self._code is None, self._stopping_since is not None
        yield from metrics.family("morrow_command_up", "1 while it runs.", ({}, running))
        yield from metrics.family("morrow_draining", "1 while it stops.", ({}, stopping))
        found = self._states().items()
        states = [(metrics.of_check(name, one["critical"]), one["up"]) for name, one in found]
        yield from metrics.family("morrow_check_up", "1 while a check passes.", *states)
        yield from metrics.process_lines()


def _ending_with_us() -> Callable[[], object] | None:
    """Return what a child calls so that it is told to end when we are killed; Linux can do that."""
    if sys.platform != "linux":
        return None
    return partial(ctypes.CDLL(None).prctl, PR_SET_PDEATHSIG, signal.SIGTERM)


def _inherit_orphans() -> None:
    """Wait for what our child leaves, as PID 1 may not: a zombie is no work; Linux can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
