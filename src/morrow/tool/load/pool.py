"""The load client's connections: kept ones, used in turn, and new ones for the rest."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import itertools
import ssl
import time
from collections import deque
from urllib.parse import urlsplit

from morrow.tool.load.connection import Exchange, RequestError
from morrow.tool.load.result import Options

OWN_PORTS = range(32768, 60999)  # those that Linux and macOS give to clients


class Pool:
    """Opens connections to each address in turn, and holds those that are kept."""

    def __init__(self, options: Options, loop: asyncio.AbstractEventLoop) -> None:
        self.loop, self.connections = loop, options.connections
        url = urlsplit(options.url)
        self.host = url.hostname or ""
        self.tls = (
            ssl.create_default_context(cafile=options.ca_file) if url.scheme == "https" else None
        )
        port = url.port or (443 if self.tls else 80)
        addresses = options.connect or (f"{self.host}:{port}",)
        self.addresses = itertools.cycle([_address(text, port) for text in addresses])
        first = time.monotonic_ns() % len(OWN_PORTS)
        self.own_ports = itertools.cycle([*OWN_PORTS[first:], *OWN_PORTS[:first]])
        self.idle: deque[Exchange] = deque()
        self.held = 0

    def rested(self) -> Exchange | None:
        """The kept connection that rested longest; none where another is to be opened.

        Nobody waits for one: a request that waited here for the end of others would be sent
        late, and what it then lacked of its time would be called the server's fault.
        """
        while self.idle and self.held >= self.connections:
            connection = self.idle.popleft()
            if connection.alive:
                return connection
            self.drop(connection, kept=True)
        return None

    async def connect(self, kept: bool) -> Exchange:
        """Open a connection; why it cannot be is a RequestError."""
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
                    # Another program's port. The limit in time of a request ends this, once it
                    # can: where every port is taken, nothing else here waits.
                    await asyncio.sleep(0)
                    continue
                raise
            return connection

    def release(self, connection: Exchange, kept: bool, reuse: bool) -> None:
        """Keep the connection for another request, or end it."""
        if kept and reuse and connection.alive and len(self.idle) < self.connections:
            self.idle.append(connection)
        else:
            self.drop(connection, kept)

    def drop(self, connection: Exchange, kept: bool) -> None:
        """End the connection."""
        self.held -= kept
        connection.close()


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
