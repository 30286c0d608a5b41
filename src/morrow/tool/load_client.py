"""The load client's own process: `python -m morrow.tool.load_client`, driven by `load.Load`.

First line of its input: the options. Then marks; the end of the input ends the run. Its output:
a line with the counts every half second, at last one with the result.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import ipaddress
import itertools
import json
import ssl
import sys
import time
from collections import Counter, deque
from urllib.parse import urlsplit

from morrow.tool.load import MOST_REQUESTS, Event, Failed, Options, Result, Sample, percentile

MOST_HELD = 4  # times the kept connections wished for, while the server is slow
OWN_PORTS = range(32768, 60999)  # those that Linux and macOS give to clients
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
                RequestError("http", f"no HTTP response: {bytes(buffer[:60])!r}")
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


class Client:
    """Sends at the rate and keeps the account."""

    def __init__(self, options: Options, loop: asyncio.AbstractEventLoop) -> None:
        self.options, self.loop = options, loop
        url = urlsplit(options.url)
        self.host = url.hostname or ""
        self.tls = (
            ssl.create_default_context(cafile=options.ca_file) if (url.scheme == "https") else None
        )
        port = url.port or (443 if self.tls else 80)
        addresses = options.connect or (f"{self.host}:{port}",)
        self.addresses = itertools.cycle([_address(text, port) for text in addresses])
        first = time.monotonic_ns() % len(OWN_PORTS)
        self.own_ports = itertools.cycle([*OWN_PORTS[first:], *OWN_PORTS[:first]])
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        lines = [f"GET {target} HTTP/1.1", f"Host: {url.netloc.rpartition('@')[2]}"]
        given = {name.lower() for name, _ in options.headers}
        lines += [] if "user-agent" in given else ["User-Agent: morrow-verify"]
        lines += [f"{name}: {value}" for name, value in options.headers]
        self.ask_kept = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.ask_new = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
        self.idle: deque[Exchange] = deque()
        self.held = 0
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.under_way: dict[asyncio.Task[None], float] = {}
        self.result = Result(options.url, options.rate, time.time(), 0.0, 0.0)
        self.phase = "start"
        self.lags: list[float] = []
        self.instances: Counter[str] = Counter()
        self.ending = asyncio.Event()
        self.start = 0.0

    async def run(self, seconds: float | None) -> Result:
        """Send until the time is over or the caller ends it; then wait for what is under way."""
        self.start = self.loop.time() + 0.05
        watch = self.loop.create_task(self._expire())
        last = MOST_REQUESTS if seconds is None else min(MOST_REQUESTS, seconds * self.options.rate)
        number = 0
        while number < last and not self.ending.is_set():
            due = self.start + number / self.options.rate
            wait = due - self.loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
                continue
            kept = int((number + 1) * self.options.kept) > int(number * self.options.kept)
            self._send(due, kept)
            number += 1
            if number % 16 == 0:  # a client that is late must not forget to listen
                await asyncio.sleep(0)
        self.result.seconds = round(number / self.options.rate, 3)
        while self.under_way:
            await asyncio.sleep(0.01)
        watch.cancel()
        self.result.samples.sort(key=lambda sample: sample.at)
        self.result.failures.sort(key=lambda failure: failure.at)
        self.result.lag = round(percentile(self.lags, 0.99), 6)
        self.result.instances = dict(self.instances)
        return self.result

    def mark(self, name: str, at: float) -> None:
        """A new phase begins."""
        self.result.events.append(Event(round(at - self.start, 4), name))
        self.phase = name

    def _send(self, due: float, kept: bool) -> None:
        self.lags.append(self.loop.time() - due)
        if len(self.under_way) >= self.options.in_flight:
            error = RequestError(
                "overrun", f"{len(self.under_way)} requests wait already: not sent"
            )
            self._account(due, kept, self.phase, error, None)
            return
        task = self.loop.create_task(self._request(due, kept, self.phase))
        # From now, not from `due`: what the client is late is not the server's.
        self.under_way[task] = self.loop.time() + self.options.timeout
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.under_way.pop(task, None)
        if not task.cancelled() and task.exception():
            task.result()  # a fault of ours: ends the run through the loop's handler

    async def _expire(self) -> None:
        while True:  # deadlines stand in the order of sending
            await asyncio.sleep(0.02)
            now = self.loop.time()
            for task, deadline in list(self.under_way.items()):
                if deadline > now:
                    break
                task.cancel()

    async def _request(self, due: float, kept: bool, phase: str) -> None:
        error: RequestError | None = None
        connection: Exchange | None = None
        reused = retried = False
        try:
            if kept:
                connection = await self._idle()
                reused = connection is not None
            connection = connection or await self._connect(kept)
            request = self.ask_kept if kept else self.ask_new
            try:
                status, body = await connection.ask(request)
            except RequestError:
                if not (reused and connection.silent and self.options.retry):
                    raise
                retried = True
                self._drop(connection, kept)
                connection = await self._connect(kept)
                status, body = await connection.ask(request)
            error = self._judge(status, body, connection.instance)
        except RequestError as failure:
            error = failure
        except asyncio.CancelledError:
            self._wake()  # it may have been its turn
            where = "connect" if connection is None else "answer"
            error = RequestError("timeout", f"no {where} within {self.options.timeout:g} s")
        if connection is not None:
            self._release(connection, kept, reuse=error is None or error.cause.startswith("status"))
        self._account(due, kept, phase, error, connection, reused and not retried, retried)

    async def _idle(self) -> Exchange | None:
        """The kept connection that rested longest; none while more may be opened."""
        while True:
            while self.idle and self.held >= self.options.connections:
                connection = self.idle.popleft()
                if connection.alive:
                    return connection
                self._drop(connection, kept=True)
            if self.held < MOST_HELD * self.options.connections:
                return None
            turn: asyncio.Future[None] = self.loop.create_future()
            self.waiting.append(turn)
            await turn

    def _wake(self) -> None:
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    async def _connect(self, kept: bool) -> Exchange:
        host, port = next(self.addresses)
        try:
            connection = await self._open(host, port)
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or str(error)
            raise RequestError("tls", f"TLS with {host}:{port}: {reason}") from None
        except ConnectionRefusedError:
            raise RequestError("refused", f"{host}:{port} refused the connection") from None
        except (ConnectionResetError, ConnectionAbortedError, BrokenPipeError):
            raise RequestError("reset", f"{host}:{port} reset the connection") from None
        except OSError as error:
            text = error.strerror or str(error)
            raise RequestError("connect", f"no connection to {host}:{port}: {text}") from None
        connection.address = f"{host}:{port}"
        if kept:
            self.held += 1
        return connection

    async def _open(self, host: str, port: int) -> Exchange:
        """Connect from a port of this machine that the run has not used before.

        Routers remember a connection that died with its target by its two ports, for minutes.
        A new one from the same port would be sent the same dead way. One client stands for many
        here, and many would not meet on a port.
        """
        anywhere = _anywhere(host)
        while True:
            try:
                _, connection = await self.loop.create_connection(
                    lambda: Exchange(self.loop),
                    host,
                    port,
                    ssl=self.tls,
                    server_hostname=self.host if self.tls else None,
                    local_addr=(anywhere, next(self.own_ports)) if anywhere else None,
                )
            except OSError as error:
                if anywhere and error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
                    continue  # another program's port: the limit in time of a request bounds this
                raise
            return connection

    def _release(self, connection: Exchange, kept: bool, reuse: bool) -> None:
        if kept and reuse and connection.alive and len(self.idle) < self.options.connections:
            self.idle.append(connection)
            self._wake()
        else:
            self._drop(connection, kept)

    def _drop(self, connection: Exchange, kept: bool) -> None:
        self.held -= kept
        connection.close()
        if kept:
            self._wake()

    def _judge(self, status: int, body: bytes, instance: str) -> RequestError | None:
        self.instances[instance] += bool(instance)
        wrong = status >= 400 if self.options.status is None else status != self.options.status
        if wrong:
            return RequestError(f"status-{status}", f"answered {status}", instance)
        if self.options.text is not None and self.options.text.encode() not in body:
            return RequestError("text", f"the body lacks {self.options.text!r}", instance)
        return None

    def _account(
        self,
        due: float,
        kept: bool,
        phase: str,
        error: RequestError | None,
        connection: Exchange | None,
        reused: bool = False,
        retried: bool = False,
    ) -> None:
        at, latency = round(due - self.start, 4), round(self.loop.time() - due, 6)
        self.result.samples.append(Sample(at, latency, kept, error is not None, retried))
        if error is not None:
            address = connection.address if connection else ""
            self.result.failures.append(
                Failed(
                    at,
                    latency,
                    phase,
                    error.cause,
                    error.detail,
                    kept,
                    reused,
                    address,
                    error.instance,
                )
            )


def _anywhere(host: str) -> str:
    """Every address of this machine, of the family that `host` is written in; "" for a name."""
    try:
        return "::" if ipaddress.ip_address(host).version == 6 else "0.0.0.0"  # noqa: S104
    except ValueError:
        return ""


def _address(text: str, port: int) -> tuple[str, int]:
    """`host`, `host:port`, `[::1]:port`."""
    parts = urlsplit(f"//{text}")
    return parts.hostname or "", parts.port or port


async def _main() -> None:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    head = json.loads(await orders.readline())
    options = dict(head["options"])
    options["connect"] = tuple(options["connect"])
    options["headers"] = tuple((name, value) for name, value in options["headers"])
    client = Client(Options(**options), loop)

    async def listen() -> None:
        while line := await orders.readline():
            message = json.loads(line)
            client.mark(message["mark"], message["at"])
        client.ending.set()

    async def tell() -> None:
        while True:
            await asyncio.sleep(0.5)
            counts = {
                "requests": len(client.result.samples),
                "failed": len(client.result.failures),
                "waiting": len(client.under_way),
            }
            print(json.dumps(counts), flush=True)

    print(json.dumps({"requests": 0, "failed": 0, "waiting": 0}), flush=True)
    side = [loop.create_task(listen()), loop.create_task(tell())]
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # a collection is a pause in every latency
    result = await client.run(head["seconds"])
    for task in side:
        task.cancel()
    print(json.dumps({"result": result.to_json(samples=True)}), flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
