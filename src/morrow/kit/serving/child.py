"""A worker as its main process sees it: a forked process, and a line to it."""

import atexit
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

from morrow.kit.serving.worker import Job, work
from morrow.kit.settings.problem import BROKEN, logger


@dataclass(slots=True)
class Child:
    """One worker."""

    pid: int
    line: socket.socket
    ready: bool = False
    retired: bool = False

    def tell(self, word: bytes) -> None:
        """Send one word."""
        with contextlib.suppress(OSError):  # it is dying: the signal of its end follows
            self.line.send(word)

    def hear(self) -> bytes:
        """Return its next word, nothing when it is gone."""
        with contextlib.suppress(ConnectionResetError):
            return self.line.recv(1)
        return b""


def fork(job: Job, leave: Callable[[], None]) -> Child:
    """Start a worker; in it `leave` closes what is the main process's alone."""
    mine, theirs = socket.socketpair()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        mine.close()
        _become_worker(job, theirs, leave)
    theirs.close()
    return Child(pid, mine)


def _become_worker(job: Job, line: socket.socket, leave: Callable[[], None]) -> None:
    code = BROKEN
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        leave()
        code = work(job, line)
    except BaseException:
        logger.critical("the worker broke", exc_info=True)
    finally:
        # Not sys.exit: threads of the application must not keep the process.
        atexit._run_exitfuncs()
        logging.shutdown()
        os._exit(code)
