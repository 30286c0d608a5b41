"""A bucket on loopback: what Terraform's S3 backend asks of S3, and nothing more.

A stand-in, because no test may need an account: objects in memory, conditional PUT for the lock
file, listing. `hold` keeps the next answer for a state back, so that a test can kill Terraform
while it holds the lock; `full` refuses to keep a state.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class Bucket(ThreadingHTTPServer):
    """Objects by key."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.hold = threading.Event()
        self.hold.set()  # cleared: answers for a state wait
        self.full = False
        self.guard = threading.Lock()

    @property
    def address(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Bucket
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: bytes = b"", kind: str = "application/xml") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", kind)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _wrong(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code></Error>".encode())

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).lstrip("/").partition("/")[2]

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "aws-chunked" not in self.headers.get("Content-Encoding", ""):
            return body
        whole = b""
        while body:
            head, _, body = body.partition(b"\r\n")
            size = int(head.split(b";")[0] or b"0", 16)
            if size == 0:
                break
            whole, body = whole + body[:size], body[size + 2 :]
        return whole

    def do_GET(self) -> None:
        """Return an object, or the list of keys."""
        if not self._key:
            prefix = parse_qs(urlsplit(self.path).query).get("prefix", [""])[0]
            keys = [key for key in sorted(self.server.objects) if key.startswith(prefix)]
            entries = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in keys)
            head = "<IsTruncated>false</IsTruncated>"
            self._answer(200, f"<ListBucketResult>{head}{entries}</ListBucketResult>".encode())
            return
        if self._key.endswith(".tfstate") and f"{self._key}.tflock" in self.server.objects:
            self.server.hold.wait(30)
        found = self.server.objects.get(self._key)
        if found is None:
            self._wrong(404, "NoSuchKey")
        else:
            self._answer(200, found, "application/octet-stream")

    do_HEAD = do_GET  # noqa: N815

    def do_PUT(self) -> None:
        """Keep an object; with If-None-Match only where there is none."""
        body = self._body()
        if self.server.full and self._key.endswith(".tfstate"):
            self._wrong(403, "AccessDenied")
            return
        with self.server.guard:
            taken = self.headers.get("If-None-Match") == "*" and self._key in self.server.objects
            if not taken:
                self.server.objects[self._key] = body
        if taken:
            self._wrong(412, "PreconditionFailed")
        else:
            self._answer(200)

    def do_DELETE(self) -> None:
        """Forget an object."""
        self.server.objects.pop(self._key, None)
        self._answer(204)


@contextmanager
def serving() -> Iterator[Bucket]:
    """Serve a bucket on a free port of loopback."""
    bucket = Bucket()
    thread = threading.Thread(target=bucket.serve_forever, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        bucket.hold.set()
        bucket.shutdown()
        bucket.server_close()
