"""`init`, then `up local`, of an application that asks PostgreSQL or Redis when it starts."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from morrow.tool.init import ask, backing
from morrow.tool.init.copied import PREFIX
from morrow.tool.init.init import Found, apply
from morrow.tool.init.pointed import pointed
from morrow.tool.init.settings import Setting
from morrow.tool.init.tell import summary
from morrow.tool.programs.servers import missing
from tests.ports import free_ports
from tests.unit.frame.skips import cannot
from tests.unit.tool.command import MORROW, morrow
from tests.unit.tool.database import packages
from tests.unit.tool.test_init import fill, found, refused

pytestmark = pytest.mark.timeout(600)
APP = """
import os
from contextlib import asynccontextmanager
from fastapi import FastAPI
from psycopg import AsyncConnection
from sqlalchemy.engine import make_url

{url}

@asynccontextmanager
async def lifespan(app):
    async with await AsyncConnection.connect(url) as app.state.shelf:
        yield

app = FastAPI(lifespan=lifespan)

@app.get("/books")
async def books():
    rows = await app.state.shelf.execute("select id, tags[1] from books order by id")
    return await rows.fetchall()
"""
ADDRESS = 'url = os.environ["DATABASE_URL"]'
PARTS = """
url = "postgresql://%s:%s@%s/%s" % (os.getenv("DB_USER"), os.environ["DB_PASSWORD"],
    os.getenv("DB_HOST", "database"), os.getenv("DB_NAME"))
"""
ENV = """
import os
from alembic import context
from sqlalchemy import create_engine, pool
from main import url
engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
FIRST = """
from alembic import op
revision, down_revision = "1", None
def upgrade():
    op.execute("create extension if not exists pgcrypto")
    op.execute("create table books (id serial primary key, tags text[])")
    op.execute("insert into books (tags) values ('{one}')")
"""
CACHED = """
import os, redis
kept = redis.Redis.from_url(os.getenv("CACHE_URL", "redis://cache:6379/0"))
kept.incr("starts")

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [kept.get("starts")]
"""


def shelf(folder: Path, url: str) -> None:
    """A repository whose tables only PostgreSQL takes."""
    if missing("postgres") or not ask.alone():
        cannot("init with a PostgreSQL beside it", missing("postgres") or "no unshare", "postgres")
    programs = Path(packages()).parents[2]
    (folder / ".venv").symlink_to(programs)
    fill(folder, main_py=APP.format(url=url), requirements_txt="fastapi\npsycopg\nalembic\n")
    fill(folder, moves__env_py=ENV, moves__versions__first_py=FIRST)
    (folder / "alembic.ini").write_text(
        "[alembic]\nscript_location = moves\nprepend_sys_path = .\n"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "shelf"
    made.mkdir()
    yield made
    if (made / "environments").exists():
        morrow("down", "local", "--purge", folder=made)


def local(folder: Path) -> dict[str, object]:
    told: dict[str, object] = yaml.safe_load((folder / "environments/local.yaml").read_text())
    return told


def served(folder: Path, told: Found, path: str) -> str:
    """What it answers after `up local`, with no edit."""
    apply(told)
    http, admin = free_ports(2)
    up = morrow("up", "local", "--port", str(http), "--admin-port", str(admin), folder=folder)
    assert up.code == 0, up
    with urllib.request.urlopen(f"http://127.0.0.1:{http}{path}", timeout=20) as answer:
        text: str = answer.read().decode()
    return text


def test_what_asks_a_database_at_its_start_works_with_no_edit(folder: Path) -> None:
    shelf(folder, ADDRESS)
    (folder / ".env.example").write_text("DATABASE_URL=postgresql://clerk:clerk@db/shelf\n")
    told = found(folder)
    port = backing.ports_for("shelf", ["postgres"])["postgres"]
    assert told.application.servers == {"postgres": {"port": port, "databases": {"shelf": "clerk"}}}
    assert f"`up local` runs postgres on port {port}" in summary(told)
    assert served(folder, told, "/books") == '[[1,"one"]]'
    told_of = local(folder)
    assert told_of["config"] == {"DATABASE_URL": f"postgresql://clerk:clerk@127.0.0.1:{port}/shelf"}
    assert "processes" not in told_of, "its tables are made here: nothing is left out"
    assert "DATABASE_URL" in (folder / "environments/base.yaml").read_text()
    again = morrow("restart", "local", folder=folder)
    assert again.code == 0, again
    assert morrow("down", "local", folder=folder).code == 0


def test_what_says_no_port_gets_the_usual_one(folder: Path) -> None:
    """And the host of its compose file is this machine."""
    shelf(folder, PARTS)
    (folder / ".env.example").write_text("DB_USER=clerk\nDB_NAME=shelf\n")
    told = found(folder)
    assert told.application.servers == {"postgres": {"port": 5432, "databases": {"shelf": "clerk"}}}
    apply(told)
    assert local(folder)["config"]["DB_HOST"] == "127.0.0.1"  # type: ignore[index]
    assert 'DB_HOST: "127' not in (folder / "environments/base.yaml").read_text()


def test_without_the_programs_it_is_named_as_ever(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf(folder, ADDRESS)
    monkeypatch.setattr(backing, "missing", lambda kind: f"apt install {kind}")
    told = found(folder)
    assert told.application.fails == ["its start-up"]
    assert not told.application.servers
    assert "it needs PostgreSQL, which was not reachable (with `apt install postgres`" in (
        " ".join(summary(told).split())
    )
    monkeypatch.undo()
    (folder / ".env").write_text("DATABASE_URL=postgresql://me@127.0.0.1:9/shelf\n")
    assert not found(folder).application.servers, "its own .env says where it is"


def test_a_cache_that_its_import_asks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf(folder, ADDRESS)
    if missing("redis"):
        cannot("init with a Redis beside it", missing("redis"), "redis")
    fill(folder, main_py=CACHED, requirements_txt="redis\n")
    shutil.rmtree(folder / "moves")
    (folder / "alembic.ini").unlink()
    told = found(folder)
    port = backing.ports_for("shelf", ["redis"])["redis"]
    assert told.application.servers == {"redis": {"port": port}}
    assert served(folder, told, "/") == "1"
    assert local(folder)["config"] == {"CACHE_URL": f"redis://127.0.0.1:{port}/0"}
    assert morrow("down", "local", "--purge", folder=folder).code == 0
    shutil.rmtree(folder / "environments")
    monkeypatch.setattr(backing, "missing", lambda kind: f"apt install {kind}")
    code, said = refused(folder)
    assert (code, "apt install redis" in said) == ("init-needs-store", True)


def beside(pid: int) -> list[str]:
    """The servers that this `init` runs: each names its folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            found.append(file.read_text())
    return [one for one in found if f"{PREFIX}{pid}-" in one and "initdb" not in one]


def test_a_killed_init_leaves_no_server(folder: Path) -> None:
    shelf(folder, ADDRESS)
    told = subprocess.Popen([*MORROW, "init", "--yes"], cwd=folder, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 400
    while not any("listen_addresses" in one for one in beside(told.pid)):
        assert told.poll() is None, "the control: it runs one"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    told.kill()
    told.wait()
    while beside(told.pid):
        assert time.monotonic() < deadline, beside(told.pid)
        time.sleep(0.05)
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}{told.pid}-*"):
        shutil.rmtree(left, ignore_errors=True)  # the next `init` would, after an hour


def setting(name: str, default: str | None = None, needed: bool = False) -> Setting:
    return Setting(name, default, needed, "main.py", 1)


@pytest.mark.parametrize(
    ("name", "value", "leads"),
    [
        ("DATABASE_URL", "postgres://a:b@db/c?sslmode=require", "postgres://a:b@127.0.0.1:1/c"),
        ("DATABASE_URL", "postgresql+asyncpg://db:5432/c?ssl=on&x=1",
         "postgresql+asyncpg://postgres@127.0.0.1:1/c?x=1"),
        ("DATABASE_URL", "mysql://root@db/c", None),
        ("DATABASE_PREFIX", "postgresql+asyncpg://", None),
        ("DATABASE_URL", "postgresql:///c", "postgresql://postgres@127.0.0.1:1/c"),
        ("DATABASE_URL", "sqlite:///local.db", "postgresql://postgres@127.0.0.1:1/local"),
        ("BROKER", "redis://app:word@redis:6379/3", "redis://127.0.0.1:2/3"),
        ("REDIS_PASSWORD", "changeme", ""),
        ("REDIS_USERNAME", "app", ""),
        ("DB_PASSWORD", "changeme", None),
        ("POSTGRES_SERVER", "db", "127.0.0.1"),
        ("DB_PORT", "5432", "1"),
        ("REDIS_CACHE_PORT", "6379", "2"),
        ("MYSQL_DATABASE_HOST", "db", None),
        ("MEMCACHE_HOST", "cache", None),
        ("SMTP_HOST", "mail", None),
    ],
)  # fmt: skip
def test_where_a_setting_leads(name: str, value: str, leads: str | None) -> None:
    ports, driver = {"postgres": 1, "redis": 2}, "postgresql://postgres@127.0.0.1:5432/local"
    told = pointed({name: value}, [setting(name, needed=True)], ports, driver, {})
    assert told == ({} if leads is None else {name: leads})
