"""Signals as events of a selector, and children that have ended."""

import os
import selectors
import signal
import socket
from collections.abc import Callable, Iterator, Mapping

Action = Callable[[], None]


def hear(selector: selectors.BaseSelector, actions: Mapping[int, Action]) -> None:
    """Call the action of a signal where the selector's other events are handled, too.

    >>> import contextlib
    >>> with selectors.DefaultSelector() as selector:
    ...     hear(selector, {signal.SIGUSR1: lambda: print("heard")})
    ...     os.kill(os.getpid(), signal.SIGUSR1)
    ...     for key, _ in selector.select(5):
    ...         key.data()
    heard
    >>> _ = signal.set_wakeup_fd(-1), signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    """
    heard, told = socket.socketpair()
    heard.setblocking(False)
    told.setblocking(False)
    for number in actions:
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)

    def act(_told: socket.socket = told) -> None:  # it lives as long as this
        for number in heard.recv(4096):
            actions.get(number, lambda: None)()

    selector.register(heard, selectors.EVENT_READ, act)


def name_of(number: int) -> str:
    """Return a signal's name; those of real time, but the first and the last, have only a number.

    >>> name_of(15), name_of(40)
    ('SIGTERM', '40')
    """
    return getattr(signal.Signals._value2member_map_.get(number), "name", str(number))


def ended() -> Iterator[tuple[int, int]]:
    """Yield pid and exit code of each child that has ended.

    As PID 1 of a container this process inherits orphans that it did not start.

    >>> list(ended())
    []
    """
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status)
