"""The database and the cache of `target.servers`: real ones, up and down with a service."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from morrow.tool.base.project import Project
from morrow.tool.environment.load import read
from morrow.tool.init.backing import backing
from morrow.tool.programs.servers import missing
from morrow.tool.targets.process.servers import Servers
from tests.ports import free_ports
from tests.unit.frame.skips import cannot
from tests.unit.kit.processes import lives
from tests.unit.tool.command import MORROW
from tests.unit.tool.local_service import ROOT, LocalService, local_service

pytestmark = pytest.mark.timeout(600)
# It asks by its sockets alone: which packages are here is not what is tested.
APP = """
import os, socket, struct

def login(user, database, port):
    said = b"".join(word.encode() + b"\\0" for word in ("user", user, "database", database, ""))
    with socket.create_connection(("127.0.0.1", port), 5) as asks:
        asks.sendall(struct.pack("!ii", len(said) + 8, 196608) + said)
        heard = asks.makefile("rb")
        while (kind := heard.read(1)) not in b"EZ":  # an error, or ready
            heard.read(struct.unpack("!i", heard.read(4))[0] - 4)
        return kind.decode()

def app(environ, start_response):
    port = int(os.environ["PORT_OF_IT"])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [login(*environ["QUERY_STRING"].split("/"), port).encode()]
"""
PROJECT = f'[tool.morrow]\napp = "shop:app"\nsource = "source"\nchart = "{ROOT / "chart"}"\n'
LOCAL = """
name: shop
environment: local
image: {{repository: registry.example.com/shop}}
target: {{kind: {kind}, servers: {servers}}}
ports: {{http: {shop.http}, admin: {shop.admin}}}
config: {{PORT_OF_IT: "{port}"}}
processes:
  tables: {{kind: job, command: [sh, -c, "test -e {shop.folder}/broken || exit 0; exit 3"]}}
"""


class Shop(LocalService):
    """A service beside its servers."""

    def state_servers(self, port: int, kind: str = "process", **servers: dict[str, object]) -> None:
        text = LOCAL.format(shop=self, kind=kind, port=port, servers=json.dumps(servers))
        (self.folder / "environments" / "local.yaml").write_text(text)

    @property
    def servers(self) -> Servers:
        return Servers(read(Project.find(self.folder), "local"))

    def pids(self) -> dict[str, int]:
        folder = self.servers.folder
        found = {file.parent.name: int(file.read_text()) for file in folder.glob("*/pid")}
        return {kind: pid for kind, pid in found.items() if lives(pid)}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "project")
    (made.folder / "pyproject.toml").write_text(PROJECT)
    (made.folder / "source" / "shop.py").write_text(APP)
    yield made
    down = made.morrow("down", "local", "--purge")
    assert (made.pids(), made.servers.folder.exists()) == ({}, False), down


def here(kind: str) -> None:
    if missing(kind):
        cannot(f"`up local` with its {kind}", missing(kind), kind)


def login(shop: Shop, user: str, database: str) -> str:
    return shop.get(path=f"/?{user}/{database}")


def test_a_database_comes_up_before_the_tasks_and_keeps_its_data(shop: Shop) -> None:
    here("postgres")
    (port,) = free_ports(1)
    shop.state_servers(port, postgres={"port": port, "databases": {"shop": "keeper"}})
    assert shop.morrow("plan", "local", "--json").answer["servers"] == ["postgres"]
    (shop.folder / "broken").touch()
    assert shop.morrow("up", "local", "--json").problem["code"] == "job-failed"
    first = shop.pids()
    (shop.folder / "broken").unlink()
    up = shop.morrow("up", "local")
    assert up.code == 0, up
    assert (set(first), shop.pids()) == ({"postgres"}, first), "the next one finds it"
    assert login(shop, "keeper", "shop") == "Z"
    assert login(shop, "keeper", "other") == "E", "the control: who is not stated is not there"
    shop.state_servers(port, postgres={"port": port, "databases": {"other": "keeper"}})
    assert "server/postgres  ~ gets other" in shop.morrow("plan", "local").out
    assert shop.morrow("up", "local").code == 0
    assert login(shop, "keeper", "other") == "Z", "one more, in the one that runs"
    assert shop.morrow("plan", "local", "--json").answer["empty"]
    status = shop.morrow("status", "local", "--json").answer
    assert status["servers"] == first
    down = shop.morrow("down", "local")
    assert (down.code, shop.pids()) == (0, {}), down
    assert f"the data stays in {shop.servers.folder}" in down.out
    assert shop.morrow("up", "local").code == 0
    assert login(shop, "keeper", "shop") == "Z", "the data of before"
    assert shop.morrow("plan", "local", "--json").answer["empty"]


def test_nobody_who_may_log_in_is_an_administrator(shop: Shop) -> None:
    here("postgres")
    (port,) = free_ports(1)
    shop.state_servers(port, postgres={"port": port, "databases": {"postgres": "postgres"}})
    assert shop.morrow("up", "local").code == 0
    assert login(shop, "postgres", "postgres") == "Z"
    (server,) = shop.servers.wanted
    sees = "select count(*) from pg_roles where rolname = 'postgres' and not rolsuper \\gset x\n"
    assert server._ask(f"{sees}\\if :xcount\n\\else\n{'x' * 9};\n\\endif\n") == ""
    assert server._ask("no_sql;") != "", "the control"
    assert server.folder.stat().st_uid == os.geteuid(), "only its data is another user's"
    with backing(["postgres"], "shop", ()) as made:
        for one in (server, made.servers["postgres"]):  # by its port, by its socket
            assert one.answers(), "the control"
            (one.folder / "password").write_text("another")
            assert not one.answers(), "the administrator is asked for the password"


def test_a_killed_up_is_run_again(shop: Shop) -> None:
    here("postgres")
    (port,) = free_ports(1)
    shop.state_servers(port, postgres={"port": port, "databases": {"shop": "shop"}})
    for pause in (0.6, 1.2, 2.0):
        child = subprocess.Popen([*MORROW, "up", "local"], cwd=shop.folder, start_new_session=True)
        time.sleep(pause)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    up = shop.morrow("up", "local")
    assert (up.code, login(shop, "shop", "shop")) == (0, "Z"), up


def test_a_cache_comes_up_and_moves_with_its_port(shop: Shop) -> None:
    here("redis")
    one, other = free_ports(2)
    shop.state_servers(one, redis={"port": one})
    assert shop.morrow("up", "local").code == 0
    first = shop.pids()
    shop.state_servers(one, redis={"port": other})
    assert f"server/redis  ~ moves to port {other}" in shop.morrow("plan", "local").out
    assert shop.morrow("up", "local").code == 0
    assert set(shop.pids()) == {"redis"}
    assert shop.pids() != first
    (server,) = shop.servers.wanted
    assert (server.port, server.answers()) == (other, True)
    with socket.create_connection(("127.0.0.1", other), 5) as asks:
        asks.sendall(b"CONFIG GET dir\r\n")
        assert asks.recv(99).startswith(b"-ERR unknown command"), "nobody says where it writes"


def test_it_is_seen_and_ended_though_the_service_is_not_there(shop: Shop) -> None:
    here("redis")
    (port,) = free_ports(1)
    shop.state_servers(port, redis={"port": port})
    (shop.folder / "broken").touch()
    assert shop.morrow("up", "local").code != 0
    pids = shop.pids()
    status = shop.morrow("status", "local")
    assert f"redis: port {port}, pid {pids['redis']}" in status.out
    assert shop.morrow("status", "local", "--json").answer["servers"] == pids
    if os.geteuid() == 0:
        shutil.rmtree(shop.folder / ".morrow")  # as `git clean -fdx` does; the data lies elsewhere
    assert "stopped redis" in shop.morrow("down", "local", "--purge").out


def test_what_is_in_the_way_is_named(shop: Shop, tmp_path: Path) -> None:
    here("postgres")
    shop.state_servers(shop.http, postgres={"port": shop.http})
    with local_service(tmp_path / "other") as other:
        other.http = shop.http
        other.write()
        assert other.morrow("up", "local").code == 0
        told = shop.morrow("up", "local", "--port", str(free_ports(1)[0]), "--json")
        assert told.problem["code"] == "port-taken"
        assert "environments/local.yaml" in told.problem["fix"]
        checks = shop.morrow("doctor", "local", "--json").answer["checks"]
        assert [one["state"] for one in checks if one["name"] == "postgres"] == ["fail"]
    shop.state_servers(shop.http, postgres={"port": free_ports(1)[0], "databases": {"a": "a" * 64}})
    assert shop.morrow("up", "local", "--json").problem["code"] == "environment-value"


def test_a_server_that_does_not_start_says_why(shop: Shop) -> None:
    here("postgres")
    (port,) = free_ports(1)
    shop.state_servers(port, postgres={"port": port})
    assert shop.morrow("up", "local").code == 0
    assert shop.morrow("down", "local").code == 0
    (server,) = shop.servers.wanted
    with (server.data / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = on\n")
    told = shop.morrow("up", "local", "--json").problem
    assert told["code"] == "servers-failed"
    assert "no_such_setting" in " ".join(told["details"])


def test_without_the_programs_it_says_what_to_install(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from morrow.tool.programs import servers

    (port,) = free_ports(1)
    shop.state_servers(port, postgres={"port": port})
    monkeypatch.setattr(servers, "program", lambda name, version="": None)
    (wrong,) = shop.servers.lacking()
    assert (wrong.code, "install postgresql, or take target.servers.postgres out" in wrong.fix) == (
        "servers-missing", True,
    )  # fmt: skip
    (check,) = shop.servers.checks()
    assert (check.name, check.state, check.problem) == ("postgres", "fail", wrong)


def test_a_cluster_has_none(shop: Shop) -> None:
    shop.state_servers(5432, "kubernetes", postgres={"port": 5432})
    told = shop.morrow("plan", "local", "--json").problem
    assert (told["code"], told["object"]) == ("environment-value", "target.servers")
    shop.state_servers(5432)
