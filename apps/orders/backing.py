"""PostgreSQL and Redis of Debian's packages, run on this machine, on loopback unless asked."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from morrow.tool.programs.servers import program as found_here

DAEMON = "postgres"
"""PostgreSQL refuses to be root's: then it is this user's, whom Debian's package makes."""


class MissingError(Exception):
    """A program that this machine has not; the message says how to get it."""


def program(*names: str, package: str) -> str:
    """Return the first of these programs that is here."""
    if found := found_here(names[0]):
        return found
    raise MissingError(
        f"there is no {' or '.join(names)} on this machine: apt install {package}, or set "
        "DATABASE_URL and BROKER_URL to servers of yours"
    )


@contextmanager
def postgres(folder: Path, port: int, host: str = "127.0.0.1") -> Iterator[str]:
    """Run a database whose data stays in the folder; yield its URL.

    On another host than loopback whoever reaches it is asked for a password as well.
    """
    initdb, server = (
        program("initdb", package="postgresql"),
        program("postgres", package="postgresql"),
    )
    user = DAEMON if os.geteuid() == 0 else None
    data, password = folder / "postgres", folder / "postgres.password"
    folder.mkdir(parents=True, exist_ok=True)
    if user is not None:
        folder.chmod(0o711)
        shutil.chown(folder, user)
    if not (data / "PG_VERSION").exists():
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        if user is not None:
            shutil.chown(password, user)
        words = ["--username", "orders", "--auth", "scram-sha-256", "--pwfile", str(password)]
        subprocess.run(
            [initdb, "--pgdata", str(data), *words, "--no-sync"],
            check=True, user=user, cwd="/", stdout=subprocess.DEVNULL,
        )  # fmt: skip
    if host != "127.0.0.1":
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 0.0.0.0/0 scram-sha-256\n")
    words = ["-D", str(data), "-p", str(port), "-h", host, "-k", str(folder)]
    with (folder / "postgres.log").open("wb") as log:
        process = subprocess.Popen(
            [server, *words], user=user, cwd="/", stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(process, port, folder / "postgres.log", host)
        yield f"postgresql://orders:{password.read_text()}@{host}:{port}/postgres"
    finally:
        process.send_signal(2)  # its fast shutdown: connections are ended, nothing is lost
        process.wait()


@contextmanager
def redis(folder: Path, port: int) -> Iterator[str]:
    """Run a broker; yield its URL."""
    server = program("redis-server", "valkey-server", package="redis-server")
    folder.mkdir(parents=True, exist_ok=True)
    words = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--appendonly",
        "yes",
    ]
    with (folder / "redis.log").open("wb") as log:
        process = subprocess.Popen([server, *words], stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(process, port, folder / "redis.log")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path, host: str = "127.0.0.1") -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise MissingError(f"{log.stem} did not start: {log.read_text()[-300:]}")
