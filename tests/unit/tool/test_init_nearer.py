"""What is tried where nothing answers 200 yet, and what is said of the one that came nearest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from morrow.tool.init.answer import Application
from morrow.tool.init.django import settings_here
from morrow.tool.init.guess import guess
from morrow.tool.init.init import apply
from morrow.tool.init.places import Candidate
from morrow.tool.init.script import tabled
from morrow.tool.init.settings import Setting
from morrow.tool.init.tell import summary
from tests.unit.tool.test_init import WSGI, fill, found, refused


def test_what_is_read_without_a_default_and_used_is_given(tmp_path: Path) -> None:
    asks = "import os\nlife = int(os.getenv({})) + len(os.environ.get('SHELF_NAME'))\n"
    fill(tmp_path, wsgi_py=asks.format("'SHELF_LIFE'") + WSGI)
    told = found(tmp_path)
    assert told.application.path == ("/", 200)
    assert told.application.given == {"SHELF_LIFE": "30", "SHELF_NAME": "local"}
    fill(tmp_path, wsgi_py=asks.format("'SHELF_' + 'LIFE'") + WSGI)
    assert "TypeError" in refused(tmp_path)[1], "the control: nobody can tell its name"


def test_what_is_read_without_a_default_and_not_used_is_not_given(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py=f"import os\nos.getenv('SHELF_LIFE')\n{WSGI}")
    assert found(tmp_path).application.given == {}


STORES = """
import os
def application(environ, start_response):
    int(os.getenv("SHELF_PORT") or "none")
    raise ConnectionRefusedError("no shelf")
"""


def test_the_one_that_came_to_its_store_says_what_is_missing(tmp_path: Path) -> None:
    """Not the one that stopped before it, for want of what the example says."""
    fill(tmp_path, wsgi_py=STORES)
    (tmp_path / ".env.example").write_text("SHELF_PORT=5432\n")
    assert "ConnectionRefusedError" in found(tmp_path).application.trouble
    (tmp_path / ".env.example").write_text("SHELF_PORT=large\n")
    assert "invalid literal for int" in found(tmp_path).application.trouble, "the control"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("401 No", "no path answers a GET with 200: / answers 401 and asks for a login"),
        ("404 No", "no path answers a GET with 200: / answers 404"),
        ("503 No", "no path answers a GET with 200: / answers 503"),
        ("200 OK", ""),
    ],
)
def test_an_application_whose_pages_are_closed_says_so(
    tmp_path: Path, status: str, said: str
) -> None:
    fill(tmp_path, wsgi_py=WSGI.replace("200 OK", status))
    told = found(tmp_path, "wsgi:application")
    assert told.application.trouble == said
    assert ("closed" in summary(told)) == bool(said)
    assert "fails" not in summary(told)


TABLES = """
class Tables:
    made = False
    def create_all(self):
        assert active
        Tables.made = True
active = []
class Context:
    def __enter__(self): active.append(1)
    def __exit__(self, *_): active.clear()
class Flask:
    def __init__(self): self.extensions = {"sqlalchemy": HELD}
    def app_context(self): return Context()
    def __call__(self, environ, start_response):
        if not Tables.made:
            raise OSError("no such table: shelf")
        start_response("200 OK", [])
        return [b"here"]
app = Flask()
"""


@pytest.mark.parametrize("held", ["Tables()", "type('State', (), {'db': Tables()})()", "None"])
def test_tables_that_nothing_makes_are_made(tmp_path: Path, held: str) -> None:
    """As a person would: `db.create_all()` once, where there is no migration."""
    fill(tmp_path, shop_py=TABLES.replace("HELD", held))
    told = found(tmp_path)
    if held == "None":
        assert "no such table" in told.application.trouble, "the control"
        return
    assert (told.application.target, told.application.path) == (
        "morrow_app:application",
        ("/", 200),
    )
    apply(told)
    made = (tmp_path / "morrow_app.py").read_text()
    assert "from shop import app\n" in made
    assert made.endswith("create_all()\n")


def test_tables_of_what_a_module_of_ours_serves_are_made_in_it(tmp_path: Path) -> None:
    """Else it would import itself."""
    fill(tmp_path, shop_py=TABLES.replace("HELD", "Tables()"))
    own = "from shop import app\n\napplication = app\n"
    ours = Candidate("", "morrow_app", "application", "why", 50, script=own)
    app = Application(ours, "morrow_app:application", "wsgi", "flask", (), (), {},
                      tables='extensions["sqlalchemy"]')  # fmt: skip
    made = tabled(app, own)
    (tmp_path / "morrow_app.py").write_text(made.script)
    asks = "import shop, morrow_app; print(shop.Tables.made, morrow_app.application is shop.app)"
    said = subprocess.run([sys.executable, "-c", asks], cwd=tmp_path, capture_output=True,
                          text=True, check=True).stdout  # fmt: skip
    assert said.split() == ["True", "True"]
    assert made.target == "morrow_app:application"


SCRIPT = """
import sys
from shop.start import main
if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
"""
START = """
from . import create_app
def main():
    app = create_app()
    from .pages import add
    from . import watch, holder
    watch.start()
    add(app)
    done = holder.start()
"""
MAKES = """
class Held:
    def start(self): print("started")
watch = holder = Held()
class Flask:
    pages = ()
    def __call__(self, environ, start_response):
        start_response("200 OK" if self.pages else "404 No", [])
        return [b"here"]
def create_app(): return Flask()
"""


def test_a_server_that_holds_its_application_is_left_out(tmp_path: Path) -> None:
    """The script calls another file's function, which adds the pages before it starts."""
    fill(tmp_path, serve_py=SCRIPT, shop__start_py=START)
    fill(tmp_path, shop__pages_py="def add(app): app.pages = ('/',)\n")
    (tmp_path / "shop" / "__init__.py").write_text(MAKES)
    told = found(tmp_path)
    assert (told.application.target, told.application.path) == (
        "morrow_app:application",
        ("/", 200),
    )
    apply(told)
    made = (tmp_path / "morrow_app.py").read_text()
    assert "from shop.pages import add" in made
    assert "watch.start()" in made
    assert "holder.start()" not in made


@pytest.mark.parametrize("own", ["", "VERSION = '1.2.3'\n"])
@pytest.mark.parametrize("version", [(3, 2), (4, 2), (5, 2)])
def test_files_are_stored_on_this_machine(
    tmp_path: Path, version: tuple[int, int], own: str
) -> None:
    """Django before 4.2 has one way to say it, later ones another, and no one takes both."""
    fill(tmp_path, django_py=f"VERSION = {version}\n")
    fill(tmp_path, shop_py=own + ("STATICFILES_STORAGE = 'bucket'\n" if version < (4, 2) else
         "STORAGES = {'staticfiles': 'bucket', 'mail': 'own'}\n"))  # fmt: skip
    (tmp_path / "here.py").write_text(settings_here("shop", set(), stored=True))
    asks = "import here; print(sorted(vars(here)), getattr(here, 'STORAGES', ''))"
    said = subprocess.run([sys.executable, "-c", asks], cwd=tmp_path, capture_output=True,
                          text=True, check=True).stdout  # fmt: skip
    assert ("'STATICFILES_STORAGE'" in said) == (version < (4, 2))
    assert "StaticFilesStorage" in said
    assert ("'mail': 'own'" in said) == (version >= (4, 2))
    assert "STORAGES" not in settings_here("shop", set()), "the control: nothing says where"


@pytest.mark.parametrize(
    ("name", "port"),
    [
        ("POSTGRES_PORT", "5432"), ("DB_PORT", "5432"), ("PGPORT", "5432"),
        ("MYSQL_DB_PORT", "3306"),
        ("SHOP_REDIS_PORT", "6379"), ("MAIL_PORT", "587"), ("SERVER_PORT", "8000"),
        ("EXPORT", "30"), ("SUPPORT", "30"),
    ],
)  # fmt: skip
def test_a_port_is_the_one_where_it_listens(name: str, port: str) -> None:
    assert guess(name, {name: Setting(name, None, True, "a.py", 1, kind="int")}) == port


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bool", "false"), ("list[int]", "[]"), ("Optional[bool]", "false"), ("dict", "{}"),
        ("", "8000"), ("str", "8000"), ("int | None", "8000"), ("Optional[int]", "8000"),
        ("pydantic.PositiveInt", "8000"), ("float", "8000"),
    ],
)  # fmt: skip
def test_a_switch_or_a_list_of_that_name_is_no_port(kind: str, value: str) -> None:
    known = {"EXPOSE_PORT": Setting("EXPOSE_PORT", None, True, "a.py", 1, kind=kind)}
    assert guess("EXPOSE_PORT", known) == value
