"""A queue on this machine that hands tasks to pods, and knows which of them never came back."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lab.layout import HOST

# What a pod runs: it takes a task, works on it, and reports it. SIGTERM ends it between two tasks,
# as it ends Celery and its like.
WORKER = """
import os, signal, time, urllib.request
ends = []
signal.signal(signal.SIGTERM, lambda *_: ends.append(True))
def ask(path):
    return urllib.request.urlopen(os.environ["QUEUE"] + path, data=b"", timeout=10).read().decode()
while not ends:
    task = ask("/take")
    time.sleep(0.4)
    ask("/done/" + task)
"""
# The control's: it dies where it stands.
CARELESS = WORKER.replace("signal.signal(signal.SIGTERM, lambda *_: ends.append(True))", "")
# One report, of a job or a cron.
REPORT = """
import os, sys, urllib.request
urllib.request.urlopen(os.environ["QUEUE"] + "/ran/" + sys.argv[1], data=b"", timeout=10)
"""


@dataclass
class Tasks:
    """What was handed out and what came back."""

    address: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    taken: int = 0
    done: Counter[str] = field(default_factory=Counter)
    ran: Counter[str] = field(default_factory=Counter)

    def answer(self, path: str) -> str:
        """Do what a pod asked for."""
        verb, _, name = path.strip("/").partition("/")
        with self.lock:
            if verb == "take":
                self.taken += 1
                return str(self.taken)
            {"done": self.done, "ran": self.ran}[verb][name] += 1
            return ""

    def lost(self) -> list[int]:
        """The tasks that were taken and never done."""
        with self.lock:
            return [number for number in range(1, self.taken + 1) if not self.done[str(number)]]


@contextmanager
def serve() -> Iterator[Tasks]:
    """Serve a queue where the lab's pods reach it."""
    tasks = Tasks()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = tasks.answer(self.path).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a line for each task would bury what a test says."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    tasks.address = f"http://{HOST}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield tasks
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
