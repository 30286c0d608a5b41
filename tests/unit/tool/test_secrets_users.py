"""Two users of a real PostgreSQL take turns, and a service with a full pool never notices."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.ports import free_port
from tests.unit.tool import database as databases
from tests.unit.tool.command import MAIN
from tests.unit.tool.database import Database, Shop, asking

pytestmark = pytest.mark.timeout(600)
ROTATE = ("secrets", "rotate", "local")
IMPATIENT = "import morrow.tool.secrets.alternating as a; a.PATIENCE = -50; " + MAIN


@pytest.fixture
def database() -> Iterator[Database]:
    with databases.database() as made:
        yield made


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    with databases.shop(tmp_path, database) as made:
        yield made


@pytest.mark.parametrize("provider", ["generated", pytest.param("sops", marks=pytest.mark.full)])
def test_they_take_turns_and_no_request_is_lost(
    database: Database, tmp_path: Path, provider: str
) -> None:
    with databases.shop(tmp_path, database, provider) as shop, asking(shop) as asked:
        first = shop.morrow(*ROTATE, "DATABASE_URL", "--show-commands")
        assert first.code == 0, first
        assert (shop.get(), database.may_log_in()) == ("shop_b", ["shop_b"])
        second = shop.morrow(*ROTATE, "--json")
        assert second.code == 0, second
        assert (shop.get(), database.may_log_in()) == ("shop_a", ["shop_a"])
        environ = Path(f"/proc/{shop.processes()[0]}/environ").read_bytes()
    assert asked.lost == []
    assert {*asked.users} == {"shop_a", "shop_b"}
    assert len(asked.users) > 100
    assert database.ask("select count(*) from pg_authid where rolname = 'shop_b'"
                        " and rolpassword is null") == ["1"]  # fmt: skip
    values = [found[1] for one in tmp_path.rglob("DATABASE_URL")
              if (found := re.search("//shop_.:(.*)@", one.read_text()))]  # fmt: skip
    held = Path(re.search(rb"MORROW_SECRETS_DIR=([^\0]+)", environ)[1].decode())  # type: ignore[index]
    assert provider == "sops" or len(values) == 3, held
    said = first.out + first.err + second.out + second.err
    log = database.log.read_text()
    assert log.count('alter role "') == 4, "two let in, two shut out"
    assert 'alter role "shop_b" login password \'SCRAM-SHA-256$' in log
    for word in [*values, "keeper-word"]:
        for shape in (word, base64.b64encode(word.encode()).decode(), quote(word)):
            assert shape not in said
            assert shape not in log.replace("password 'keeper-word'", "").replace(
                "'first-word'", ""
            )
            assert shape.encode() not in environ
    assert "'keeper-word'" in log, "the control: what is sent in clear text is in its log"


def test_one_user_whose_password_changes_at_once_loses(database: Database, shop: Shop) -> None:
    """The control: the same load and pool see it when it is done wrongly."""
    with asking(shop) as asked:
        database.ask("alter role shop_a password 'changed'")
        value = database.first.replace("first-word", "changed")
        told = shop.morrow("secrets", "set", "local", "DATABASE_URL", stdin=value)
        assert told.code == 0, told
    assert asked.lost


def test_a_fault_changes_nothing_and_says_what_is_wrong(database: Database, shop: Shop) -> None:
    before = shop.settings.read_bytes()
    elsewhere = f"postgresql://keeper:keeper-word@127.0.0.1:{free_port()}/postgres"
    wrong = database.keeper.replace("keeper-word", "not-the-word")
    powerless = database.first
    for login, code, object_, cause in (
        (wrong, "database-login", "MORROW_POSTGRES_ADMIN", "password authentication failed"),
        (elsewhere, "database-login", "MORROW_POSTGRES_ADMIN", "refused"),
        ("postgresql://keeper:100%-word@x", "database-login", "MORROW_POSTGRES_ADMIN", "read it"),
        ("postgresql://keeper:10@-word@x", "database-login", "MORROW_POSTGRES_ADMIN", "read it"),
        ("postgresql://keeper:10/-word@x", "database-login", "MORROW_POSTGRES_ADMIN", "read it"),
        (powerless, "database-denied", "MORROW_POSTGRES_ADMIN", "permission denied"),
        ("", "database-admin", "MORROW_POSTGRES_ADMIN", "not set"),
    ):
        shop.administrator = login
        told = shop.morrow(*ROTATE, "--json")
        found = told.problem
        assert (found["code"], found["object"]) == (code, object_), told
        assert cause in found["cause"], told
        assert "word@" not in told.out + told.err
        assert "-word" not in told.out + told.err
    shop.administrator = database.keeper
    database.ask("alter role shop_b connection limit 0")
    told = shop.morrow(*ROTATE, "--json")
    assert (told.problem["code"], told.problem["object"]) == ("database-user-refused", "shop_b")
    assert "too many connections" in told.problem["cause"], told
    assert database.may_log_in() == ["shop_a"], "it is shut out again"
    database.ask("alter role shop_b rename to nobody")
    told = shop.morrow(*ROTATE, "--json")
    assert (told.code, told.problem["code"], told.problem["object"]) == (
        2, "database-user-missing", "shop_b",
    )  # fmt: skip
    assert shop.settings.read_bytes() == before
    assert shop.get() == "shop_a"
    database.ask("alter role nobody rename to shop_b")
    database.ask("alter role shop_b connection limit -1")
    told = shop.morrow(*ROTATE)
    assert (told.code, shop.get()) == (0, "shop_b"), told


def test_a_value_that_names_another_user_is_refused(database: Database, shop: Shop) -> None:
    text = shop.settings.read_text()
    shop.settings.write_text(text.replace("users: [shop_a", "users: [shop_c"))
    told = shop.morrow(*ROTATE, "--json")
    assert (told.code, told.problem["code"]) == (2, "database-value"), told
    assert "names shop_a, and secrets.rotation.users are shop_c and" in told.problem["cause"]
    shop.settings.write_text(text.replace("key: DATABASE_URL", "key: OTHER_URL"))
    told = shop.morrow(*ROTATE, "--json")
    assert (told.code, told.problem["code"]) == (2, "secret-unknown"), told
    assert database.may_log_in() == ["shop_a"]


def test_a_user_that_is_still_in_use_is_not_shut_out(database: Database, shop: Shop) -> None:
    """Somebody else holds a session of the first user: it may go on until that is over."""
    with database.session(database.first):
        told = shop.morrow(*ROTATE, "--json", main=IMPATIENT)
        assert (told.code, told.problem["code"]) == (1, "database-user-busy"), told
        assert told.problem["cause"].startswith("1 sessions are its own")
        assert (shop.get(), database.may_log_in()) == ("shop_b", ["shop_a", "shop_b"])
    told = shop.morrow(*ROTATE)
    assert told.code == 0, told
    assert "shop_a may log in: a rotation was begun" in told.err
    assert (shop.get(), database.may_log_in()) == ("shop_a", ["shop_a"])


def test_without_the_extra_it_says_what_to_install(shop: Shop) -> None:
    hidden = "import sys; sys.modules['psycopg'] = None; "
    told = shop.morrow(*ROTATE, "--json", main=hidden + MAIN)
    assert told.problem["code"] == "extra-missing"
    assert "morrow[postgres]" in told.problem["fix"]
