"""One connection of the load client: a request at a time, and what HTTP makes of the answer."""

from __future__ import annotations

import asyncio

INSTANCE_HEADERS = (b"x-morrow-instance", b"x-served-by", b"x-pod-name")


class RequestError(Exception):
    """Why one request failed."""

    def __init__(self, cause: str, detail: str, instance: str = "") -> None:
        super().__init__(detail)
        self.cause, self.detail, self.instance = cause, detail, instance


class Exchange(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.address = ""
        self.open = True
        self.served = 0
        self.instance = ""
        self._buffer = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self.transport = transport

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send the request; the status and the body of the answer."""
        self._buffer.clear()
        self._answer = self.loop.create_future()
        self.transport.write(request)
        try:
            return await self._answer
        finally:
            self._answer = None

    @property
    def alive(self) -> bool:
        """Can carry another request, as far as is known here."""
        return self.open and not self.transport.is_closing()

    @property
    def silent(self) -> bool:
        """No byte of the present answer has come."""
        return not self._buffer

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._buffer += data
        if self._answer is None:  # nobody asked: this connection cannot be trusted
            self.close()
        elif not self._answer.done():
            self._parse(ended=False)

    def connection_lost(self, error: Exception | None) -> None:
        """End the answer: whole if it ran to the end of the connection, else a failure."""
        self.open = False
        if self._answer is None or self._answer.done():
            return
        self._parse(ended=error is None)
        if self._answer.done():
            return
        part = "before the response" if self.silent else "in the middle of the response"
        cause = "closed" if error is None else "reset"
        self._answer.set_exception(RequestError(cause, f"connection {cause} {part}"))

    def close(self) -> None:
        """End it at once: nothing of ours is unsent, and what may still come is not wanted."""
        self.open = False
        self.transport.abort()

    def _parse(self, ended: bool) -> None:
        """Answer when the response is whole."""
        assert self._answer is not None  # noqa: S101 - for the type checker
        buffer = self._buffer
        try:
            while True:
                end = buffer.find(b"\r\n\r\n")
                if end < 0:
                    return
                first, *lines = bytes(buffer[:end]).split(b"\r\n")
                version, status_text = first.split(None, 2)[:2]
                status = int(status_text)
                if not version.startswith(b"HTTP/1."):
                    raise ValueError(version)
                if status >= 200:
                    break
                del buffer[: end + 4]  # 100 Continue and its like
            headers = {
                k.strip().lower(): v.strip() for k, _, v in (x.partition(b":") for x in lines)
            }
            body = _body(buffer, end + 4, status, headers, ended)
        except (ValueError, IndexError):
            self._answer.set_exception(
                RequestError("http", f"not an HTTP response: {bytes(buffer[:60])!r}")
            )
            return
        if body is None:
            return
        for name in INSTANCE_HEADERS:
            if name in headers:
                self.instance = headers[name].decode("latin-1")
                break
        self.served += 1
        if ended or b"close" in headers.get(b"connection", b"").lower() or version == b"HTTP/1.0":
            self.open = False
        self._answer.set_result((status, body))


def _body(
    buffer: bytearray, start: int, status: int, headers: dict[bytes, bytes], ended: bool
) -> bytes | None:
    """The whole body, or None while a part of it is missing."""
    if status in (204, 304):
        return b""
    if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
        body = bytearray()
        while (line := buffer.find(b"\r\n", start)) >= 0:
            size = int(buffer[start:line].split(b";")[0], 16)
            start = line + 2
            if size == 0:
                return bytes(body) if buffer.find(b"\r\n", start) >= 0 else None
            if len(buffer) < start + size + 2:
                return None
            body += buffer[start : start + size]
            start += size + 2
        return None
    if b"content-length" in headers:
        size = int(headers[b"content-length"])
        return bytes(buffer[start : start + size]) if len(buffer) >= start + size else None
    return bytes(buffer[start:]) if ended else None
