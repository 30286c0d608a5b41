"""The servers, each started the way its own documentation does, with four threads or one loop."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.applications import Application
from tests.conformance.case import At
from tests.conformance.exchange import PATIENCE
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
GRACE = 10


@dataclass(frozen=True, slots=True)
class Server:
    """A server: what it serves, and the words that start it."""

    name: str
    interfaces: tuple[str, ...]
    command: str
    limits: bool = False
    """Whether it bounds the bodies of requests without being asked."""


SERVERS = (
    Server("Morrow", ("wsgi", "asgi"), "python -m morrow {target}", limits=True),
    Server("Granian", ("wsgi", "asgi"),
           "granian --host 127.0.0.1 --port {port} --interface {interface} --no-log {target}"),
    Server("gunicorn", ("wsgi",),
           "gunicorn --worker-class gthread --threads 4 --bind 127.0.0.1:{port}"
           f" --graceful-timeout {GRACE} --log-level critical {{target}}"),
    Server("uvicorn", ("asgi",),
           f"uvicorn --port {{port}} --timeout-graceful-shutdown {GRACE} --log-level critical"
           " {target}"),
)  # fmt: skip


class NotStartedError(Exception):
    """A server that did not begin to answer; the message holds what it printed last."""


@contextmanager
def started(server: Server, app: Application, programs: Path, folder: Path) -> Iterator[At]:
    """Run a server with an application while the block runs."""
    port = free_port()
    words = server.command.format(target=app.target, port=port, interface=app.interface).split()
    here = Path(__file__).parent
    paths = [str(ROOT / "src"), str(here / "served"), str(folder)]
    env = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(paths),
        "CONFORMANCE": str(folder),
        "PYTHONUNBUFFERED": "1",
    }
    if server.name == "Morrow":
        env |= {"MORROW_PORT": str(port), "MORROW_ADMIN_PORT": "0", "MORROW_GRACE": f"{GRACE}s"}
        if app.interface == "wsgi":
            env["MORROW_THREADS"] = "4"
    if server.name == "Granian" and app.interface == "wsgi":
        words[1:1] = ["--blocking-threads", "4"]
    output = folder / f"{server.name}.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [str(programs / words[0]), *words[1:]],
            env=env, cwd=folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, port, output)
        yield At(port, {"page": app.page, **app.offers}, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(GRACE + 5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    """Wait for the first answer of any kind: listening alone is not serving."""
    end = time.monotonic() + 8 * PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
                client.sendall(b"GET /up HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                client.settimeout(end - time.monotonic())
                if client.recv(1):
                    return
        except OSError:
            time.sleep(0.05)
    last = output.read_text(errors="replace").strip().splitlines()
    message = re.search(r'"message": "(.*?)[",]', last[-1]) if last else None
    said = message[1] if message else last[-1] if last else "it printed nothing"
    raise NotStartedError(said[:160])
