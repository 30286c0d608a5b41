"""How a program is told to finish its work: the signal that it understands as that."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stop:
    """What is sent at SIGTERM, and what when the grace is over; then it is killed."""

    first: signal.Signals = signal.SIGTERM
    last: signal.Signals | None = None


STOPS = {
    # TERM: no new task, running ones are finished. QUIT: they go back to the broker.
    "celery": Stop(last=signal.SIGQUIT),
    # TERM: the running job is finished; a second one ends it and marks it as failed.
    "rq": Stop(last=signal.SIGTERM),
    # TERM: running messages are finished; a second one ends the workers' processes.
    "dramatiq": Stop(last=signal.SIGTERM),
    # TERM ends its tasks at once; INT lets them finish.
    "huey_consumer": Stop(signal.SIGINT, signal.SIGTERM),
    # TERM ends requests at once; QUIT lets them finish.
    "nginx": Stop(signal.SIGQUIT, signal.SIGTERM),
    "php-fpm": Stop(signal.SIGQUIT, signal.SIGTERM),
}


def stop_of(words: Sequence[str]) -> Stop:
    """Return how this command is stopped; `python -m celery` and `uv run celery` are celery.

    >>> stop_of(["huey_consumer.py", "shop.huey"]).first.name
    'SIGINT'
    >>> stop_of(["python", "-m", "celery", "-A", "shop", "worker"]).last.name
    'SIGQUIT'
    >>> stop_of(["./worker.sh", "--queue", "celery"]).last is None
    True
    """
    for word in words:
        if word.startswith("-") and word != "-m":
            break
        name = Path(word).name.removesuffix(".py")
        if name in STOPS:
            return STOPS[name]
    return Stop()
