"""Real applications that nobody prepared: from packages' sources and from their own generators.

Each is a folder as its author left it, beside an environment that has its packages and no Morrow.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from morrow.tool.init.init import look
from morrow.tool.init.several import several
from tests.conformance.material import programs, sources
from tests.ports import free_ports
from tests.strangers import page
from tests.strangers.__main__ import public, state
from tests.unit.frame.skips import cannot
from tests.unit.tool.command import morrow
from tools.cache import UnavailableError

FASTAPI, FLASK = "fastapi/docs_src", "flask/examples"
# name: where it comes from, what it is, and a path of its own that answers 200.
APPLICATIONS = {
    "flaskr": (f"{FLASK}/tutorial", "flaskr:create_app()", "/hello"),
    "js_example": (f"{FLASK}/javascript", "js_example:app", "/"),
    "cors": (f"{FASTAPI}/cors", "tutorial001:app", "/"),
    "first_steps": (f"{FASTAPI}/first_steps", "tutorial001:app", "/"),
    "bigger": (f"{FASTAPI}/bigger_applications", "app.main:app", "/docs"),
    "websockets": (f"{FASTAPI}/websockets_", "tutorial001:app", "/"),
    "events": (f"{FASTAPI}/events", "tutorial001:app", "/docs"),
    "sub": (f"{FASTAPI}/sub_applications", "tutorial001:app", "/docs"),
    "settings": (f"{FASTAPI}/settings", "app01.main:app", "/docs"),
    "generated": ("django", "shop.wsgi:application", "/"),
    "generated-below": ("django below", "shop.wsgi:application", "/"),
    "template": ("django template", "shop.wsgi:application", "/"),
    "unsaid": ("django unsaid", "shop.wsgi:application", "/"),
    "hosts": ("django hosts", "shop.wsgi:application", "/admin/login/"),
    "httpbin": ("Procfile: web: gunicorn httpbin:app", "httpbin:app", "/"),
    "datasette": ("asgi.py: from datasette.app import Datasette\napp = Datasette([]).app()\n",
                  "asgi:app", "/"),
}  # fmt: skip
SERVED = ("flaskr", "bigger", "generated-below", "hosts", "httpbin")


@pytest.fixture(scope="module")
def kept() -> Path:
    try:
        bin_folder = programs()
        sources(bin_folder)
    except UnavailableError as error:
        cannot("init with applications of others", str(error))
    return bin_folder


@pytest.fixture
def stranger(request: pytest.FixtureRequest, kept: Path, tmp_path: Path) -> Iterator[Path]:
    """The folder, with the environment where every project has it."""
    kind, _, _ = APPLICATIONS[request.param]
    folder = tmp_path / request.param
    head, colon, text = kind.partition(": ")
    if colon:
        folder.mkdir()
        (folder / head).write_text(f"{text}\n")
    elif kind.startswith("django"):
        inner = folder / "backend" if kind.endswith("below") else folder
        inner.mkdir(parents=True)
        words = [str(kept / "python"), "-m", "django", "startproject", "shop", str(inner)]
        subprocess.run(words, check=True)
        if kind.endswith("unsaid"):  # whoever starts it says which settings
            (inner / "shop" / "settings").mkdir()
            (inner / "shop" / "settings.py").rename(inner / "shop" / "settings" / "base.py")
            for file in ("manage.py", "shop/wsgi.py", "shop/asgi.py"):
                text = (inner / file).read_text()
                (inner / file).write_text(re.sub(r".*DJANGO_SETTINGS_MODULE.*\n", "", text))
        if kind.endswith("hosts"):  # and with a database that is not here
            settings = inner / "shop" / "settings.py"
            (inner / "requirements.txt").write_text("django\npsycopg\n")
            said = settings.read_text().replace("DEBUG = True", "DEBUG = False")
            said += "\nALLOWED_HOSTS = ['shop.example.com']\nSECURE_SSL_REDIRECT = True\n"
            said += "DATABASES['default']['ENGINE'] = 'django.db.backends.postgresql'\n"
            settings.write_text(said)
        if kind.endswith("template"):  # as most cookiecutters lay it out
            settings = inner / "shop" / "settings.py"
            (inner / "shop" / "conf").mkdir()
            settings.rename(inner / "shop" / "conf" / "local.py")
            for file in ("manage.py", "shop/wsgi.py", "shop/asgi.py"):
                text = (inner / file).read_text()
                (inner / file).write_text(text.replace("shop.settings", "shop.conf.local"))
    else:
        shutil.copytree(kept.parent / "sources" / kind, folder)
    (folder / ".venv").symlink_to(kept.parent)
    yield folder
    if (folder / ".morrow").exists():
        morrow("down", "local", folder=folder)


def test_there_are_enough() -> None:
    assert len(APPLICATIONS) >= 12


def test_the_page_says_what_became_of_the_strangers() -> None:
    assert page.PAGE.read_text() == page.page(), "run: python -m tests.strangers.page"
    for one in json.loads(page.RESULTS.read_text()):
        if one["state"] in ("named", "raised", "fails"):
            assert one["state"] == state(one["said"]), one["name"]
        assert public(one["said"]) == one["said"], f"{one['name']}: a folder of a machine"


def test_no_folder_of_a_machine_is_kept() -> None:
    said = "cc '-I/opt/py/include/python3.11' -L/opt/py/lib /opt/py/x.c src/a/b.c returned 1"
    assert public(said) == "cc '-Ipython3.11' -Llib x.c src/a/b.c returned 1"
    said = "(more at: https://example.com/e3): needs PostgreSQL, 'https://example.com/': no"
    assert public(said) == "(more at: an address): needs PostgreSQL, 'an address': no"


@pytest.mark.parametrize("stranger", APPLICATIONS, indirect=True, ids=str)
def test_it_is_found_and_answers(stranger: Path, kept: Path) -> None:
    def choose(folders: list[str]) -> int:
        raise several(folders)

    _, target, path = APPLICATIONS[stranger.name]
    found = look(stranger, "", "", choose)
    assert Path(found.python.path).resolve() == (kept / "python").resolve()
    assert (found.application.target, found.application.path) == (target, (path, 200))


@pytest.mark.parametrize("stranger", SERVED, indirect=True, ids=str)
def test_it_is_served_with_no_edit(stranger: Path) -> None:
    assert sys.prefix not in os.environ.get("PYTHONPATH", "")
    first = morrow("init", "--yes", "--json", folder=stranger)
    assert first.code == 0, first.out
    (port,) = free_ports(1)
    up = morrow("up", "local", "--port", str(port), "--timeout", "100", "--json", folder=stranger)
    assert up.code == 0, up.out
    path = first.answer["path"]["path"]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("stranger", ["generated"], indirect=True, ids=str)
def test_what_django_itself_misses_is_named(stranger: Path) -> None:
    """Asked a second time, it only says that it was asked before."""
    with (stranger / "shop" / "settings.py").open("a") as settings:
        settings.write("INSTALLED_APPS += ['shelf_of_old']\n")
    told = morrow("init", "--json", "--dry-run", folder=stranger)
    assert told.problem["code"] == "init-not-installed"
    assert "No module named 'shelf_of_old'" in told.problem["cause"]
