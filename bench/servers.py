"""Starts a server in a process of its own on one core, and stops it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
HELLO = {
    "SECRET_KEY": "bench",
    "DB_PASSWORD": "bench",
    "API_BASE_URL": "https://api.example.com",
    "MORROW_THREADS": "4",
}


def get(port: int, path: str, *, wait: bool = True) -> socket.socket:
    """Ask for a page; return the connection, at the end of the answer if it is waited for."""
    client = socket.create_connection(("127.0.0.1", port), 10)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
    if wait:
        with client:
            while client.recv(65536):
                pass
    return client


def answers(port: int) -> bool:
    """Tell whether a request is answered with 200."""
    try:
        with get(port, "/", wait=False) as client:
            return b" 200 " in client.recv(64)
    except OSError:
        return False


def _on_one_core() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


@contextmanager
def server(command: list[str], port: int, **env: str) -> Iterator[tuple[int, float]]:
    """Run a server while the block runs; give its pid and the seconds to its first 200.

    PYTHON is another interpreter to run it with, CORES=all lets it have more than one core.
    """
    paths = os.pathsep.join(map(str, (ROOT / "src", ROOT / "apps/hello", ROOT)))
    cores = env.pop("CORES", "one")
    began = time.perf_counter()
    process = subprocess.Popen(
        [env.pop("PYTHON", sys.executable), "-m", *command],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths} | env,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_on_one_core if cores == "one" else None,
    )
    try:
        while not answers(port):
            if process.poll() is not None:
                raise RuntimeError(f"{command} ended with {process.returncode}")
            time.sleep(0.002)
        yield process.pid, time.perf_counter() - began
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def morrow(port: int) -> tuple[list[str], dict[str, str]]:
    """Return the command and the environment of hello under Morrow as shipped."""
    env = HELLO | {"MORROW_PORT": str(port), "MORROW_ADMIN_PORT": str(free_port())}
    return ["morrow", "hello.app:service"], env


def rival(name: str, port: int) -> tuple[list[str], dict[str, str]]:
    """Return the command and the environment of something else."""
    return ["bench.apps", name, str(port)], {}


def variant(name: str, port: int) -> tuple[list[str], Mapping[str, str]]:
    """Return what runs the name: morrow, morrow-quiet or a rival."""
    if name == "morrow":
        return morrow(port)
    if name == "morrow-quiet":
        command, env = morrow(port)
        return command, env | {"LOG_LEVEL": "WARNING"}
    return rival(name, port)


def family(main_pid: int) -> list[int]:
    """Return a process and its children."""
    told = subprocess.run(
        ["ps", "--ppid", str(main_pid), "-o", "pid="], capture_output=True, text=True, check=False
    ).stdout
    return [main_pid, *map(int, told.split())]


def cpu_seconds(pids: list[int]) -> float:
    """Return the processor time that the processes have used."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def proportional_memory(main_pid: int) -> float:
    """Return the MiB that a process and its children hold, shared pages by share."""
    total = 0
    for pid in family(main_pid):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        if found:
            total += int(found[1])
    return total / 1024
