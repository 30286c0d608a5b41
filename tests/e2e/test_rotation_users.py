"""The proof for a database's password: two users of PostgreSQL take turns, under full pools.

The service is orders, the server is Debian's on this machine; its log and data are the test's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import orders
from tests.e2e.cluster import Cluster, eventually, needs_lab
from tests.e2e.conftest import proving
from tests.e2e.pods import names
from tests.e2e.rig import FOLDER, NOTHING, Rig
from tests.e2e.tool_project import ToolProject
from tests.unit.tool.database import ROOT, USERS, Database

pytestmark = [
    pytest.mark.proof,
    pytest.mark.timeout(1200),
    needs_lab("has pods that reach a database on this machine"),
]
POOL = 2  # connections of each pod
PODS = 2


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[Database]:
    """A server where the pods reach it, with one order in it."""
    del cluster
    with orders.database() as made:
        yield made


@pytest.fixture(scope="module")
def rig(cluster: Cluster, database: Database, request: pytest.FixtureRequest) -> Iterator[Rig]:
    """The load's side; the release is named as the rig names it, and its image is orders."""
    images = {"orders": orders.image()}
    with proving("users", cluster, images, request, FOLDER / "users") as rig:
        rig.path, rig.text = "/orders?count=1", "tea"
        yield rig


@pytest.fixture(scope="module")
def project(rig: Rig, database: Database, tmp_path_factory: pytest.TempPathFactory) -> ToolProject:
    """orders in the cluster, with the first user."""
    folder: Path = tmp_path_factory.mktemp("users")
    made = ToolProject(folder, rig.cluster, rig.namespace, rig.images["orders"])
    made.variables |= {
        "MORROW_POSTGRES_ADMIN": database.keeper,
        "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), database.packages)),
    }
    place, gateway = rig.cluster.gateway.split("/")
    rotation = {"kind": "postgres-alternating", "key": "DATABASE_URL", "users": [*USERS]}
    values = made.base() | {
        "name": "hello",
        "replicas": PODS,
        "config": {
            "BROKER_URL": orders.NOWHERE,
            "MORROW_CONCURRENCY": str(5 * POOL),
            "DATABASE_RENEWAL": "5",
        },
        "secrets": {"keys": ["DATABASE_URL"], "rotation": rotation},
        "route": {
            "mode": "gateway",
            "hosts": [rig.host],
            "gateway": {"name": gateway, "namespace": place},
        },
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
    }
    usual = {key: one for key, one in values.items() if key not in ("drain", "grace", "rollout")}
    made.write(usual)
    told = made.morrow("secrets", "set", "test", "DATABASE_URL", stdin=database.first)
    assert told.code == 0, told
    told = made.morrow("up", "test")
    assert told.code == 0, told
    rig.cluster.wait_for_route(rig.host)
    return made


@pytest.mark.parametrize("user", [USERS[1], pytest.param(USERS[0], marks=pytest.mark.full)])
def test_no_request_is_lost_while_the_users_take_turns(
    rig: Rig, project: ToolProject, database: Database, user: str
) -> None:
    before = names(rig.pods())
    with rig.under_load(f"secrets: alternating users, to {user}", NOTHING) as run:
        eventually("the pools are full", lambda: sessions(database) == PODS * POOL, within=60)
        run.mark("rotate")
        told = project.morrow("secrets", "rotate", "test", "--json")
        run.settle()
    assert told.code == 0, told
    assert len(told.answer["pods"]) == PODS
    assert database.may_log_in() == [user]
    used = "select distinct usename from pg_stat_activity where usename like 'shop__'"
    assert database.ask(used) == [user], "no session of the other is left"
    assert not before & names(rig.pods()), "every pod is a new one"
    rig.nothing_lost()


def test_control_one_user_whose_password_changes_at_once(
    rig: Rig, project: ToolProject, database: Database
) -> None:
    """What everybody does first: change the password, then tell the service."""
    (user,) = database.may_log_in()
    with rig.under_load("control: one user, its password changed at once", "requests are lost"):
        database.ask(f"alter role {user} password 'changed'")
        value = database.first.replace("shop_a:first-word", f"{user}:changed")
        project.morrow("secrets", "set", "test", "DATABASE_URL", stdin=value)
    lost = len(rig.chapters[-1].result.failures)
    rig.judge(lost > 0, f"{lost} lost")


def sessions(database: Database) -> int:
    """How many connections the pools hold."""
    (count,) = database.ask("select count(*) from pg_stat_activity where usename like 'shop__'")
    return int(count)
