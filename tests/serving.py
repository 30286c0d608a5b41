"""A server of a test's own on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def asking(
    ask: Callable[[str], object], *paths: str, clients: int = 1, pause: float = 0
) -> Iterator[None]:
    """Let clients ask for the paths in turn until the block ends, whatever comes back."""
    done = threading.Event()

    def go_on() -> None:
        while not done.is_set():
            for path in paths:
                with suppress(OSError):
                    ask(path)
                done.wait(pause)

    with ThreadPoolExecutor(clients) as pool:
        for _ in range(clients):
            pool.submit(go_on)
        try:
            yield
        finally:
            done.set()


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], host: str = "127.0.0.1") -> Iterator[str]:
    """Serve until the block ends, without a word on stderr; yield host:port."""
    quiet = type("Quiet", (handler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer((host, 0), quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{host}:{server.server_address[1]}"
        server.shutdown()
