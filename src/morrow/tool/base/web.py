"""One request over HTTP: what came back, or why nothing did."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST = 5_000_000  # bytes of an answer that are read


@dataclass(frozen=True)
class Answer:
    """A status and a body; status 0 with the reason where nothing came back."""

    status: int
    body: bytes = b""
    seconds: float = 0.0
    reason: str = ""
    certificate: Mapping[str, Any] = field(default_factory=dict)
    location: str = ""  # where it leads, when it hands over no cookie that would change that

    @property
    def text(self) -> str:
        """The body as text, or the reason."""
        return self.body.decode(errors="replace") if self.status else self.reason

    @property
    def json(self) -> dict[str, Any]:
        """The object that the body holds; an empty one where it holds none."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    def __str__(self) -> str:
        short = " ".join(self.text.split())[:300]
        return f"{self.status} {short}".strip() if self.status else f"nothing ({short})"


def get(
    address: str,
    port: int,
    path: str,
    *,
    host: str = "",
    tls: ssl.SSLContext | None = None,
    timeout: float = 5.0,
) -> Answer:
    """GET a path at an address; `host` goes into the header, and is the name that TLS checks."""
    began = time.monotonic()
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    certificate: Mapping[str, Any] = {}
    try:
        connection.sock = socket.create_connection((address, port), timeout)
        if tls:
            name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
            secured = tls.wrap_socket(connection.sock, server_hostname=name.strip("[]"))
            connection.sock, certificate = secured, secured.getpeercert() or {}
        headers = {"Connection": "close", "User-Agent": "morrow"}
        connection.request("GET", path, headers={**headers, **({"Host": host} if host else {})})
        response = connection.getresponse()
        body = response.read(MOST)
        sets = response.getheader("Set-Cookie")
        location = "" if sets else response.getheader("Location") or ""
        took = time.monotonic() - began
        return Answer(response.status, body, took, "", certificate, location)
    except (OSError, http.client.HTTPException) as wrong:
        reason = getattr(wrong, "verify_message", "") or str(wrong) or type(wrong).__name__
        return Answer(0, b"", time.monotonic() - began, reason, certificate)
    finally:
        connection.close()
