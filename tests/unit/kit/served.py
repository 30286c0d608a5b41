"""Starts a service as users do, reads what it prints, and stops it."""

from __future__ import annotations

import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PATHS = [str(ROOT / "src"), str(ROOT / "apps/hello"), str(ROOT / "tests/unit/kit")]
HELLO = {
    "SECRET_KEY": "key-of-the-test",
    "DB_PASSWORD": "password-of-the-test",
    "API_BASE_URL": "https://api.example.com",
}
PATIENCE = 20.0


def environment(**more: str) -> dict[str, str]:
    """Return a clean environment with free ports."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "LANG", "TMPDIR") or name.startswith("COV")
    }
    ports = {"MORROW_PORT": "0", "MORROW_ADMIN_PORT": "0"}
    return kept | {"PYTHONPATH": os.pathsep.join(PATHS)} | ports | more


class Answer:
    """One HTTP response."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    port: int,
    path: str = "/",
    *,
    method: str = "GET",
    body: bytes | Iterator[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = PATIENCE,
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, dict(headers or {}))
        return Answer(connection.getresponse())
    finally:
        connection.close()


def wait_for(true: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {patience:g} s for {what}")


def quickest(once: Callable[[], float], bound: float, tries: int) -> float:
    """Return the best of so many tries, or the first within the bound.

    A busy machine slows some tries, and all by how much it holds everybody up, which is taken
    out. What waits by itself is slow in all of them.
    """
    best = float("inf")
    for _ in range(tries):
        took = once()
        best = min(best, took if took < bound else took / held_up())
        if best < bound:
            break
    return best


def held_up() -> float:
    """Return how many times longer than it computes a process takes now; idle machines give 1."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    after, took = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    computed = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return max(1.0, took / computed)


class Served:
    """A running `python -m morrow`."""

    def __init__(self, command: list[str], env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            env=dict(env),
            cwd=env.get("PWD", ROOT),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(stream, kept), daemon=True)
            for stream, kept in (
                (self.process.stdout or (), self.lines),
                (self.process.stderr or (), self.errors),
            )
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream: Iterable[str], kept: list[str]) -> None:
        for line in stream:
            kept.append(line.rstrip("\n"))

    @property
    def logged(self) -> list[dict[str, Any]]:
        """Every line as the JSON object that it must be."""
        return [json.loads(line) for line in list(self.lines)]

    def messages(self, message: str, **fields: object) -> list[dict[str, Any]]:
        lines = [line for line in self.logged if message in line["message"]]
        return [line for line in lines if fields.items() <= line.items()]

    def wait_ready(self) -> Served:
        def serving() -> dict[str, Any] | None:
            if self.process.poll() is not None:
                raise AssertionError(f"ended: {self.lines} {self.errors}")
            return next(iter(self.messages("serving")), None)

        line = wait_for(serving, "the line that says serving")
        self.port = int(line["url"].rpartition(":")[2]) if "url" in line else 0
        self.admin_port = int(line["admin_port"])
        wait_for(lambda: self.admin("/readyz").status == 200, "readiness")
        return self

    def told(self, message: str, **fields: object) -> list[dict[str, Any]]:
        """The lines with this message and these fields, once there is one."""
        found: list[dict[str, Any]] = wait_for(lambda: self.messages(message, **fields), message)
        return found

    def get(self, path: str = "/", **more: Any) -> Answer:
        return ask(self.port, path, **more)

    def admin(self, path: str) -> Answer:
        return ask(self.admin_port, path)

    def metric(self, name: str) -> float:
        for line in self.admin("/metrics").text.splitlines():
            if line.startswith(name + " "):
                return float(line.rpartition(" ")[2])
        raise AssertionError(f"no metric {name}")

    def worker_pids(self) -> list[int]:
        out = subprocess.run(
            ["ps", "--ppid", str(self.process.pid), "-o", "pid="],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        return [int(pid) for pid in out]

    def worker_pid(self) -> int:
        (pid,) = self.worker_pids()
        return pid

    def terminate(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def wait(self, timeout: float = PATIENCE) -> int:
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join(PATIENCE)
        return code

    def stop_within(self, seconds: float) -> int:
        self.terminate()
        return self.wait(seconds)

    def stop(self) -> int:
        self.terminate()
        return self.wait()


@contextmanager
def served(target: str, *flags: str, **env: str) -> Iterator[Served]:
    """Serve `target` while the block runs; PWD is the folder to run in."""
    one = Served([sys.executable, "-m", "morrow", target, *flags], environment(**env))
    try:
        yield one.wait_ready()
    finally:
        if one.process.poll() is None:
            one.process.send_signal(signal.SIGTERM)
            time.sleep(0.05)
            if one.process.poll() is None:
                one.process.send_signal(signal.SIGTERM)
            one.process.wait(PATIENCE)


def run(*arguments: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "morrow", *arguments],
        env=environment(**env),
        cwd=ROOT,
        capture_output=True,
        text=True,
        input=stdin,
        timeout=PATIENCE,
        check=False,
    )


def refuses(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0
