"""A database and a cache for as long as an application is asked, reached from its own network.

They listen on sockets in a folder alone. The application's network has no way out; what listens
in it on 127.0.0.1 was made there and is served from here, byte by byte. So this knows what was
asked: which ports, and which users of which databases, whatever the application reads them from.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from morrow.tool.init.copied import PREFIX
from morrow.tool.programs.servers import Server, missing

USUAL = {"postgres": 5432, "redis": 6379}
KINDS = {"postgres": "PostgreSQL", "redis": "Redis"}
ENCRYPTED, PLAIN = (80877103, 80877104), 196608  # how a conversation with PostgreSQL begins
READY = 30.0  # seconds


def ports_for(name: str, kinds: Sequence[str]) -> dict[str, int]:
    """Return ports of the project's own, below those that the kernel gives away."""
    first = 20_000 + zlib.crc32(name.encode()) % 5000 * 2
    return {kind: first + number for number, kind in enumerate(USUAL) if kind in kinds}


class Backing:
    """Servers that run, and what was asked of them."""

    def __init__(self, servers: Mapping[str, Server], ports: Mapping[str, int]) -> None:
        self.servers, self.ports = servers, dict(ports)
        self.heard: set[tuple[str, int]] = set()  # which kind was asked, by which port
        self.databases: dict[str, str] = {}  # each with its first user
        self._made: set[tuple[str, str]] = set()
        self._making = asyncio.Lock()  # two that come first wait for the same database
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._listeners: list[asyncio.Server] = []

    @property
    def listens(self) -> list[tuple[str, int]]:
        """Where: on the ports of the project's own, and on the usual ones."""
        pairs = [(kind, port) for kind in self.servers for port in (self.ports[kind], USUAL[kind])]
        return list(dict.fromkeys(pairs))

    @property
    def by_the_usual(self) -> dict[str, int]:
        """Those ports that were asked though others were given: the code has no setting for it."""
        return {kind: port for kind, port in self.heard if port != self.ports[kind]}

    @property
    def stated(self) -> dict[str, dict[str, Any]]:
        """What an environment's file says of those that were asked, as `target.servers`."""
        asked = sorted({kind for kind, _ in self.heard})
        found: dict[str, dict[str, Any]] = {kind: {"port": self.ports[kind]} for kind in asked}
        if "postgres" in found:
            found["postgres"]["databases"] = dict(sorted(self.databases.items()))
        return found

    def forget(self) -> None:
        """Begin anew: what another way asked is not asked by this one."""
        self.heard, self.databases = set(), {}

    def around(self, words: Sequence[str]) -> tuple[list[str], socket.socket]:
        """Return the command that has these in its own network, and what it must inherit."""
        ours, theirs = socket.socketpair()
        asyncio.run_coroutine_threadsafe(self._listen(ours, self.listens), self._loop)
        ports = ",".join(str(port) for _, port in self.listens)
        program = str(Path(__file__).with_name("inside.py"))
        return [sys.executable, "-I", "-S", program, str(theirs.fileno()), ports, *words], theirs

    async def _listen(self, channel: socket.socket, listens: list[tuple[str, int]]) -> None:
        with channel:
            _, given, *_ = await asyncio.to_thread(socket.recv_fds, channel, 1, len(listens))
        for (kind, port), number in zip(listens, given, strict=False):
            accept = partial(self._one, kind, port)
            given_out = await asyncio.start_server(accept, sock=socket.socket(fileno=number))
            self._listeners.append(given_out)

    async def _one(
        self, kind: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.heard.add((kind, port))
        # Cancelled at the end, or told nonsense: nobody waits for this one's result.
        over = contextlib.suppress(OSError, EOFError, ValueError, asyncio.CancelledError)
        with over, contextlib.closing(writer):
            first = await self._login(reader, writer) if kind == "postgres" else b""
            path = str(self.servers[kind].socket)
            answers, asks = await asyncio.open_unix_connection(path)
            with contextlib.closing(asks):
                asks.write(first)
                ways = (_pump(reader, asks), _pump(answers, writer))
                tasks = [asyncio.ensure_future(one) for one in ways]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    async def _login(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """Read who asks for which database, and make both where they are not there."""
        while True:
            head = await reader.readexactly(8)
            size, code = struct.unpack("!ii", head)
            if code not in ENCRYPTED:
                break
            writer.write(b"N")
        body = await reader.readexactly(size - 8)
        if code == PLAIN:
            words = body.decode(errors="replace").split("\0")
            given = dict(zip(words[::2], words[1::2], strict=False))
            user = given.get("user", "")
            database = given.get("database") or user
            self.databases.setdefault(database, user)
            async with self._making:
                if (database, user) not in self._made:
                    await asyncio.to_thread(self.servers["postgres"].have, database, user)
                    self._made.add((database, user))
        return head + body

    def close(self) -> None:
        """Serve no more."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        for one in self._listeners:
            one.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@contextlib.contextmanager
def backing(kinds: Sequence[str], name: str, bound: Sequence[str]) -> Iterator[Backing]:
    """Run servers of these kinds, which end with this program."""
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)  # PostgreSQL may be another user's
    servers = {kind: Server(kind, 0, folder / kind) for kind in kinds}
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for kind, one in servers.items():
            with contextlib.suppress(subprocess.CalledProcessError):  # then it does not start
                one.prepare()
            running[kind] = subprocess.Popen(
                [*bound, *one.words], cwd="/", stdin=subprocess.DEVNULL, **one.user,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + READY
        while not all(one.answers() for one in servers.values()):
            ended = any(one.poll() is not None for one in running.values())
            if ended or time.monotonic() > deadline:
                break  # it is as if it were not here
            time.sleep(0.05)
        made = Backing(servers, ports_for(name, kinds))
        try:
            yield made
        finally:
            made.close()
    finally:
        for kind, child in running.items():
            child.send_signal(signal.SIGQUIT if kind == "postgres" else signal.SIGKILL)
            child.wait()  # at once: nothing of it is kept
        shutil.rmtree(folder, ignore_errors=True)


def install(needs: Iterable[str]) -> str:
    """Return what is to be installed to run the stores that a project needs, "" where nothing."""
    commands = [missing(kind) for kind, store in KINDS.items() if store in needs]
    return " and ".join(filter(None, commands))


def possible(needs: set[str]) -> list[str]:
    """Return which of the stores that a project needs can run on this machine."""
    return [kind for kind, store in KINDS.items() if store in needs and not missing(kind)]
