"""How old secrets are, what is due, and which store holds them after a move."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from morrow.tool.stores import age
from tests.unit.tool import sealing
from tests.unit.tool.local_service import LocalService, local_service

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("max_age", "due"),
    [("", []), ("90d", []), ("30d", ["OLD"]), ("719h", ["OLD"]), ("1s", ["OLD", "YOUNG"])],
)
def test_what_is_older_than_allowed_is_due(max_age: str, due: list[str]) -> None:
    ages = {"YOUNG": NOW - timedelta(hours=2), "OLD": NOW - timedelta(days=30, hours=1)}
    assert age.overdue(ages, max_age, NOW) == due


def test_what_stays_keeps_its_time() -> None:
    times = {"A": NOW, "B": NOW}
    told = json.loads(age.mark({"A": b"1", "B": b"new", "C": b"3"}, {"A": b"1", "B": b"2"}, times))
    assert told["A"] == NOW.isoformat()
    assert told["B"] > told["A"]
    assert told["B"] == told["C"]


def test_a_foreign_secret_is_as_old_as_its_last_write() -> None:
    metadata = {
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [{"time": "2026-05-01T00:00:00Z"}, {"manager": "x"}],
    }
    found = age.changed({"metadata": metadata, "data": {"A": "eA=="}})
    assert found == {"A": datetime(2026, 5, 1, tzinfo=UTC)}
    assert age.changed(None) == {}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[LocalService]:
    with local_service(tmp_path / "project") as made:
        text = made.folder.joinpath("environments", "local.yaml").read_text()
        text = text.replace("keys: [API_TOKEN]", "keys: [API_TOKEN], maxAge: 90d")
        made.folder.joinpath("environments", "local.yaml").write_text(text)
        yield made


def test_status_names_what_is_due_and_a_rotation_makes_it_young(shop: LocalService) -> None:
    assert shop.morrow("up", "local").code == 0
    told = shop.morrow("secrets", "status", "local", "--json")
    assert (told.code, told.answer["keys"][0]["age_days"]) == (0, 0), "the control"
    file = shop.state / "secrets-1" / "API_TOKEN"
    then = (datetime.now() - timedelta(days=120)).timestamp()
    os.utime(file, (then, then))
    told = shop.morrow("secrets", "status", "local")
    assert told.code == 1
    assert "older than secrets.maxAge (90d): morrow secrets rotate local API_TOKEN" in told.out
    assert all(len(line) <= 80 for line in told.out.splitlines()), told.out
    assert shop.morrow("secrets", "rotate", "local", "API_TOKEN").code == 0
    assert shop.morrow("secrets", "status", "local").code == 0


def test_a_move_keeps_the_values_and_the_service(shop: LocalService, tmp_path: Path) -> None:
    assert shop.morrow("up", "local").code == 0
    value = (shop.state / "secrets-1" / "API_TOKEN").read_text()
    who = sealing.identity(tmp_path / "me.txt")
    there = sealing.variables(who)
    file = shop.folder / "environments" / "local.yaml"
    before = file.read_bytes()
    told = shop.morrow("secrets", "move", "local", "--to", "sops", "--json", **there)
    assert (told.code, told.problem["code"]) == (2, "secrets-no-rule"), told
    assert file.read_bytes() == before, "nothing has moved"
    told = shop.morrow("secrets", "move", "local", "--to", "external", "--json")
    assert (told.code, told.problem["code"]) == (2, "provider-unsupported"), told
    assert told.problem["object"] == "--to external"
    assert told.problem["fix"] == "morrow secrets move local --to sops"
    sealing.rule(shop.folder, who.recipient)
    told = shop.morrow("secrets", "move", "local", "--to", "sops", "--json", **there)
    assert (told.code, told.answer["revision"]) == (0, "2"), told
    assert "provider: sops" in file.read_text()
    assert value not in file.with_name("local.secrets.yaml").read_text()
    assert shop.get() == "one hello"
    mark = hashlib.sha256(str(shop.folder).encode()).hexdigest()[:12]
    held = Path(f"/dev/shm/morrow-{os.getuid()}/{mark}-local/secrets-2/API_TOKEN")
    assert held.read_text() == value
    told = shop.morrow("secrets", "move", "local", "--to", "generated", "--json", **there)
    assert (told.code, told.answer["revision"]) == (0, "3"), told
    assert (shop.state / "secrets-3" / "API_TOKEN").read_text() == value
    assert shop.get() == "one hello"
