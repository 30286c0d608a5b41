"""A service without the kit, bent by its environment: slow, broken, silent, greedy."""

from __future__ import annotations

import http.server
import os
import signal
import sys
import threading
import time
from pathlib import Path

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
marker, deaths = Path("/tmp/deaths"), int(os.environ.get("DEATHS", "0"))
died = int(marker.read_text()) if marker.exists() else 0
if died < deaths:
    marker.write_text(str(died + 1))
    print("dies as it was told", flush=True)
    sys.exit(int(os.environ.get("EXIT", "1")))
if os.environ.get("EAT"):
    eaten = b"x" * (int(os.environ["EAT"]) << 20)
if os.environ.get("WRITE"):
    Path("/tmp/much").write_bytes(b"x" * (int(os.environ["WRITE"]) << 20))
time.sleep(float(os.environ.get("SLOW", "0")))
began = time.monotonic()
if os.environ.get("LASTS"):
    threading.Timer(float(os.environ["LASTS"]), os._exit, [1]).start()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as it was told."""

    def do_GET(self) -> None:
        """Answer 503 until it is warm."""
        warm = time.monotonic() - began >= float(os.environ.get("WARM", "0"))
        asked = os.environ.get("STATUS", "200") if self.path == "/" else "200"
        self.send_response(int(asked) if warm else 503)
        self.end_headers()
        self.wfile.write(b"warm" if warm else b"the cache is cold")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


port = int(os.environ.get("LISTEN", "5000"))
http.server.ThreadingHTTPServer(("", port), Handler).serve_forever()
