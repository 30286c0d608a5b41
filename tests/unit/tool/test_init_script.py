"""Scripts that start a server of their own, and others that no import shows whole."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from morrow.tool.init import ask
from morrow.tool.init.files import Repository
from morrow.tool.init.find import Search
from morrow.tool.init.init import apply
from morrow.tool.init.script import started
from morrow.tool.init.settings import settings_of
from morrow.tool.programs.python import ASK, discover
from tests.unit.tool.test_init import WSGI, choose, fill, found, refused
from tests.unit.tool.test_init_ways import FLASK

SCRIPT = """
tables = []
def application(environ, start_response):
    start_response("200 OK" if tables else "500 No", [("Content-Type", "text/plain")])
    return [b"here"]
if __name__ == "__main__":
    from wsgiref.simple_server import make_server
    tables.append("made")
    make_server("", 8000, application).serve_forever()
"""


def test_what_a_script_does_before_it_serves_is_done(tmp_path: Path) -> None:
    fill(tmp_path, shop_py=SCRIPT)
    told = found(tmp_path)
    assert (told.application.target, told.application.path) == (
        "morrow_app:application",
        ("/", 200),
    )
    apply(told)
    assert (
        "tables.append('made')\napplication = application"
        in (tmp_path / "morrow_app.py").read_text()
    )
    assert found(tmp_path).drafts == ()
    fill(tmp_path / "other", shop_py=SCRIPT.replace('    tables.append("made")\n', ""))
    assert found(tmp_path / "other").application.target == "shop:application", "the control"


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("make('dev').run(debug=True)", "application = make('dev')"),
        ("app = make()\n    uvicorn.run(app, port=1)", "application = app"),
        ("uvicorn.run(make, factory=True)", "application = make()"),
        ("app = make()\n    serve(app, port=1)", "application = app"),
        ("app = make()\n    socketio.run(app)", "application = app"),
        ("app = make()\n    server = WSGIServer(('', 1), app)\n    server.serve_forever()",
         "application = app"),
        ("with app.app_context():\n        db.create_all()\n    app.run()", "application = app"),
        ("start()", "application = make('dev')"),
        ("bottle.run(host='0')", "application = default_app()"),
        ("app.run()", ""),  # an import of it does as much
        ("uvicorn.run('shop:app')", ""),
        ("asyncio.run(make())", ""),
        ("print('no server')", ""),
    ],
)  # fmt: skip
def test_the_application_of_a_script_is_what_it_serves(text: str, last: str) -> None:
    top = (
        "import bottle, db, uvicorn\ndef make(name=''): ...\ndef start():\n    make('dev').run()\n"
    )
    made = started("shop", ast.parse(f'{top}app = 1\nif __name__ == "__main__":\n    {text}\n'))
    assert made.strip().rpartition("\n")[2] == last


def test_a_server_and_arguments_at_its_import_are_not_in_the_way(tmp_path: Path) -> None:
    parses = (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--port')\np.parse_args()\n"
    )
    runs = "from flask import Flask\napp = Flask(__name__)\napp.get('/')(lambda: 'x')\n"
    fill(tmp_path, app_py=f"{parses}{runs}app.run(port=1)\n")
    assert found(tmp_path).application.path == ("/", 200)


@pytest.mark.parametrize(("more", "seen"), [({}, "[]"), ({"manage_py": ""}, "['shop:app']")])
def test_what_serves_it_is_started_with_is_not_its_own(
    tmp_path: Path, more: dict[str, str], seen: str
) -> None:
    """But for Django, whose settings tell a server from a command by it."""
    fill(tmp_path, shop_py="import sys\nraise RuntimeError(sys.argv[1:])\n", **more)
    words = [sys.executable, "-m", "morrow", "shop:app"]
    alone = {**os.environ, "MORROW_PORT": "0", "MORROW_ADMIN_PORT": "0"}
    done = subprocess.run(
        words, cwd=tmp_path, check=False, capture_output=True, text=True, env=alone
    )
    said = done.stdout + done.stderr
    assert f"RuntimeError: {seen}" in said, said


def test_an_application_that_an_object_holds_is_found(tmp_path: Path) -> None:
    holds = """
from flask import Flask, Rule
class Shop:
    def __init__(self):
        self.app = Flask("shop")
        self.app.url_map.rules.append(Rule("/"))
shop = Shop()
"""
    fill(tmp_path, flask_py=FLASK, main_py=holds)
    assert found(tmp_path).application.target == "main:shop.app"


def test_who_imports_it_and_adds_its_routes_is_asked(tmp_path: Path) -> None:
    pages = "from flask import Rule\nfrom . import app\napp.url_map.rules.append(Rule('/'))\n"
    fill(tmp_path, flask_py=FLASK, shop__pages_py=pages, shop__web_py="from . import app, pages\n")
    made = "from flask import Flask\napp = Flask(__name__)\n"
    (tmp_path / "shop" / "__init__.py").write_text(made)
    assert found(tmp_path).application.path == ("/", 200)


def test_a_path_is_found_where_it_is_started_from_elsewhere(tmp_path: Path) -> None:
    fill(tmp_path, src__shop__web_py=WSGI)
    (tmp_path / "Dockerfile").write_text("WORKDIR /src\nENV FLASK_APP=shop/web.py\n")
    assert "Dockerfile says shop/web.py" in found(tmp_path).application.candidate.why


def test_a_module_that_hangs_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "SECONDS", 1.0)
    fill(tmp_path, app_py="import time\ntime.sleep(60)\napp = Flask(__name__)\n")
    search = Search(Repository.read(tmp_path), discover(tmp_path))
    with pytest.raises(Exception, match="did not end"):
        search.run("", choose)
    assert len(search.refusals) == 1


def test_what_is_asked_late_gets_less_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a large repository on a busy machine takes a minute more for each try."""
    python = discover(tmp_path)
    monkeypatch.setattr(ask, "busy", lambda: 1.0)
    for ago, seconds in ((0.0, 60.0), (130.0, 20.0), (900.0, 18.0)):
        asker = ask.Asker(tmp_path, python, str, {}, began=time.monotonic() - ago)
        assert asker.seconds == pytest.approx(seconds, abs=1)


def test_settings_within_settings_and_casts_are_read(tmp_path: Path) -> None:
    text = """
class Db(BaseModel):
    host: str
    port: int
class Mine(BaseSettings):
    db: Db
    model_config = dict(env_nested_delimiter="__")
LIMIT = config("LIMIT", cast=int)
"""
    fill(tmp_path, main_py=text)
    known = {one.name: one.kind for one in settings_of(Repository.read(tmp_path), "")}
    assert known == {"DB__HOST": "str", "DB__PORT": "int", "LIMIT": "int"}


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        ("Db(url='sqlite:///x.db', own=Own(name='a'))", []),
        ("Db(**HELD)", []),
        ("Db()", ["DB__OWN__NAME", "DB__URL"]),
        ("Db(url='sqlite:///x.db')", ["DB__OWN__NAME"]),
    ],
)
def test_a_model_that_is_made_within_has_what_it_is_given(
    tmp_path: Path, given: str, needed: list[str]
) -> None:
    text = f"class Own:\n    name: str\nclass Db:\n    url: str\n    own: Own\nclass Mine(\
BaseSettings):\n    db: Db = {given}\n    model_config = dict(env_nested_delimiter='__')\n"
    fill(tmp_path, main_py=text)
    told = settings_of(Repository.read(tmp_path), "")
    assert [one.name for one in told if one.needed] == needed
    if "sqlite" in given:
        assert {one.name: one.default for one in told}["DB__URL"] == "sqlite:///x.db"


@pytest.mark.parametrize("default", ["", " = {}()"])
def test_models_that_hold_each_other_end(tmp_path: Path, default: str) -> None:
    text = f"class A:\n    b: B{default.format('B')}\nclass B:\n    a: A{default.format('A')}\n"
    text += (
        "class Mine(BaseSettings):\n    a: A\n    model_config = dict(env_nested_delimiter='__')\n"
    )
    fill(tmp_path, main_py=text)
    assert [one.name for one in settings_of(Repository.read(tmp_path), "")] == ["A__B__A"]


@pytest.mark.parametrize(("version", "serves"), [("2.8.7", True), ("2.5.0", False)])
def test_a_server_of_another_version_is_not_taken(
    tmp_path: Path, version: str, serves: bool
) -> None:
    """A project may have a Granian of its own; the kit needs the one that it knows."""
    (tmp_path / f"granian-{version}.dist-info").mkdir()
    stated = f"Metadata-Version: 2.1\nName: granian\nVersion: {version}\n"
    (tmp_path / f"granian-{version}.dist-info" / "METADATA").write_text(stated)
    before = {**os.environ, "PYTHONPATH": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", ASK], env=before, capture_output=True, check=True)
    assert json.loads(said.stdout)[2] is serves


def test_an_example_that_says_nothing_is_no_value(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("MAIL_USER= # none is needed here\nMAIL_HOST=a # b\n")
    told = {one.name: one.example for one in settings_of(Repository.read(tmp_path), "")}
    assert told == {"MAIL_USER": "", "MAIL_HOST": "a"}


def test_a_server_of_its_own_is_said_to_be_one(tmp_path: Path) -> None:
    fill(tmp_path, aiohttp_py="class Application: pass\n",
         main_py="from aiohttp import Application\napp = Application()\n")  # fmt: skip
    code, said = refused(tmp_path)
    assert (code, "a server of its own (aiohttp)" in said) == ("init-no-application", True)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("Procfile", "web: gunicorn \"shop:create_app('easy')\"\n"),
        (".flaskenv", "FLASK_APP=shop:create_app('easy')\n"),
        ("gunicorn.conf.py", 'wsgi_app = "shop:Easy()"\n'),
    ],
)
def test_a_factory_is_called_as_the_project_calls_it(tmp_path: Path, file: str, text: str) -> None:
    makes = "def create_app(way):\n    return {'easy': application}[way]\n"
    makes += "class Easy:\n    def __call__(self, environ, start_response):\n"
    fill(tmp_path, shop_py=f"{WSGI}{makes}        return application(environ, start_response)\n")
    assert refused(tmp_path)[0] == "init-no-application", "the control"
    (tmp_path / file).write_text(text)
    told = found(tmp_path)
    assert file in told.application.candidate.why
    assert told.application.path == ("/", 200)
    apply(told)
    assert found(tmp_path).drafts == ()


def test_a_second_application_is_named(tmp_path: Path) -> None:
    page = "from flask import Flask\napp = Flask(__name__)\napp.get('/')(lambda: 'x')\n"
    fill(tmp_path, app_py=page)
    assert found(tmp_path).others == (), "the control"
    fill(tmp_path, shop_py=page)
    assert found(tmp_path).others == ("shop:app (shop.py:2 makes Flask)",)
