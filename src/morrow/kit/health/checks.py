"""The health checks: each on a thread of its own, its last answer kept for the probes."""

import asyncio
import inspect
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from morrow.kit.request.bodies import plain
from morrow.kit.settings.redact import clean, text_of

logger = logging.getLogger("morrow.checks")

# Characters of an exception that a probe shows.
MOST_SAID = 200

Loop = asyncio.AbstractEventLoop
FIRST = 1.0
# It takes the settings or nothing.
CheckFunction = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Check:
    """A function that raises when something the service needs is not there.

    >>> Check("database", lambda: None, every=5, timeout=1, failures=3, critical=True).name
    'database'
    """

    name: str
    function: CheckFunction
    every: float
    timeout: float
    failures: int
    critical: bool
    worker: bool = False

    def __post_init__(self) -> None:
        if self.every <= 0 or self.timeout <= 0 or self.failures < 1:
            raise ValueError(
                f"check {self.name!r}: every and timeout must be above 0, failures at least 1"
            )


@dataclass(frozen=True, slots=True)
class CheckState:
    """What is known of one check."""

    name: str
    critical: bool
    up: bool
    message: str

    def told(self) -> dict[str, object]:
        """Return it as probes say it."""
        return {"up": self.up, "critical": self.critical, "message": self.message}


class _Runner:
    """One check and the thread that calls it. A call that hangs is a failed one."""

    def __init__(self, check: Check, stop: threading.Event, loop: Loop | None) -> None:
        self.check = check
        self._stop, self._loop = stop, loop
        # What is not known yet is not up: it begins as if it had failed often enough.
        self._failed = check.failures
        self._passed_once = False
        self._message = "not checked yet"
        self._began: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"check-{check.name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            self._began = began = time.monotonic()
            try:
                self._ask()
            except BaseException as error:  # SystemExit or a cancelled task fail it alike
                self._fail(told(error))
            else:
                took = time.monotonic() - began
                if took > self.check.timeout:
                    self._fail(f"took longer than {self.check.timeout:g} s")
                else:
                    self._pass()
            self._began = None
            # What has never passed is looked at again soon: the service waits for it.
            every = self.check.every if self._passed_once else min(self.check.every, FIRST)
            if self._stop.wait(every):
                return

    def _ask(self) -> None:
        settle(self.check.function(), self._loop)

    def _fail(self, message: str) -> None:
        first = self._message == "not checked yet"
        self._failed += 1
        self._message = message
        if first or self._failed == self.check.failures:
            logger.error("check failed: %s %s", self.check.name, message)

    def _pass(self) -> None:
        if self._passed_once and self._failed >= self.check.failures:
            logger.info("check passes again: %s", self.check.name)
        self._failed, self._message, self._passed_once = 0, "ok", True

    def state(self) -> CheckState:
        failed, message = self._failed, self._message
        began = self._began
        if began is not None:
            # Each further period that a hanging call eats counts as one more failure.
            over = time.monotonic() - began - self.check.timeout
            if over > 0:
                failed += 1 + int(over / self.check.every)
                message = f"hangs for longer than {self.check.timeout:g} s"
        up = failed < self.check.failures
        return CheckState(self.check.name, self.check.critical, up, message)


def told(error: BaseException) -> str:
    """Return what a probe may show of an exception: its type and first line, without secrets.

    >>> told(ConnectionError("no route to redis://:hunter2@cache.example.com"))
    'raised ConnectionError: no route to redis://:********@cache.example.com'
    """
    first = clean(text_of(error)).strip().partition("\n")[0][:MOST_SAID]
    return f"raised {type(error).__name__}" + (f": {first}" if first else "")


def settle(answer: object, loop: Loop | None) -> None:
    """Wait for what a function gave, where it is awaitable: on the application's own loop.

    >>> settle(asyncio.sleep(0), None)
    """
    if not inspect.isawaitable(answer):
        return
    if loop is None:
        asyncio.run(plain(answer))
    else:
        asyncio.run_coroutine_threadsafe(plain(answer), loop).result()


class Checks:
    """All checks of a service.

    >>> Checks([]).states()
    []
    """

    def __init__(self, checks: Iterable[Check], loop: Loop | None = None) -> None:
        self._stop = threading.Event()
        self._runners = [_Runner(check, self._stop, loop) for check in checks]

    def states(self) -> list[CheckState]:
        """Return what is known now, without asking anything.

        >>> Checks([]).states()
        []
        """
        return [runner.state() for runner in self._runners]

    def stop(self) -> None:
        """Begin no further call.

        >>> Checks([]).stop()
        """
        self._stop.set()
