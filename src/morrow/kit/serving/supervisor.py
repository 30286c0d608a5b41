"""The main process: it holds the listening sockets, so that they outlive every worker.

It runs no thread and imports no application, so that a fork of it is safe and cheap.
"""

import contextlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from morrow.kit.request.logs import fields
from morrow.kit.serving.child import Child, fork
from morrow.kit.serving.handover import Offer
from morrow.kit.serving.signals import Action, ended, hear, name_of
from morrow.kit.serving.words import CLOSING, DRAIN, READY, RETIRE
from morrow.kit.serving.worker import Job
from morrow.kit.settings.own_settings import KitSettings
from morrow.kit.settings.problem import BROKEN, logger

MOST_DEATHS, DEATHS_WITHIN = 3, 60.0
# A worker that lives so long after drain and grace cannot end by itself.
LATE = 5.0

Changed = Callable[[], bool]


@dataclass(slots=True)
class Supervisor:
    """Keeps one worker serving until a signal or a successor ends it."""

    target: str
    own: KitSettings
    sockets: list[socket.socket]
    predecessor: socket.socket | None = None
    changed: Changed | None = None
    _workers: list[Child] = field(default_factory=list)
    _deaths: list[float] = field(default_factory=list)
    _restarts: int = 0
    _stopping: bool = False
    _stale: bool = False
    _worst: int = 0
    _code: int | None = None
    _kill_at: float | None = None
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _offer: Offer | None = None

    def run(self) -> int:
        """Serve; return the exit code."""
        actions: dict[int, Action] = {signal.SIGCHLD: self._reap, signal.SIGHUP: self._replace}
        hear(self._selector, actions | {signal.SIGTERM: self._stop, signal.SIGINT: self._stop})
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

    def _spawn(self, *, first: bool) -> None:
        service, admin = self.sockets
        job = Job(self.target, self.own, service, admin, os.getpid(), self._restarts, first)
        worker = fork(job, self._leave)
        self._workers.append(worker)
        self._selector.register(worker.line, selectors.EVENT_READ, lambda: self._hear(worker))

    def _leave(self) -> None:
        """Close, in a worker that was just forked, what is not a worker's."""
        for worker in self._workers:
            worker.line.close()
        self._selector.close()
        if self._offer is not None:
            self._offer.listener.close()
        if self.predecessor is not None:
            self.predecessor.close()

    def _hear(self, worker: Child) -> None:
        word = worker.hear()
        if word == READY:
            worker.ready = True
            self._retire_others(worker)
            self._take_over()
        elif word == CLOSING and self._stopping:
            self.sockets[0].close()
        elif not word:
            self._selector.unregister(worker.line)

    def _retire_others(self, worker: Child) -> None:
        for other in self._workers:
            if other is not worker and not other.retired:
                other.retired = True
                other.tell(RETIRE)

    def _take_over(self) -> None:
        """Send the predecessor home, and offer the sockets to a successor."""
        if self.predecessor is not None:
            with contextlib.suppress(OSError):
                self.predecessor.send(READY)
            self.predecessor.close()
            self.predecessor = None
        if self.own.morrow_handover and self._offer is None:
            offer = self._offer = Offer(Path(self.own.morrow_handover))
            self._selector.register(
                offer.listener, selectors.EVENT_READ, lambda: self._hand_over(offer)
            )

    def _hand_over(self, offer: Offer) -> None:
        successor = offer.give(self.sockets)
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
                worker.tell(word)
            else:
                os.kill(worker.pid, signal.SIGKILL)  # it has not served anyone yet
        if not self._workers:
            self._code = 0

    def _kill(self) -> None:
        for worker in self._workers:
            os.kill(worker.pid, signal.SIGKILL)
        self._code = BROKEN

    def _reap(self) -> None:
        for pid, code in ended():
            for worker in [one for one in self._workers if one.pid == pid]:
                self._workers.remove(worker)
                self._ended(worker, code)

    def _ended(self, worker: Child, code: int) -> None:
        if self._stopping or worker.retired:
            if code and worker.retired:
                logger.error("the old worker lost requests")
            if worker.ready or code > 0:  # else it was killed before it served anyone
                self._worst = max(self._worst, code if code >= 0 else BROKEN)
            if self._stopping and not self._workers:
                self._code = self._worst
        elif not worker.ready:
            if self.changed is not None or any(one.ready for one in self._workers):
                logger.error("the new worker did not start; waiting for a change")
            else:
                self._code = code if code > 0 else BROKEN
        else:
            self._died(worker, code)

    def _died(self, worker: Child, code: int) -> None:
        now = time.monotonic()
        self._deaths = [one for one in self._deaths if now - one < DEATHS_WITHIN] + [now]
        self._restarts += 1
        how = f"signal {name_of(-code)}" if code < 0 else f"exit code {code}"
        logger.error("the worker died: %s", how, extra=fields(worker=worker.pid))
        if len(self._deaths) >= MOST_DEATHS:
            logger.critical("the worker died %d times in a minute", MOST_DEATHS)
            self._code = BROKEN
            return
        self._spawn(first=True)
