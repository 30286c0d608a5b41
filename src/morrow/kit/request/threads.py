"""How many requests are handled at once, and why so many."""

import math
from dataclasses import dataclass
from pathlib import Path

FEWEST = 4
# The name of threads that run requests: what they do is told as a request.
OF_REQUESTS = "morrow-request"


@dataclass(frozen=True, slots=True)
class Threads:
    """A number of threads and its reason."""

    count: int
    reason: str


def choose(wished: int | None, wait: float, root: Path = Path("/sys/fs/cgroup")) -> Threads:
    """Return the number wished, or cores / (1 - wait), at least four.

    >>> choose(8, 0)
    Threads(count=8, reason='MORROW_THREADS')
    """
    if wished is not None:
        return Threads(wished, "MORROW_THREADS")
    cores, source = cpu(root)
    count = math.ceil(cores / (1 - wait))
    reason = f"{cores:g} CPU ({source}), {wait:.0%} of a request is waiting"
    if count < FEWEST:
        return Threads(FEWEST, f"the fewest there are; {reason}")
    return Threads(count, reason)


def cpu(root: Path) -> tuple[float, str]:
    """Return the container's CPU and where it is written: limit, else request, else one.

    >>> cpu(Path("/nonexistent"))
    (1.0, 'no limit and no request')
    """
    for found in (_limit_v2(root), _limit_v1(root)):
        if found:
            return found, "limit"
    for found in (_request_v2(root), _request_v1(root)):
        if found:
            return found, "request"
    return 1.0, "no limit and no request"


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []  # this file belongs to the other version of cgroups


def _limit_v2(root: Path) -> float | None:
    words = _words(root / "cpu.max")
    return int(words[0]) / int(words[1]) if len(words) == 2 and words[0] != "max" else None


def _limit_v1(root: Path) -> float | None:
    quota, period = (_words(root / "cpu" / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    return int(quota[0]) / int(period[0]) if quota and period and int(quota[0]) > 0 else None


def _request_v2(root: Path) -> float | None:
    # The kubelet writes the request as a weight: shares 2..262144 onto 1..10000.
    words = _words(root / "cpu.weight")
    if not words or words[0] == "100":
        return None
    return ((int(words[0]) - 1) * 262142 / 9999 + 2) / 1024


def _request_v1(root: Path) -> float | None:
    words = _words(root / "cpu" / "cpu.shares")
    return int(words[0]) / 1024 if words and words[0] != "1024" else None
