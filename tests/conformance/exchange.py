"""HTTP/1.1 byte by byte: what a client sends, and exactly what came back."""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

PATIENCE = 5.0
"""So long a case waits for a server before it says that none answered."""


class Wrong(Exception):
    """What a server or an application did that it must not do."""


def right(holds: object, otherwise: str) -> None:
    """Go on only if it holds."""
    if not holds:
        raise Wrong(otherwise)


@dataclass(slots=True)
class Answer:
    """One response as it came."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    whole: bool = True
    """Whether the body ended where its framing says."""
    framing: str = ""
    interim: list[int] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str:
        """Return the only header of that name, or an empty text; two are wrong."""
        found = self.all(name)
        right(len(found) < 2, f"{len(found)} headers {name}")
        return found[0] if found else ""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Line:
    """One connection."""

    def __init__(self, port: int, *, receive_buffer: int = 0, patience: float = PATIENCE) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(patience)
        self.socket.connect(("127.0.0.1", port))
        self.kept = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, stack: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> Line:
        # The answer may have come first, and the end with it: reading tells.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)
        return self

    def more(self) -> bool:
        """Read on; return whether anything came."""
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            raise Wrong(f"nothing came within {PATIENCE:g} s") from None
        except ConnectionResetError:
            data = b""
        self.kept += data
        return bool(data)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.kept:
            if not self.more():
                raise Wrong("the connection was closed without a response")
        head, _, self.kept = self.kept.partition(mark)
        return head

    def answer(self, method: str = "GET") -> Answer:
        """Read one response; interim ones are noted in it."""
        interim: list[int] = []
        while True:
            answer = _head(self._until(b"\r\n\r\n"))
            if answer.status == 101 or answer.status >= 200:
                break
            interim.append(answer.status)
        answer.interim = interim
        if method == "HEAD" or answer.status in (101, 204, 304):
            answer.framing = "none"
        elif "chunked" in answer.one("transfer-encoding"):
            answer.framing = "chunked"
            answer.whole = self._chunks(answer)
        elif length := answer.one("content-length"):
            answer.framing = "length"
            while len(self.kept) < int(length) and self.more():
                pass
            answer.whole = len(self.kept) >= int(length)
            answer.body, self.kept = self.kept[: int(length)], self.kept[int(length) :]
        else:
            answer.framing = "close"
            while self.more():
                pass
            answer.body, self.kept = self.kept, b""
        return answer

    def _chunks(self, answer: Answer) -> bool:
        parts: list[bytes] = []
        try:
            while size := int(self._until(b"\r\n").split(b";")[0], 16):
                while len(self.kept) < size + 2:
                    if not self.more():
                        return False
                parts.append(self.kept[:size])
                self.kept = self.kept[size + 2 :]
            while self._until(b"\r\n"):
                pass
        except Wrong:
            return False
        finally:
            answer.body = b"".join(parts)
        return True

    def closed(self, within: float = PATIENCE) -> bool:
        """Tell whether the server closes its side in time; what it still sends is kept."""
        end = time.monotonic() + within
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                return False
            except ConnectionResetError:
                return True
            if not data:
                return True
            self.kept += data
        return False


def _head(head: bytes) -> Answer:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status, _, reason = rest.partition(" ")
    right(version in ("HTTP/1.1", "HTTP/1.0") and status.isdigit(), f"the status line is {first!r}")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        right(colon and name == name.strip(), f"a header line is {line!r}")
        headers.append((name.lower(), value.strip()))
    return Answer(int(status), reason, headers)


def request(
    path: str, *lines: str, method: str = "GET", body: bytes | None = None, host: str = "localhost"
) -> bytes:
    """Return a request's bytes. With a body its length is told, unless a line frames it."""
    headers = [f"{method} {path} HTTP/1.1", f"Host: {host}", *lines]
    if body is not None and not any(line.lower().startswith("transfer-") for line in lines):
        headers.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*headers, "", ""]).encode("latin-1") + (body or b"")


def ask(
    port: int, path: str, *lines: str, method: str = "GET", body: bytes | None = None
) -> Answer:
    """Send one request on a connection of its own and return the response."""
    with Line(port) as line:
        line.send(request(path, "Connection: close", *lines, method=method, body=body))
        return line.answer(method)


def chunked(*parts: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """Return a body in chunks."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end
