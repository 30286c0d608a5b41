"""What an application is imported with: what the code needs, then what the examples say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from morrow.tool.init.init import apply
from tests.unit.tool.test_init import WSGI, fill, found, refused


def test_what_the_example_says_is_taken_when_nothing_else_works(tmp_path: Path) -> None:
    """It stands for this machine only: it is what developers copy."""
    needs = "import os\nassert os.environ.get('STAGE', 'production') == 'try'\n"
    fill(tmp_path, wsgi_py=f"{needs}{WSGI}")
    (tmp_path / ".env.example").write_text("STAGE=try\n")
    told = found(tmp_path)
    assert told.application.path == ("/", 200)
    apply(told)
    files = {one: yaml.safe_load((tmp_path / f"environments/{one}.yaml").read_text())
             for one in ("base", "local")}  # fmt: skip
    assert files["local"]["config"] == {"STAGE": "try"}
    assert not files["base"]["config"]
    assert '#  STAGE: "try"  # ' in (tmp_path / "environments/base.yaml").read_text()


def test_a_store_that_nothing_asks_for_is_not_named(tmp_path: Path) -> None:
    """With an address of a cache that is not here, its pages would fail."""
    page = WSGI.replace("start_response(", "assert not cache\n    start_response(", 1)
    fill(tmp_path, wsgi_py=f"import os\ncache = os.environ.get('REDIS_URL')\n{page}")
    told = found(tmp_path)
    assert told.application.path == ("/", 200)
    assert told.layers.keys == ()


def test_a_file_of_tortoise_s_is_in_this_folder(tmp_path: Path) -> None:
    """To it, `sqlite:///local.db` is a file at the root of this machine."""
    fill(tmp_path, wsgi_py=f"import os\nos.environ['DATABASE_URL']\n{WSGI}")
    assert found(tmp_path).application.given == {"DATABASE_URL": "sqlite:///local.db"}
    (tmp_path / "requirements.txt").write_text("tortoise-orm\n")
    assert found(tmp_path).application.given == {"DATABASE_URL": "sqlite://local.db"}


def test_the_better_answer_wins(tmp_path: Path) -> None:
    """An application that loads and fails is asked again, as the example would have it."""
    wants = "assert os.environ.get('MODE') == 'easy'\n    start_response("
    page = WSGI.replace("start_response(", wants, 1)
    fill(tmp_path, wsgi_py=f"import os\n{page}")
    (tmp_path / ".env.example").write_text("MODE=easy\n")
    assert found(tmp_path).application.path == ("/", 200)
    (tmp_path / ".env.example").unlink()
    assert found(tmp_path).application.path == ("/", 0), "the control"


@pytest.mark.parametrize("says", ["pyproject.toml", ".python-version"])
def test_a_python_that_is_older_than_asked_is_named(tmp_path: Path, says: str) -> None:
    fill(tmp_path, wsgi_py=f"import not_before_long\n{WSGI}")
    text = "3.99\n" if says == ".python-version" else '[project]\nrequires-python = "==3.99.0"\n'
    (tmp_path / says).write_text(text)
    assert "asks for Python 3.99" in refused(tmp_path)[1]


FLASK = """
class Rule:
    methods, subdomain = {"GET"}, ""
    def __init__(self, text): self.text = text
    def __str__(self): return self.text
class Map:
    def __init__(self): self.rules = [Rule("/static/<path:filename>")]
    def iter_rules(self): return iter(self.rules)
class Flask:
    def __init__(self, name): self.url_map = Map()
    def __call__(self, environ, start_response):
        start_response("200 OK", [])
        return [b"here"]
"""


def test_an_application_without_routes_is_not_the_one(tmp_path: Path) -> None:
    """Its routes are added by the script that starts it: serving it would answer 404 for ever."""
    fill(tmp_path, flask_py=FLASK, app_py="from flask import Flask\napp = Flask(__name__)\n")
    code, said = refused(tmp_path)
    assert (code, "app has no route yet" in said) == ("init-no-application", True)
    more = "from flask import Rule\nfrom app import app\napp.url_map.rules.append(Rule('/'))\n"
    fill(tmp_path, main_py=more)
    assert found(tmp_path).application.target == "main:app", "the control"


def test_what_only_lives_in_a_request_is_not_looked_into(tmp_path: Path) -> None:
    proxy = "class LocalProxy:\n    def __getattribute__(self, name): raise RuntimeError(name)\n"
    fill(tmp_path, main_py=f"{proxy}request = LocalProxy()\n{WSGI}")
    assert found(tmp_path).application.target == "main:application"


def test_no_settings_of_ours_lie_where_an_application_may_look(tmp_path: Path) -> None:
    """A library takes a settings.py beside the program that was started for the project's."""
    looks = "import os, __main__ as m\nhere = os.listdir(os.path.dirname(m.__file__))"
    fill(tmp_path, wsgi_py=f"{looks}\nassert 'settings.py' not in here\n{WSGI}")
    assert found(tmp_path).application.target == "wsgi:application"


def test_a_secret_in_the_code_is_named_by_its_place_alone(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py="SECRET_KEY = 'hunter2-hunter2'\nURL = 'redis://u:hunter2@h/0'" + WSGI)
    told = found(tmp_path)
    assert told.exposed == ("SECRET_KEY at wsgi.py:1", "URL at wsgi.py:2")
    assert "hunter2" not in str(told.as_json())
    assert all("hunter2" not in one.text for one in told.drafts)


def test_it_is_imported_with_the_arguments_that_it_is_served_with(tmp_path: Path) -> None:
    """Settings look into sys.argv, to tell a server from a command of manage.py."""
    fill(
        tmp_path, manage_py="", wsgi_py=f"import sys\nassert sys.argv[1] != 'collectstatic'\n{WSGI}"
    )
    assert found(tmp_path).application.target == "wsgi:application"


def test_a_secret_that_is_read_without_a_default_is_given(tmp_path: Path) -> None:
    """Its import works without; each page fails."""
    page = WSGI.replace("start_response(", "assert key\n    start_response(", 1)
    fill(tmp_path, wsgi_py=f"import os\nkey = os.getenv('SECRET_KEY')\n{page}")
    told = found(tmp_path)
    assert told.application.path == ("/", 200)
    assert told.layers.keys == ("SECRET_KEY",)


def test_what_it_said_before_it_ended_is_told(tmp_path: Path) -> None:
    text = "import sys\nprint('the licence is missing')\nsys.exit(1)\napp = Flask(__name__)"
    fill(tmp_path, app_py=text)
    assert "SystemExit at app.py:3: 1: the licence is missing" in refused(tmp_path)[1]


def test_a_secret_of_the_projects_own_name_is_given(tmp_path: Path) -> None:
    """Named in a table of settings, it is read without a default; each page needs it."""
    page = WSGI.replace("start_response(", "assert key\n    start_response(", 1)
    reads = "import os\ndef told(environ_name): return os.environ.get(environ_name)\n"
    shop, other = tmp_path / "my-shop", tmp_path / "other"
    for folder in (shop, other):
        fill(folder, wsgi_py=f"{reads}key = told(environ_name='SHOP_SECRET')\n{page}")
    assert found(shop).layers.keys == ("SHOP_SECRET",)
    assert found(other).application.path == ("/", 0), "the control: it may be of another service"


def test_a_guess_that_was_no_help_is_not_in_what_is_said(tmp_path: Path) -> None:
    reads = "import os\nname = os.environ.get('SHOP_CONFIGURATION', 'shop')\n"
    fill(tmp_path, wsgi_py=f"{reads}raise ValueError(name + ' not found: SHOP_CONFIGURATION')\n")
    assert "ValueError at wsgi.py:3: shop not found" in refused(tmp_path)[1]


def test_what_a_request_says_is_no_setting_and_is_said(tmp_path: Path) -> None:
    reads = "assert environ['REMOTE_ADDR'] == '127.0.0.1' and not environ['QUERY_STRING']"
    fill(tmp_path, wsgi_py=WSGI.replace("start_response(", f"{reads}\n    start_response(", 1))
    told = found(tmp_path)
    assert (told.application.path, told.settings) == (("/", 200), ())


def test_a_part_of_a_repository_says_itself_what_it_needs(tmp_path: Path) -> None:
    stated = '[project]\nname = "back"\nversion = "1"\ndependencies = ["psycopg[binary]>=3"]\n'
    fill(tmp_path, backend__app_py=WSGI + "\nimport os\nos.getenv('DBHOST', 'localhost')\n")
    assert found(tmp_path).stores == (), "the control: nothing names it"
    (tmp_path / "backend/pyproject.toml").write_text(stated)
    (store,) = found(tmp_path).stores
    assert (store.kind, store.settings) == ("PostgreSQL", ("DBHOST",))
    (tmp_path / "backend/app.py").write_text(
        f"{WSGI}\nimport os\nos.getenv('DB_ECHO')\n"
        "os.getenv('DB_NAME')\nos.getenv('DATABASE_URL')\n"
    )
    assert found(tmp_path).stores[0].settings == ("DATABASE_URL", "DB_NAME"), "where it is"


def test_an_extra_names_a_store(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py=WSGI, requirements_txt="quart-db[postgresql] >= 0.7\ncelery[redis]\n")
    assert [one.kind for one in found(tmp_path).stores] == ["PostgreSQL", "Redis"]
    said = '[tool.poetry.dependencies]\nquart-db = {version = "*", extras = ["postgresql"]}\n'
    fill(tmp_path, requirements_txt="")
    (tmp_path / "pyproject.toml").write_text(said)
    assert [one.kind for one in found(tmp_path).stores] == ["PostgreSQL"]
    (tmp_path / "pyproject.toml").write_text('[tool.poetry]\ndependencies = ["flask"]\n')
    fill(tmp_path, requirements_txt="quart-db >= 0.7\ncelery\n")
    assert found(tmp_path).stores == (), "the control"


def test_only_what_the_service_itself_decides_is_drawn_at_random(tmp_path: Path) -> None:
    """A value at random for a store's password would lock it out where the code's own is right."""
    reads = {"JWT_SECRET": "change-me", "SECRET_KEY": "", "SQL_PASSWORD": "x", "DB_PASSWORD": "x",
             "GITHUB_CLIENT_SECRET": "none", "PAYMENT_SECRET": "", "ENCRYPTION_KEY": "",
             "TEST_SECRET": "change-me", "SLACK_SIGNING_SECRET": "", "GOOGLE_SECRET": "none",
             "SIGN_IN_SECRET": "change-me", "TOKEN_VALID_IN_MS": "9"}  # fmt: skip
    lines = "".join(f"os.getenv({name!r}, {value!r})\n" for name, value in reads.items())
    fill(tmp_path, wsgi_py=f"import os\n{lines}{WSGI}")
    told = found(tmp_path)
    assert told.layers.keys == ("JWT_SECRET", "SECRET_KEY", "SIGN_IN_SECRET")
    apply(told)
    base = (tmp_path / "environments/base.yaml").read_text()
    assert re.findall(r"(\w+): .*a secret: list it", base) == [
        "DB_PASSWORD", "ENCRYPTION_KEY", "GITHUB_CLIENT_SECRET", "GOOGLE_SECRET",
        "PAYMENT_SECRET", "SLACK_SIGNING_SECRET", "SQL_PASSWORD",
    ]  # fmt: skip


def test_a_manage_py_is_not_always_django_s(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py=WSGI, manage_py="import runpy\nrunpy.run_module('shop')\n",
         shop__settings_py="DEBUG = True\n")  # fmt: skip
    told = found(tmp_path, "wsgi:application")
    assert told.application.framework == "builtins"
    assert found(tmp_path).application.candidate.django == ""


def test_an_address_is_never_drawn_at_random(tmp_path: Path) -> None:
    """A service that reports its errors refuses a DSN that is none."""
    asks = "import os\nassert '://' in os.environ['ERRORS_DSN']\nos.environ['API_TOKEN']\n"
    fill(tmp_path, wsgi_py=asks + WSGI)
    told = found(tmp_path)
    assert told.application.path == ("/", 200)
    assert told.layers.keys == ("API_TOKEN", "ERRORS_DSN")
    assert told.layers.stores == ("ERRORS_DSN",), "who goes on must set it"
    local = yaml.safe_load(told.layers.files["local"])
    assert "://" in local["config"]["ERRORS_DSN"]
    assert local["secrets"]["keys"] == ["API_TOKEN"], "the control: a token may be random here"


def test_a_release_line_of_a_procfile_is_the_one_migration(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py=WSGI, Procfile="release: alembic upgrade head\n",
         requirements_txt="alembic\n")  # fmt: skip
    (tmp_path / "alembic.ini").write_text("[alembic]\n")
    assert [one.name for one in found(tmp_path).beside] == ["release"]
    (tmp_path / "Procfile").write_text("release: python warm.py\n")
    assert [one.name for one in found(tmp_path).beside] == ["release", "migrate"], "the control"
