"""What a service does beside requests: before the first one, and after the last."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from morrow.kit.settings.problem import raised
from morrow.kit.settings.settings import Settings

logger = logging.getLogger("morrow")

Hook = Callable[..., object]
"""A function, plain or async, that takes the settings or nothing."""

Loop = asyncio.AbstractEventLoop


def run_starts(hooks: Iterable[Hook], settings: Settings, loop: Loop | None) -> None:
    """Call them in their order; one that raises ends the start.

    >>> run_starts([lambda: print("warm")], Settings(), None)
    warm
    """
    for hook in hooks:
        try:
            _call(hook, settings, loop)
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
        _call(hook, settings, loop)
    except BaseException:
        failed.append(True)
        logger.exception("on_stop raised: %s", _name(hook))


def _call(hook: Hook, settings: Settings, loop: Loop | None) -> None:
    try:
        inspect.signature(hook).bind(settings)
    except (TypeError, ValueError):
        answer = hook()
    else:
        answer = hook(settings)
    if inspect.iscoroutine(answer):
        _wait(answer, loop)


def _wait(answer: Coroutine[Any, Any, object], loop: Loop | None) -> None:
    if loop is None:
        asyncio.run(answer)
    else:
        # Where the application's own connections live.
        asyncio.run_coroutine_threadsafe(answer, loop).result()


def _name(hook: Hook) -> str:
    return getattr(hook, "__qualname__", repr(hook))
