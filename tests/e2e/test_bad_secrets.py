"""Bad values of secrets, given and in the store: the old ones serve, and the key is named in time.

orders, whose secret is a database's URL, before a real PostgreSQL; its secrets are in Secrets
Manager (moto's: not AWS), delivered by the real External Secrets Operator. The operator and who
types are users of moto's IAM, which refuses in the words of a stand-in (refusing_moto.py).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from morrow.tool.diagnose.probes import startup_budget
from tests.e2e import external_secrets
from tests.e2e.cluster import Cluster, needs_lab
from tests.e2e.conftest import make_namespace
from tests.e2e.killed_shop import Shop, repeated, serving
from tests.e2e.tool_project import Told
from tests.ports import free_ports

pytestmark = [
    pytest.mark.full,
    pytest.mark.timeout(900),
    pytest.mark.alone,
    needs_lab("has pods that reach a database and a moto on this machine"),
]
ENTRY = "test/bad"
URL, OTHER = "DATABASE_URL", "BROKER_PASSWORD"
CANARY = "canary-2f91-never-shown"
IN_TIME = 30.0  # seconds
GONE = "0" * 8 + "-0000-4000-8000-" + "0" * 12
READ, WRITE = "GetSecretValue", "PutSecretValue"
MAY = {
    "operator": (READ, "DescribeSecret"),
    "person": (READ, WRITE, "DescribeSecret", "UpdateSecretVersionStage"),
}


@dataclass
class Kept:
    """A service over a store, and what its tests do to both."""

    shop: Shop
    service: external_secrets.Service
    stored: int = 100
    ended: float = 0.0  # when the last command did

    @property
    def file(self) -> Path:
        return self.shop.project.folder / "environments" / "test.yaml"

    @property
    def good(self) -> dict[str, str]:
        """The values that serve."""
        assert self.shop.database is not None
        return {URL: self.shop.database.first, OTHER: "word"}

    def give(self, value: str, key: str = URL) -> Told:
        """Set a value as a person does."""
        return self._morrow("secrets", "set", "test", key, "--json", stdin=value)

    def _morrow(self, *words: str, stdin: str = "") -> Told:
        told = self.shop.project.morrow(*words, stdin=stdin)
        self.ended = time.time()
        return told

    def store(self, values: dict[str, str], version: str = "") -> Told:
        """Store a version past the tool, let the next revision name it, and bring it up."""
        if not version:
            text = json.dumps(values)
            given: dict[str, Any] = {"SecretId": ENTRY, "SecretString": text}
            made = self.service.ask("put_secret_value", **given, VersionStages=["theirs"])
            version = made["VersionId"]
        table = yaml.safe_load(self.file.read_text())
        self.stored += 1
        table["secrets"] |= {"revision": str(self.stored), "version": f"uuid/{version}"}
        before = self.file.read_bytes()
        self.shop.project.write(table)
        try:
            return self._morrow("up", "test", "--json")
        finally:
            self.file.write_bytes(before)

    def forbidden(self, user: str, action: str, done: Callable[[], Told]) -> Told:
        """Do it while that user may not do that."""
        self.service.allow(user, *(one for one in MAY[user] if one != action))
        try:
            return done()
        finally:
            self.service.allow(user, *MAY[user])

    def current(self) -> str:
        """Return which version is current."""
        stages = self.service.ask("describe_secret", SecretId=ENTRY)["VersionIdsToStages"]
        return next(str(one) for one, labels in stages.items() if "AWSCURRENT" in labels)

    def known(self, bad: Bad) -> float:
        """Return since when a fault can be known: the cluster says it, or a pod's time is over."""
        space = ("-n", self.shop.project.namespace)
        events = self.shop.project.cluster.get("events", *space)["items"]
        times = [one["lastTimestamp"] for one in events
                 if (one["involvedObject"]["kind"], one["reason"]) == bad.known]  # fmt: skip
        pod, *_ = self.shop.pods()  # on a busy node the bad one may not have left yet
        grace = startup_budget(pod["spec"]["containers"][0]) if bad.rolls else 0.0
        return datetime.fromisoformat(max(times)).timestamp() + grace


@pytest.fixture(scope="module")
def kept(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    space, folder = f"e2e-bad-secrets-{os.urandom(3).hex()}", tmp_path_factory.mktemp("bad")
    make_namespace(cluster, space)
    with ExitStack() as ends:
        ends.callback(cluster.kubectl, "delete", "namespace", space, "--wait=false")
        shop = ends.enter_context(serving("users", cluster, space, folder))
        service = ends.enter_context(external_secrets.service(folder, free_ports(1)[0]))
        ends.enter_context(external_secrets.operator(cluster, folder, service.address))
        service.ask("create_secret", Name=ENTRY, SecretString="{}")
        keys = {user: service.user(user) for user in MAY}
        for user, actions in MAY.items():
            service.allow(user, *actions)
        shop.project.make(*external_secrets.store(key=keys["operator"]))
        made = Kept(shop, service)
        own = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), keys["person"], strict=True))
        shop.project.variables |= service.variables | own
        table: dict[str, Any] = yaml.safe_load(made.file.read_text())
        revision = table["secrets"]["revision"]
        table["secrets"] = {"keys": [URL, OTHER], "revision": revision,
                            "external": {"store": "aws", "key": ENTRY}}  # fmt: skip
        table["probes"] = {"startup": {"failureThreshold": 10}}
        shop.project.write(table)
        assert made.give("word", OTHER).code == 0
        told = shop.project.morrow("secrets", "move", "test", "--to", "external")
        assert told.code == 0, told
        yield made


@dataclass(frozen=True)
class Bad:
    """What is done, and what is to be said: the code, and the words that name what is bad."""

    name: str
    done: Callable[[Kept], Told]
    code: str
    names: tuple[str, ...] = (URL,)
    known: tuple[str, str] | None = None  # by which event; None: from the start
    rolls: bool = False  # it is known only when a pod had its time to become ready


DELIVERED, REFUSED = ("ExternalSecret", "Created"), ("ExternalSecret", "UpdateFailed")
STARTED = ("Pod", "Started")
ROWS = (
    Bad("empty, given", lambda it: it.give(""), "secret-value"),
    Bad("empty, in the store", lambda it: it.store(it.good | {URL: ""}), "secret-incomplete",
        known=DELIVERED),
    Bad("wrong type, given", lambda it: it.give("no url"), "secret-refused"),
    Bad("wrong type, in the store", lambda it: it.store(it.good | {URL: "no url"}),
        "settings-refused", known=STARTED),
    Bad("wrong password of the database",
        lambda it: it.give(it.good[URL].replace("first-word", CANARY)), "never-ready",
        known=STARTED, rolls=True),
    Bad("missing property", lambda it: it.store({OTHER: "word"}), "property-missing",
        known=REFUSED),
    Bad("a version that is not there any more", lambda it: it.store({}, GONE), "entry-missing",
        names=(GONE,), known=REFUSED),
    Bad("no permission, the operator's",
        lambda it: it.forbidden("operator", READ, lambda: it.store(it.good)), "aws-denied",
        names=(f"secretsmanager:{READ}", ENTRY, "user/operator"), known=REFUSED),
    Bad("no permission to write",
        lambda it: it.forbidden("person", WRITE, lambda: it.give(it.good[URL])), "aws-denied",
        names=(f"secretsmanager:{WRITE}", ENTRY, "user/person")),
    Bad("no permission to read",
        lambda it: it.forbidden("person", READ, lambda: it.give(it.good[URL])), "aws-denied",
        names=(f"secretsmanager:{READ}", ENTRY, "user/person")),
)  # fmt: skip


@pytest.mark.parametrize("bad", ROWS, ids=lambda bad: bad.name)
def test_a_bad_value_is_named_in_time_and_the_old_one_serves(kept: Kept, bad: Bad) -> None:
    repeated(lambda: refused(kept, bad))


def refused(kept: Kept, bad: Bad) -> None:
    """Do what is bad under load; judge what was said, and that nothing changed."""
    shop = kept.shop
    shop.ready()
    before, file, current = shop.project.ready_pods(), kept.file.read_bytes(), kept.current()
    with shop.under_load():
        told = bad.done(kept)
        time.sleep(2)
    took = kept.ended - kept.known(bad) if bad.known else told.seconds
    print(f"{bad.name}: {told.seconds:.1f} s in all\n{told}")
    print(f"{took:.1f} of {IN_TIME:.0f} s after it could be known")
    assert told.code in (1, 2), told
    found = told.problem
    assert found["code"] == bad.code, told
    words = json.dumps(found if bad.rolls else {**found, "details": ""})
    assert [one for one in bad.names if one not in words] == [], told
    assert bad.names != (URL,) or OTHER not in words, "no other key is blamed"
    assert "first-word" not in str(told)
    assert CANARY not in str(told)
    assert shop.project.ready_pods() == before, "the old one serves"
    assert (kept.file.read_bytes(), kept.current()) == (file, current)
    plan = shop.project.morrow("plan", "test", "--detailed-exitcode")
    assert plan.code == 0, plan


@pytest.mark.parametrize(
    "done",
    [lambda it: it.store(it.good), lambda it: it.give(it.good[URL])],
    ids=("in the store", "given"),
)
def test_control_a_good_one_is_taken_by_the_same_way(
    kept: Kept, done: Callable[[Kept], Told]
) -> None:
    """By users who may, too."""
    before = kept.shop.project.ready_pods()
    told = done(kept)
    assert told.code == 0, told
    assert kept.shop.project.ready_pods().isdisjoint(before)
