"""How soon a busy, a stopping and a broken service says what it must."""

from __future__ import annotations

import subprocess
import sys
import time

from bench.servers import ROOT, get, server
from tests.ports import free_ports

THREADS = 4
ADMIN = ("/startupz", "/readyz", "/livez", "/metrics", "/info")


def _service(target: str) -> tuple[list[str], dict[str, str], int, int]:
    port, admin = free_ports(2)
    env = {"MORROW_PORT": str(port), "MORROW_ADMIN_PORT": str(admin)}
    return ["morrow", target], env | {"MORROW_THREADS": str(THREADS)}, port, admin


def slowest_probe(path: str) -> float:
    """Return the milliseconds of the slowest admin page while every thread does what `path` says.

    One round: as many requests as there are threads, which take a second and a half.
    """
    command, env, port, admin = _service("bench.apps:busy")
    with server(command, port, **env):
        held = [get(port, path, wait=False) for _ in range(THREADS)]
        time.sleep(0.3)
        worst = 0.0
        for page in ADMIN * 2:
            began = time.perf_counter()
            get(admin, page)
            worst = max(worst, time.perf_counter() - began)
        for one in held:
            one.close()
    return worst * 1e3


def until_not_ready() -> float:
    """Return the milliseconds from SIGTERM to the first 503 of /readyz."""
    command, env, port, admin = _service("bench.apps:busy")
    with server(command, port, MORROW_DRAIN="2s", **env) as (pid, _):
        began = time.perf_counter()
        subprocess.run(["kill", str(pid)], check=True)
        while True:
            with get(admin, "/readyz", wait=False) as client:
                if b" 503 " in client.recv(64):
                    return (time.perf_counter() - began) * 1e3


def until_a_failed_start_ends() -> float:
    """Return the milliseconds that a factory which raises keeps the process."""
    command, env, _, _ = _service("bench.apps:broken()")
    began = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-m", *command], env=env, cwd=ROOT, capture_output=True, check=False
    )
    took = time.perf_counter() - began
    if ended.returncode != 1 or b"no database" not in ended.stdout:
        raise RuntimeError(f"it ended otherwise: {ended}")
    return took * 1e3
