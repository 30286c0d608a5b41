"""What a service does beside requests: before the first one, and after the last."""

import inspect
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from morrow.kit.health.checks import Check, Loop, settle
from morrow.kit.settings.problem import logger, raised
from morrow.kit.settings.settings import Settings

# A function, plain or async, that takes the settings or nothing.
Hook = Callable[..., object]


def run_starts(hooks: Iterable[Hook], settings: Settings, loop: Loop | None) -> None:
    """Call them in their order; one that raises ends the start.

    >>> run_starts([lambda: print("warm")], Settings(), None)
    warm
    """
    for hook in hooks:
        try:
            settle(given(hook, settings), loop)
        except (Exception, SystemExit) as error:
            raise raised("on-start-raised", f"on_start {_name(hook)}", error) from error


def run_stops(hooks: Iterable[Hook], settings: Settings, loop: Loop | None, end: float) -> int:
    """Call them in turn, the last declared first; return how many failed or were cut.

    >>> run_stops([lambda: print("closed")], Settings(), None, time.monotonic() + 5)
    closed
    0
    """
    lost = 0
    for hook in reversed(list(hooks)):
        failed: list[bool] = []
        thread = threading.Thread(
            target=_stop_one, args=(hook, settings, loop, failed), name=_name(hook), daemon=True
        )
        thread.start()
        thread.join(max(0.1, end - time.monotonic()))
        if thread.is_alive():
            logger.error("on_stop cut: %s took longer than the grace", _name(hook))
        lost += thread.is_alive() or bool(failed)
    return lost


def _stop_one(hook: Hook, settings: Settings, loop: Loop | None, failed: list[bool]) -> None:
    try:
        settle(given(hook, settings), loop)
    except BaseException:
        failed.append(True)
        logger.exception("on_stop raised: %s", _name(hook))


def with_settings(checks: Iterable[Check], settings: Settings) -> list[Check]:
    """Return checks whose functions are given the settings, if they take them.

    >>> with_settings([], Settings())
    []
    """
    return [replace(one, function=partial(given, one.function, settings)) for one in checks]


def given(function: Hook, settings: Settings) -> Any:  # noqa: ANN401 - what it returns
    """Call a function with the settings, if it takes them.

    >>> given(lambda: 1, Settings()), given(lambda settings: settings, Settings())
    (1, Settings())
    """
    try:
        inspect.signature(function).bind(settings)
    except (TypeError, ValueError):
        return function()
    return function(settings)


def _name(hook: Hook) -> str:
    return getattr(hook, "__qualname__", repr(hook))
