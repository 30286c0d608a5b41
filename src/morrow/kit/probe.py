"""A probe for images without curl: one GET, exit 0 for 200."""

from __future__ import annotations

import socket
import sys
from urllib.parse import urlsplit


def probe(url: str, timeout: float = 3.0) -> int:
    """Return 0 when `url` answers 200, 1 when not, 2 when it is no http URL.

    >>> probe("ftp://example.com/")
    2
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        sys.stderr.write(f"error: {url} is no http:// URL\n")
        return 2
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((parts.hostname, parts.port or 80), timeout) as client:
            client.sendall(head.encode())
            answer = b""
            while b"\r\n" not in answer and len(answer) < 4096:
                data = client.recv(4096)
                if not data:
                    break
                answer += data
    except OSError as error:
        sys.stderr.write(f"error: {url}: {error}\n")
        return 1
    status = answer.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    if len(status) > 1 and status[1] == "200":
        return 0
    sys.stderr.write(f"error: {url} answers {' '.join(status) or 'nothing'}\n")
    return 1
