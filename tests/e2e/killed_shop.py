"""A service in the cluster whose secrets one store keeps, for what kills its rotations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab import service_image
from lab.layout import HOST
from morrow.tool.deliver.delivery import KEPT
from morrow.tool.load.load import Load
from morrow.tool.load.result import LATE, Options, Result
from tests.e2e import external_secrets, killed
from tests.e2e.cluster import ROOT, Cluster, Image, eventually
from tests.e2e.pods import ready
from tests.e2e.tool_project import Told, ToolProject
from tests.ports import free_ports
from tests.unit.tool import database as databases
from tests.unit.tool import sealing
from tests.unit.tool.database import USERS, Database

ENTRY = "test/killed"
RATE = 10  # a second
RUNS = 3  # of what is repeated where the load client got no processor


class Starved(Exception):
    """The load client itself was late: what it lost, and that it lost nothing, says nothing."""


def repeated(cell: Callable[[], None]) -> None:
    """Do it until the load client was in time; what fails for another reason has failed."""
    for run in range(1, RUNS + 1):
        try:
            return cell()
        except Starved as late:
            print(f"run {run} of at most {RUNS} counts for nothing: {late}")
    raise AssertionError(f"the load client was late in each of {RUNS} runs: nothing is known")


@dataclass
class Shop:
    """A service in the cluster whose secrets one store keeps."""

    store: str
    project: ToolProject
    host: str
    path: str = "/"
    database: Database | None = None
    service: external_secrets.Service | None = None
    steps: list[str] = field(default_factory=list)  # of the last command that was to be killed

    @contextmanager
    def under_load(self) -> Iterator[Load]:
        """Ask it all the while; each answer must be a good one."""
        cluster = self.project.cluster
        options = Options(
            f"https://{self.host}{self.path}",
            rate=RATE,
            ca_file=str(cluster.ca_file),
            connect=tuple(f"{one}:443" for one in cluster.gateway_addresses),
            status=200,
        )
        with Load(options) as load:
            yield load
        result: Result = load.result
        if result.lag > LATE:
            raise Starved(result.summary())
        assert result.requests > RATE
        assert result.failures == [], result.summary()

    def killed(self, pattern: str, when: str, *words: str, stdin: str = "") -> int:
        """Run the command until it kills itself; return its exit code."""
        log = self.project.folder / "steps"
        log.unlink(missing_ok=True)
        path = os.pathsep.join(
            [str(ROOT), *self.project.environment().get("PYTHONPATH", "").split(os.pathsep)]
        )
        told = {"KILLED_AT": pattern, "KILLED_WHEN": when, "KILLED_LOG": str(log)}
        done = subprocess.run(
            [sys.executable, "-c", killed.MAIN, *words],
            input=stdin, capture_output=True, text=True, cwd=self.project.folder, timeout=300,
            env={**self.project.environment(), **told, "PYTHONPATH": path}, check=False,
        )  # fmt: skip
        self.steps = log.read_text().splitlines() if log.exists() else []
        print(f"killed {when} {pattern}: exit {done.returncode}\n{done.stderr}")
        return done.returncode

    def converged(self, told: Told, *, rotated: bool) -> None:
        """All pods hold what the file names, and nothing of what was killed is left."""
        project = self.project
        assert told.code == 0, (self.steps, told)
        file = yaml.safe_load((project.folder / "environments" / "test.yaml").read_text())
        said = project.morrow("secrets", "status", "test", "--json")
        assert said.code == 0, (self.steps, said)
        secrets, name = file["secrets"], file["name"]
        revision = str(secrets.get("revision") or "1")
        assert said.answer["revision"] == revision
        held = "theirs" if self.store == "existing" else f"{name}-{revision}"
        assert {pod["secret"] for pod in said.answer["pods"]} == {held}
        plan = project.morrow("plan", "test", "--detailed-exitcode")
        assert plan.code == 0, (self.steps, plan)
        assert project.kubectl("get", "leases", "-o", "name") == ""
        if rotated:  # `up` writes no file
            assert not list((project.folder / "environments").glob(".*")), "no draft is left"
        if self.database is not None:
            (user,) = self.database.may_log_in()
            used = "select distinct usename from pg_stat_activity where usename like 'shop__'"
            eventually("only that user is used", lambda: self.asks(used) == [user], within=30)
        if self.service is not None and rotated:
            now = self.service.ask("describe_secret", SecretId=ENTRY)["VersionIdsToStages"]
            version = secrets["version"].removeprefix("uuid/")
            assert "AWSCURRENT" in now[version], now

    def asks(self, query: str) -> list[str]:
        assert self.database is not None
        return self.database.ask(query)

    def ready(self) -> None:
        """Have one good pod and no other, as the next cell expects it."""
        eventually("one pod", self._one, within=90, every=0.5)

    def pods(self) -> list[Any]:
        items: list[Any] = self.project.cluster.get("pods", "-n", self.project.namespace)["items"]
        return items

    def _one(self) -> bool:
        return [ready(pod) for pod in self.pods()] == [True]

    def full_history(self) -> None:
        """Have as many releases as Helm keeps: only then is an old Secret let go."""
        where = ("-n", self.project.namespace)
        helm = self.project.cluster.helm
        name = yaml.safe_load((self.project.folder / "environments/test.yaml").read_text())["name"]
        while len(known := json.loads(helm("history", name, *where, "-o", "json"))) < KEPT:
            helm("rollback", name, str(known[-1]["revision"]), *where, f"--history-max={KEPT}")


@contextmanager
def serving(store: str, cluster: Cluster, space: str, folder: Path) -> Iterator[Shop]:
    """Have it serve by that store; what it needs beside is ended with it."""
    image = _image("orders" if store == "users" else "hello")
    project = ToolProject(folder, cluster, space, image)
    made = Shop(store, project, f"{space}.{cluster.gateway_domain}")
    with ExitStack() as ends:
        _declared(made)
        begin = {"users": _users, "external": _external}.get(store, _plain)
        begin(made, folder, ends)
        told = project.morrow("up", "test")
        assert told.code == 0, told
        cluster.wait_for_route(made.host)
        yield made


def _image(which: str) -> Image:
    if which == "orders":
        return Image(service_image.ORDERS_REPOSITORY, service_image.build_orders())
    return Image(service_image.REPOSITORY, service_image.build_hello()["hello"])


def _declared(shop: Shop) -> None:
    """Let the service check its settings: that is a step."""
    app = "orders.app" if shop.store == "users" else "hello.app"
    settings = (
        "orders.settings:OrdersSettings" if shop.store == "users" else "hello.app:HelloSettings"
    )
    table = {"chart": ROOT / "chart", "source": ROOT / "apps" / app.partition(".")[0]}
    lines = [f'{key} = "{value}"' for key, value in {**table, "settings": settings}.items()]
    (shop.project.folder / "pyproject.toml").write_text("[tool.morrow]\n" + "\n".join(lines) + "\n")


def _values(shop: Shop, **more: object) -> dict[str, Any]:
    """Return the values of the service, with the drain that a load needs."""
    place, gateway = shop.project.cluster.gateway.split("/")
    route = {"mode": "gateway", "hosts": [shop.host],
             "gateway": {"name": gateway, "namespace": place}}  # fmt: skip
    values = shop.project.hello(route=route, **more)
    return {key: one for key, one in values.items() if key not in ("drain", "grace")}


def _plain(shop: Shop, folder: Path, ends: ExitStack) -> None:
    secrets: dict[str, object] = {"provider": shop.store}
    if shop.store == "sops":
        who = sealing.identity(folder / "me.txt")
        sealing.rule(folder, who.recipient)
        shop.project.variables |= sealing.variables(who)
    if shop.store == "existing":
        secrets["name"] = "theirs"
        given = [f"--from-literal={key}=first" for key in ("SECRET_KEY", "DB_PASSWORD")]
        shop.project.kubectl("create", "secret", "generic", "theirs", *given)
    shop.project.write(_values(shop, secrets=secrets))
    if shop.store == "sops":
        assert shop.project.morrow("secrets", "set", "test", "DB_PASSWORD", stdin="first").code == 0


def _external(shop: Shop, folder: Path, ends: ExitStack) -> None:
    """moto's Secrets Manager (not AWS), and the real operator that delivers from it."""
    shop.service = ends.enter_context(external_secrets.service(folder, free_ports(1)[0]))
    ends.enter_context(
        external_secrets.operator(shop.project.cluster, folder, shop.service.address)
    )
    shop.project.variables |= shop.service.variables
    shop.project.make(*external_secrets.store())
    text = json.dumps({"SECRET_KEY": "first", "DB_PASSWORD": "first"})
    shop.service.ask("create_secret", Name=ENTRY, SecretString=text)
    more = {"provider": "external", "revision": "1", "external": {"store": "aws", "key": ENTRY}}
    shop.project.write(_values(shop, secrets=more))


def _users(shop: Shop, folder: Path, ends: ExitStack) -> None:
    """Debian's PostgreSQL on this machine, two users that take turns, and orders before it."""
    shop.database = database = ends.enter_context(databases.database(HOST))
    path = os.pathsep.join((str(ROOT / "src"), database.packages, str(ROOT / "apps/orders")))
    broker = "redis://127.0.0.1:9/0"
    given = {"DATABASE_URL": database.first, "BROKER_URL": broker, "PYTHONPATH": path}
    words = ["-m", "alembic", "-c", str(ROOT / "apps/orders/orders/alembic.ini"), "upgrade", "head"]
    subprocess.run([sys.executable, *words], env=os.environ | given, check=True, cwd="/")
    database.ask("insert into orders (item, quantity) values ('tea', 1)")
    shop.path = "/orders?count=1"
    shop.project.variables |= {"MORROW_POSTGRES_ADMIN": database.keeper, "PYTHONPATH": path}
    rotation = {"kind": "postgres-alternating", "key": "DATABASE_URL", "users": [*USERS]}
    values = _values(shop)
    values |= {
        "secrets": {"keys": ["DATABASE_URL"], "rotation": rotation},
        "config": {"BROKER_URL": broker, "DATABASE_RENEWAL": "5"},
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
    }
    shop.project.write(values)
    told = shop.project.morrow("secrets", "set", "test", "DATABASE_URL", stdin=database.first)
    assert told.code == 0, told
