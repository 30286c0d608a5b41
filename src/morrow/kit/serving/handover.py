"""Listening sockets passed from a running process to its successor over a unix socket."""

import contextlib
import os
import socket
from pathlib import Path

MOST_LISTENERS = 2


class Offer:
    """The side of the running process: who connects to `path` is given the sockets."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Bound beside and renamed over: the path always answers, for the old or the new.
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        beside.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            self.listener.bind(str(beside))
        finally:
            os.umask(mask)
        self.listener.listen(4)
        self.listener.setblocking(False)
        self._inode = beside.stat().st_ino
        beside.rename(path)

    def give(self, sockets: list[socket.socket]) -> socket.socket | None:
        """Pass the sockets to who just connected; return the connection to it."""
        try:
            successor, _ = self.listener.accept()
            successor.setblocking(True)
            socket.send_fds(successor, [b"T"], [one.fileno() for one in sockets])
        except OSError:
            return None
        return successor

    def withdraw(self) -> None:
        """Close; remove the path unless a successor has put its own there."""
        self.listener.close()
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()


def take(path: Path) -> tuple[list[socket.socket], socket.socket] | None:
    """Return the sockets of the process that offers them at `path`, and the line to it."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(5)
    try:
        line.connect(str(path))
        _, descriptors, _, _ = socket.recv_fds(line, 1, MOST_LISTENERS)
    except (FileNotFoundError, ConnectionRefusedError, ConnectionResetError):
        line.close()
        return None  # nobody is there: the first start, or what a crash left behind
    if len(descriptors) != MOST_LISTENERS:
        line.close()
        return None
    return [socket.socket(fileno=descriptor) for descriptor in descriptors], line
