"""No value of a real .env is in what `init` says of an application that failed with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.init import ask
from morrow.tool.init.called import call_wsgi, heard, shown
from morrow.tool.init.files import Repository
from morrow.tool.init.hidden import files, held, hidden
from morrow.tool.init.tell import summary
from tests.unit.frame.skips import cannot
from tests.unit.tool.command import morrow
from tests.unit.tool.test_init import WSGI, found
from tests.unit.tool.test_init_dotenv import READS_ITS_OWN

LINK, KEY = "postgres://shop:hunter2secret@db/x", "tok-4711-canary"
# A password may be a word, and its name may not say what it is.
DOTENV = f"DATABASE_URL={LINK}\nAPI_TOKEN={KEY}\nSHOP_MODE=production\nMAGIC=swordfish\n"
SAYS = (
    "'Could not reach %(DATABASE_URL)s with token %(API_TOKEN)s as %(SHOP_MODE)s %(MAGIC)s'"
    " % os.environ"
)
MODES = "MODES = ('trial', 'production')\n"
PAGE = f"""    start_response("500 Internal Server Error", [])
    return [({SAYS}).encode()]
"""
LONG = PAGE.replace(f"[({SAYS}", f"[('x' * 145 + ' ' + os.environ['API_TOKEN'] + {SAYS}")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    if not ask.alone():
        cannot("a .env that is read", "there is no unshare here, or it may not", "unshare")
    (tmp_path / ".env").write_text(DOTENV)
    return tmp_path


def page(folder: Path, body: str) -> None:
    begins = WSGI.partition("    start_response(")[0]
    (folder / "wsgi.py").write_text(f"{MODES}{READS_ITS_OWN}{begins}{body}")


@pytest.mark.parametrize("body", [PAGE, f"    raise LookupError({SAYS})\n"])
def test_what_a_page_says_of_its_dot_env_is_not_repeated(shop: Path, body: str) -> None:
    page(shop, body)
    told = found(shop)
    said = told.application.trouble + summary(told)
    assert "with token ... as production ..." in said, "the control: the rest is there"
    assert "hunter2" not in said
    assert "4711" not in said
    assert "swordfish" not in said
    assert not [one.path for one in told.drafts if "swordfish" in one.text]


def test_what_the_command_prints_has_none_either(shop: Path) -> None:
    page(shop, PAGE)
    told = morrow("init", "--json", "--dry-run", folder=shop)
    assert "Could not reach" in told.answer["trouble"], "the control"
    assert "hunter2" not in json.dumps(told.answer)
    assert "4711" not in json.dumps(told.answer)
    assert "swordfish" not in json.dumps(told.answer)


def test_it_is_hidden_before_it_is_cut(shop: Path) -> None:
    page(shop, LONG)
    trouble = found(shop).application.trouble
    assert "xxx ...Could" in trouble
    assert "tok" not in trouble


@pytest.mark.parametrize(
    "fails",
    [
        f"raise LookupError({SAYS})",
        f"print({SAYS}, flush=True); raise SystemExit(3)",
        f"print({SAYS}, flush=True); os._exit(3)",
    ],
)
def test_what_an_import_says_has_none(shop: Path, fails: str) -> None:
    (shop / "wsgi.py").write_text(f"{READS_ITS_OWN}\n{fails}\n{WSGI}")
    with pytest.raises(Failure) as failure:
        found(shop)
    said = str(vars(failure.value.problems[0]))
    assert "Could not reach" in said, "the control"
    assert "hunter2" not in said
    assert "4711" not in said
    assert "swordfish" not in said


def test_a_route_that_is_a_secret_is_not_told(shop: Path) -> None:
    """A bot's token is a path where its provider calls it."""
    (shop / "wsgi.py").write_text(
        f"{READS_ITS_OWN}\nclass Rule:\n    methods = subdomain = None\n"
        "    def __init__(self, rule): self.rule = rule\n    def __str__(self): return self.rule\n"
        "class Flask:\n    class url_map:\n        iter_rules = lambda: [Rule('/shelf'), "
        "Rule('/' + os.environ['API_TOKEN'])]\n    def __call__(self, environ, start_response):\n"
        "        start_response('200 OK', [])\n        return [b'here']\n"
        "Flask.__module__ = 'flask.app'\napp = Flask()\n"
    )
    told = found(shop).application
    assert "/shelf" in told.routes, "the control"
    assert not [one for one in told.routes if KEY in one]


@pytest.mark.parametrize(
    ("line", "said", "left"),
    [
        ("LINK=db://me:p%40ss-w@h/1", "no p@ss-w and no p%40ss-w", "no ... and no ..."),
        ("MAGIC='two words' # ours", "no two words", "no ..."),
        ('PEM="--- BEGIN\\nabc-def\\n---"', "at abc-def", "at ..."),
        ('PEM="--- BEGIN\nabc-def\n---"', "at --- BEGIN abc-def ---", "at ..."),
        ("export API_KEY = swordfish", "no swordfish", "no ..."),
        ("MODE=trial\nPORT=8000\nON=True", "trial 8000 True", "trial 8000 True"),
        ("MODE=swordfish\nPORT=4711\nAT=/v1/api", "swordfish 4711 /v1/api", "... ... /v1/api"),
        ("MODE=config.own\nLIKE=config.lost", "config.own config.lost", "config.own ..."),
        ("MODE=Trials\nPORT=800", "Trials 800", "... 800"),
        ("A=abc", "abc", "abc"),
        ("", "at db://me:any-thing@h/1", "at db://me:...@h/1"),
    ],
)
def test_each_form_of_a_value_is_hidden(tmp_path: Path, line: str, said: str, left: str) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / ".env").write_text(f"{line}\n")
    (tmp_path / "config" / "own.py").write_text(MODES)
    (tmp_path / ".env.example").write_text("PORT=8000\n")
    (tmp_path / "words.txt").write_text("swordfish\n")
    assert files(tmp_path) == [tmp_path / "config" / ".env"], "an example is in Git"
    assert hidden(said, held(files(tmp_path), Repository.read(tmp_path))) == left


def test_a_body_of_text_is_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    for body, said in (("a fault of text", ""), (b"a fault of bytes", "a fault of bytes")):
        monkeypatch.setattr(heard, "page", b"")

        def answers(_: object, start: object, part: object = body) -> list[object]:
            start("500 Internal Server Error", [])  # type: ignore[operator]
            return [part]

        assert call_wsgi(answers, "/", []) == 500
        assert shown() == said
