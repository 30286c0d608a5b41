"""No secret in a log line, a probe or an error; all else is kept."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from morrow import Secret, Settings, Url, setting
from morrow.kit.settings.loading import masked
from morrow.kit.settings.redact import clean
from tests.unit.kit.served import run, served

LOUD = "postgresql://shop:p%40ss-of-db@db.example.com/shop?sslmode=require"
QUIET = "postgresql://shop:********@db.example.com/shop?sslmode=require"


class Shop(Settings):
    database_url: Url
    plain_url: str = "redis://:in-plain-text@cache.example.com"
    token: Secret = setting(Secret("none-given"))


def test_a_url_shows_its_password_only_when_asked() -> None:
    url = Shop.load({"DATABASE_URL": LOUD}).database_url
    shown = (url, f"{url}", "%s" % url, repr(url)[1:-1], json.loads(json.dumps([url]))[0])  # noqa: UP031
    assert set(map(str, shown)) == {QUIET}
    assert url.reveal() == LOUD
    assert (copy.deepcopy(url).reveal(), url == LOUD, url == QUIET) == (LOUD, True, False)
    with pytest.raises(TypeError):
        pickle.dumps(url)


def test_the_password_of_a_url_is_hidden_however_a_driver_shows_it() -> None:
    class Cluster(Settings):
        nodes: list[Url]

    Cluster.load(
        {"NODES": "redis://:first%40node@a.example.com,redis://:second-node@b.example.com"}
    )
    said = clean("first%40node is wrong, so are first@node and second-node")
    assert said == "******** is wrong, so are ******** and ********"


def test_a_url_without_a_password_is_plain_text() -> None:
    plain = Url("https://api.example.com/v1")
    assert plain == "https://api.example.com/v1" == plain.reveal()
    assert pickle.loads(pickle.dumps(plain)) == plain  # noqa: S301 - made above


def test_info_masks_passwords_in_urls_of_any_type() -> None:
    shown = masked(Shop.load({"DATABASE_URL": LOUD, "TOKEN": "t0ken-t0ken"}))
    assert shown == {
        "DATABASE_URL": QUIET,
        "PLAIN_URL": "redis://:********@cache.example.com",
        "TOKEN": "********",
    }


@pytest.mark.parametrize(
    ("loud", "quiet"),
    [
        ("amqp://a:b@c/d and redis://:e@f", "amqp://a:********@c/d and redis://:********@f"),
        ("password='two words' host=h", "password=******** host=h"),
        ("{'password': 'hunter2', 'user': 'u'}", "{'password': '********', 'user': 'u'}"),
        ("https://h/?api_key=abc&page=2", "https://h/?api_key=********&page=2"),
        ("a token is missing; see user@example.com", "a token is missing; see user@example.com"),
        ("secrets_revision=3 at 10:30", "secrets_revision=3 at 10:30"),
        ("http://h:8080/a@b", "http://h:8080/a@b"),
    ],
)
def test_passwords_are_known_by_their_place(loud: str, quiet: str) -> None:
    assert clean(loud).replace("='********", "=********").replace("********'  ", "") in (
        quiet,
        quiet.replace("******** host", "********' host"),
    )


BROKEN = """
import logging
logging.getLogger("shop").warning("paid", extra={"order": "A-17", "level": "gold"})
def inner():
    raise ConnectionError("cannot reach postgresql://shop:p4ssw0rd-x@db.example.com")
"""


def _module(folder: Path, text: str) -> dict[str, str]:
    (folder / "shop.py").write_text(BROKEN + text)
    return {"PYTHONPATH": f"{folder}:{Path(__file__).parents[3] / 'src'}", "PWD": str(folder)}


@pytest.mark.parametrize(
    ("text", "line"),
    [("inner()\n", 5), ("def create_app():\n    inner()\n", 5), ("import nowhere_at_all\n", 6)],
    ids=["import", "factory", "missing module"],
)
def test_an_error_has_its_file_and_line_and_no_password(
    tmp_path: Path, text: str, line: int
) -> None:
    done = run("shop:create_app", **_module(tmp_path, text))
    last = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 1
    assert f"shop.py, line {line})" in last["message"], last["message"]
    assert 'shop.py", line' in last["stack"]
    assert "p4ssw0rd-x" not in done.stdout + done.stderr
    assert "morrow/kit" not in last["stack"]


def test_a_syntax_error_has_its_file_and_line(tmp_path: Path) -> None:
    done = run("shop:app", **_module(tmp_path, "x = (\n"))
    last = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, "shop.py, line 6)" in last["message"]) == (1, True)


SERVED = """
from logging.config import dictConfig
from flask import Flask
import morrow
dictConfig({"version": 1})
app = Flask(__name__)
app.logger.setLevel("INFO")
@app.get("/raise")
def raises(): inner()
@app.get("/log")
def log():
    morrow.bind(order="A-17")
    more = {"amount": 5, "level": "gold", "odd": {(1,): 2}}
    logging.getLogger("shop.orders").warning("paid", extra=more)
    return "logged"
"""


def test_dict_config_silences_nothing_of_ours_and_extra_is_kept(tmp_path: Path) -> None:
    with served("shop:app", **_module(tmp_path, SERVED)) as shop:
        assert shop.get("/raise").status == 500
        assert shop.get("/log").text == "logged"
        (raised,) = shop.told("request", path="/raise")
        assert (raised["status"], raised["level"]) == (500, "error")
        (paid,) = shop.told("paid", amount="5")  # another came at the import
        assert (paid["order"], paid["amount"], paid["level_"]) == ("A-17", "5", "gold")
        assert paid["level"] == "warning"
        assert "p4ssw0rd-x" not in "".join(shop.lines)
    assert shop.messages("stopped")


def test_a_library_s_variable_is_no_file_of_a_setting(tmp_path: Path) -> None:
    class Tls(Settings):
        ssl_cert: str = "none"
        key: str = "none"
        key_file: str = "none"

    bundle = tmp_path / "bundle.pem"
    bundle.write_text("a bundle")
    loaded = Tls.load({"SSL_CERT_FILE": str(bundle), "KEY_FILE": str(bundle)})
    assert (loaded.ssl_cert, loaded.key, loaded.key_file) == ("none", "none", str(bundle))
