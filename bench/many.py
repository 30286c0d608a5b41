"""Morrow beside plain Granian and uvicorn with many connections, asked by wrk.

The same application behind each, in one environment, with four threads or one loop; one core
and all of them. Ratios are of requests for each second of processor time: what else the machine
does is not in them. The client is Debian's `wrk`, for Python's would be what is measured.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.servers import cpu_seconds, family, server
from tests.ports import free_port
from tools.environments import environment

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS = (1, 16, 64)
SERVERS = {
    "wsgi": {
        "Morrow": "morrow bench.plain:flask",
        "Granian": "granian --interface wsgi --blocking-threads 4 --no-log bench.plain:flask",
    },
    "asgi": {
        "Morrow": "morrow bench.plain:fastapi",
        "Granian": "granian --interface asgi --no-log bench.plain:fastapi",
        "uvicorn": "uvicorn --log-level critical bench.plain:fastapi",
    },
}


@dataclass(frozen=True)
class Ratio:
    """How Morrow does beside another server, a value a round."""

    what: str
    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)


def ratios(
    rounds: int,
    seconds: int,
    python: Path | None = None,
    interfaces: Sequence[str] = ("wsgi", "asgi"),
) -> Iterator[Ratio]:
    """Yield the ratios of each interface, for one core and for all; nothing without wrk."""
    if shutil.which("wrk") is None:
        print("no wrk on this machine (apt install wrk): its rows are left out", file=sys.stderr)
        return
    programs = environment(Path(sys.executable), ROOT / "requirements" / "conformance.txt")
    for interface in interfaces:
        for cores in ("one core", "all cores"):
            with ExitStack() as stack:
                running = {
                    name: _start(stack, words, programs / "python", cores.split()[0])
                    for name, words in SERVERS[interface].items()
                }
                for _, port in running.values():
                    _asked(port, 16, 1)
                for connections in CONNECTIONS:
                    what = f"{interface.upper()}, {cores}, {connections}"
                    yield from _rounds(what, running, connections, rounds, seconds)


def _start(stack: ExitStack, words: str, python: Path, cores: str) -> tuple[int, int]:
    port = free_port()
    command = words.split()
    env = {"MORROW_PORT": str(port), "MORROW_ADMIN_PORT": "0", "MORROW_THREADS": "4"}
    if command[0] != "morrow":
        command[1:1] = ["--host", "127.0.0.1", "--port", str(port)]
    if "asgi" in words or "fastapi" in words:
        del env["MORROW_THREADS"]
    pid, _ = stack.enter_context(server(command, port, PYTHON=str(python), CORES=cores, **env))
    return pid, port


def _rounds(
    what: str, running: dict[str, tuple[int, int]], connections: int, rounds: int, seconds: int
) -> Iterator[Ratio]:
    found = [Ratio(f"{what} connections, beside {name}") for name in running if name != "Morrow"]
    for number in range(rounds):
        names = list(running) if number % 2 == 0 else list(reversed(running))
        measured = {}
        for name in names:
            pid, port = running[name]
            pids = family(pid)
            before = cpu_seconds(pids)
            done, rate = _asked(port, connections, seconds)
            measured[name] = done / (cpu_seconds(pids) - before), rate
        (cpu, rate), others = measured["Morrow"], (name for name in running if name != "Morrow")
        for ratio, name in zip(found, others, strict=True):
            ratio.cpu.append(cpu / measured[name][0])
            ratio.rate.append(rate / measured[name][1])
    yield from found


def _asked(port: int, connections: int, seconds: int) -> tuple[int, float]:
    """Return the requests that were answered, and how many a second."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}/"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) requests in .*Requests/sec:\s+([\d.]+)", told, re.DOTALL)
    if found is None or "Non-2xx" in told:
        raise RuntimeError(told)
    return int(found[1]), float(found[2])


if __name__ == "__main__":
    for one in ratios(3, 2, interfaces=sys.argv[1:] or ("wsgi", "asgi")):
        cpu, rate = sorted(one.cpu)[1], sorted(one.rate)[1]
        print(f"{one.what:55} cpu {cpu:.3f}  rate {rate:.3f}", flush=True)
