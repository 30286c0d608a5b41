"""The main process: it holds the listening sockets, so that they outlive every worker.

It runs no thread and imports no application, so that a fork of it is safe and cheap.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from morrow.kit.handover import Offer
from morrow.kit.logs import fields
from morrow.kit.own_settings import KitSettings
from morrow.kit.problem import BROKEN
from morrow.kit.worker import CLOSING, DRAIN, READY, RETIRE, Job, work

logger = logging.getLogger("morrow")

MOST_DEATHS, DEATHS_WITHIN = 3, 60.0
LATE = 5.0
"""A worker that lives so long after drain and grace cannot end by itself."""

Changed = Callable[[], bool]


@dataclass(slots=True)
class _Worker:
    pid: int
    control: socket.socket
    ready: bool = False
    retired: bool = False


@dataclass(slots=True)
class Supervisor:
    """Keeps one worker serving until a signal or a successor ends it."""

    target: str
    own: KitSettings
    sockets: list[socket.socket]
    predecessor: socket.socket | None = None
    changed: Changed | None = None
    _workers: list[_Worker] = field(default_factory=list)
    _deaths: list[float] = field(default_factory=list)
    _restarts: int = 0
    _stopping: bool = False
    _stale: bool = False
    _code: int | None = None
    _kill_at: float | None = None
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _wake: socket.socket | None = None
    _offer: Offer | None = None
    _told: socket.socket | None = None

    def run(self) -> int:
        """Serve; return the exit code."""
        self._wake = self._catch_signals()
        self._selector.register(self._wake, selectors.EVENT_READ, self._signalled)
        self._spawn(first=self.predecessor is None)
        while self._code is None:
            for key, _ in self._selector.select(self._patience()):
                key.data()
            if self._kill_at is not None and time.monotonic() > self._kill_at:
                logger.critical("the worker did not end in time: killed")
                self._kill()
            if self.changed is not None and not self._stopping:
                # A change that comes while a worker starts is kept for when it has ended.
                self._stale = self.changed() or self._stale
                if self._stale and all(worker.ready for worker in self._workers):
                    self._stale = False
                    self._replace()
        if self._offer is not None:
            self._offer.withdraw()
        return self._code

    def _patience(self) -> float | None:
        if self.changed is not None:
            return 0.3
        return 0.5 if self._kill_at is not None else None

    def _catch_signals(self) -> socket.socket:
        heard, told = socket.socketpair()
        heard.setblocking(False)
        told.setblocking(False)
        self._told = told
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        return heard

    def _signalled(self) -> None:
        assert self._wake is not None  # noqa: S101 - for the type checker
        for number in self._wake.recv(4096):
            if number == signal.SIGCHLD:
                self._reap()
            elif number == signal.SIGHUP:
                self._replace()
            else:
                self._stop()

    def _spawn(self, *, first: bool) -> None:
        mine, theirs = socket.socketpair()
        job = Job(
            target=self.target,
            own=self.own,
            listener=self.sockets[0],
            admin_listener=self.sockets[1],
            main_pid=os.getpid(),
            restarts=self._restarts,
            first=first,
        )
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            self._become_worker(job, mine, theirs)
        theirs.close()
        worker = _Worker(pid, mine)
        self._workers.append(worker)
        self._selector.register(mine, selectors.EVENT_READ, lambda: self._hear(worker))

    def _become_worker(self, job: Job, mine: socket.socket, theirs: socket.socket) -> None:
        """Run the worker in the forked child, which never returns."""
        code = BROKEN
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            mine.close()
            for worker in self._workers:
                worker.control.close()
            self._selector.close()
            if self._offer is not None:
                self._offer.listener.close()
            if self.predecessor is not None:
                self.predecessor.close()
            code = work(job, theirs)
        except BaseException:
            logger.critical("the worker broke", exc_info=True)
        finally:
            # Not sys.exit: threads of the application must not keep the process.
            atexit._run_exitfuncs()
            logging.shutdown()
            os._exit(code)

    def _hear(self, worker: _Worker) -> None:
        word = b""
        with contextlib.suppress(ConnectionResetError):
            word = worker.control.recv(1)
        if word == READY:
            worker.ready = True
            self._retire_others(worker)
            self._take_over()
        elif word == CLOSING and self._stopping:
            self.sockets[0].close()
        elif not word:
            self._selector.unregister(worker.control)

    def _retire_others(self, worker: _Worker) -> None:
        for other in self._workers:
            if other is not worker and not other.retired:
                other.retired = True
                _tell(other, RETIRE)

    def _take_over(self) -> None:
        """Send the predecessor home, and offer the sockets to a successor."""
        if self.predecessor is not None:
            with contextlib.suppress(OSError):
                self.predecessor.send(READY)
            self.predecessor.close()
            self.predecessor = None
        if self.own.morrow_handover and self._offer is None:
            self._offer = Offer(Path(self.own.morrow_handover))
            self._selector.register(self._offer.listener, selectors.EVENT_READ, self._hand_over)

    def _hand_over(self) -> None:
        assert self._offer is not None  # noqa: S101 - for the type checker
        successor = self._offer.give(self.sockets)
        if successor is None or self._stopping:
            return

        def hear() -> None:
            word = b""
            with contextlib.suppress(OSError):
                word = successor.recv(1)
            self._selector.unregister(successor)
            successor.close()
            if word == READY:
                logger.info("a successor has taken the ports over")
                self._stop(RETIRE)

        self._selector.register(successor, selectors.EVENT_READ, hear)

    def _replace(self) -> None:
        if self._stopping or any(not worker.ready for worker in self._workers):
            return
        logger.info("starting a new worker")
        self._spawn(first=not self._workers)

    def _stop(self, word: bytes = DRAIN) -> None:
        if self._stopping:
            logger.critical("second signal: ended at once")
            self._kill()
            return
        self._stopping = True
        self._kill_at = time.monotonic() + self.own.morrow_drain + self.own.morrow_grace + LATE
        if self._offer is not None:
            self._selector.unregister(self._offer.listener)
        for worker in self._workers:
            if worker.ready:
                _tell(worker, word)
            else:
                os.kill(worker.pid, signal.SIGKILL)  # it has not served anyone yet
        if not self._workers:
            self._code = 0

    def _kill(self) -> None:
        for worker in self._workers:
            os.kill(worker.pid, signal.SIGKILL)
        self._code = BROKEN

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            # As PID 1 of a container this process inherits orphans that are no workers.
            for worker in [one for one in self._workers if one.pid == pid]:
                self._workers.remove(worker)
                self._ended(worker, os.waitstatus_to_exitcode(status))

    def _ended(self, worker: _Worker, code: int) -> None:
        if self._stopping:
            if not self._workers:
                killed_unready = code < 0 and not worker.ready
                self._code = 0 if killed_unready else (code if code >= 0 else BROKEN)
        elif worker.retired:
            if code:
                logger.error("the old worker lost requests")
        elif not worker.ready:
            if self.changed is not None or any(one.ready for one in self._workers):
                logger.error("the new worker did not start; waiting for a change")
            else:
                self._code = code if code > 0 else BROKEN
        else:
            self._died(worker, code)

    def _died(self, worker: _Worker, code: int) -> None:
        now = time.monotonic()
        self._deaths = [one for one in self._deaths if now - one < DEATHS_WITHIN] + [now]
        self._restarts += 1
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        logger.error("the worker died: %s", how, extra=fields(worker=worker.pid))
        if len(self._deaths) >= MOST_DEATHS:
            logger.critical("the worker died %d times in a minute", MOST_DEATHS)
            self._code = BROKEN
            return
        self._spawn(first=True)


def _tell(worker: _Worker, word: bytes) -> None:
    with contextlib.suppress(OSError):  # it is dying: the signal of its end follows
        worker.control.send(word)
