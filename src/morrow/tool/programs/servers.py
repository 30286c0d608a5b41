"""PostgreSQL and Redis of this machine, for the service that needs them while it is written.

How others use it: `Server("postgres", port, folder)`, then `missing(kind)`, `prepare()`, start
`words` as `user`, wait for `answers()`, and `have(database, owner)`. With port 0 it listens on a
socket in its folder alone.

Whoever is on this machine may log in, as anybody but the administrator: the addresses of examples
hold passwords that everybody knows. So no user is an administrator: that one may start programs.
Nor may anybody tell Redis where to write. The folder is who runs this's; where PostgreSQL is
another user's, its `data` alone is that one's, and nothing is written into it from here.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
OWNER = "morrow_keeper"  # PostgreSQL's administrator
DAEMON = "postgres"  # PostgreSQL refuses to be root's: then it is this user's, whom Debian makes
PROGRAMS = {"postgres": ("initdb", "postgres", "psql"), "redis": ("redis-server",)}
PACKAGES = {"postgres": "postgresql", "redis": "redis-server"}
STANDS_FOR = {"redis-server": "valkey-server"}
REFUSED = ("CONFIG", "MODULE")  # with them whoever asks Redis writes files, as who runs it
RULES = f"""\
local all {OWNER} scram-sha-256
local all all trust
host all {OWNER} {HOST}/32 scram-sha-256
host all all {HOST}/32 trust
"""
HAVE = r"""
SELECT format('CREATE ROLE %I LOGIN CREATEDB', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SELECT format('ALTER DATABASE %I OWNER TO %I', :'name', :'owner') \gexec
"""


def program(name: str, version: str = "") -> str | None:
    """Return where a program is: Debian keeps PostgreSQL's off PATH, a folder for each version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: one.parent.name)
    folders.sort(key=lambda one: one.parent.name == version)
    path = os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")])
    names = (name, STANDS_FOR[name]) if name in STANDS_FOR else (name,)
    return next((found for one in names if (found := shutil.which(one, path=path))), None)


def missing(kind: str) -> str:
    """Return how to install what is not here; "" where all is."""
    there = all(program(one) for one in PROGRAMS[kind])
    if there and kind == "postgres" and os.geteuid() == 0:
        import pwd

        there = any(one.pw_name == DAEMON for one in pwd.getpwall())
    installs = "brew" if sys.platform == "darwin" else "apt"
    return "" if there else f"{installs} install {PACKAGES[kind]}"


@dataclass(frozen=True)
class Server:
    """One of them, with its data in a folder."""

    kind: str  # postgres | redis
    port: int
    folder: Path
    databases: dict[str, str] = field(default_factory=dict)  # a database: its owner

    @property
    def user(self) -> dict[str, Any]:
        """Who runs it, for `subprocess`; nothing: who runs this."""
        other = self.kind == "postgres" and os.geteuid() == 0
        return {"user": DAEMON, "group": DAEMON, "extra_groups": ()} if other else {}

    @property
    def data(self) -> Path:
        """Where PostgreSQL keeps what it knows."""
        return self.folder / "data"

    @property
    def socket(self) -> Path:
        """Where it listens without a port."""
        if self.kind == "postgres":
            return self.data / ".s.PGSQL.5432"
        return self.folder / "redis.sock"

    @property
    def words(self) -> list[str]:
        """The command that runs it."""
        if self.kind == "redis":
            lies = ["--dir", str(self.folder), "--appendonly", "yes", "--daemonize", "no"]
            listens = ["--unixsocket", str(self.socket)] if not self.port else ["--bind", HOST]
            without = [word for one in REFUSED for word in ("--rename-command", one, "")]
            given = ["--port", str(self.port), *listens, *lies, *without]
            return [self._program("redis-server"), *given]
        host, place = (HOST, "") if self.port else ("", str(self.data))
        listens = ["-c", f"listen_addresses={host}", "-c", f"unix_socket_directories={place}"]
        listens += ["-c", f"hba_file={self._rules}"]
        return [self._program("postgres"), "-D", str(self.data), "-p", str(self._port), *listens]

    @property
    def _rules(self) -> Path:
        return self.folder / "pg_hba.conf"

    @property
    def _port(self) -> int:
        return self.port or 5432  # names the socket, too

    def _program(self, name: str) -> str:
        stated = self.data / "PG_VERSION"
        version = stated.read_text().strip() if stated.exists() else ""
        found = program(name, version)
        if found is None:
            raise FileNotFoundError(name)
        return found

    def prepare(self) -> None:
        """Make its folder, and what must lie in it before the first start."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.kind != "postgres":
            return
        if self.user:
            self.folder.chmod(0o711)  # that user must reach its own
        self._write(self._rules, RULES)
        if (self.data / "PG_VERSION").exists():
            return
        part, password = self.folder / "part", self.folder / "password"
        shutil.rmtree(part, ignore_errors=True)  # of one that was cut off
        part.mkdir(mode=0o700)
        self._give(part)
        self._write(password, secrets.token_urlsafe(24))
        words = ["--username", OWNER, "--pwfile", str(password), "--auth", "scram-sha-256"]
        words += ["--encoding", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run(
            [self._program("initdb"), "--pgdata", str(part), *words], check=True, text=True,
            cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **self.user,
        )  # fmt: skip
        part.rename(self.data)

    def _write(self, file: Path, text: str) -> None:
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(text)
        self._give(file)

    def _give(self, path: Path) -> None:
        if self.user:
            shutil.chown(path, DAEMON, DAEMON)

    def answers(self) -> bool:
        """Whether it does what it is asked."""
        if self.kind == "postgres":
            return self._ask("") == ""
        with suppress(OSError):
            kind = socket.AF_INET if self.port else socket.AF_UNIX
            with socket.socket(kind) as asks:
                asks.settimeout(2)
                asks.connect((HOST, self.port) if self.port else str(self.socket))
                asks.sendall(b"PING\r\n")
                return asks.recv(5) == b"+PONG"
        return False

    def have(self, database: str, owner: str) -> str:
        """Make a database and its owner where they are not there; return what went wrong."""
        return self._ask(HAVE, f"name={database}", f"owner={owner}")

    def _ask(self, script: str, *given: str) -> str:
        named = [word for one in given for word in ("-v", one)]
        where = HOST if self.port else str(self.data)
        words = [self._program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *named]
        words += ["-h", where, "-p", str(self._port), "-U", OWNER, "-d", "postgres"]
        secret = (self.folder / "password").read_text()
        keep = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        try:
            done = subprocess.run(
                words, input=script, capture_output=True, text=True, check=False, timeout=60,
                env={**keep, "PGPASSWORD": secret, "PGCONNECT_TIMEOUT": "5"},
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            return f"it did not answer in {error.timeout:.0f} s"
        return (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else ""
