"""A project whose Python is newer than the tool's, or whose code is of another time."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.init.files import Repository
from morrow.tool.init.settings import settings_of
from morrow.tool.init.syntax import newer
from morrow.tool.programs.python import Interpreter
from tests.unit.frame import pythons
from tests.unit.frame.skips import cannot
from tests.unit.tool.test_init import WSGI, fill, found, refused

NEWER = """\
type Text = str | bytes
class Settings[T](BaseSettings):
    size: int = Field(...)
    name: str = "x"
def words[T: str](one: T) -> T:
    return f"{one["a"]}{b"x"!r:>3}"
"""


@pytest.fixture
def python() -> Path:
    """The newest Python here, newer than the one that runs this."""
    if sys.version_info >= (3, 12):
        pytest.skip("this Python reads it itself")
    here = (pythons.interpreter(version) for version in ("3.14", "3.13", "3.12"))
    newest = next(filter(None, here), None)
    if newest is None:
        cannot("syntax that is newer than the tool's Python", "no newer interpreter here")
    return newest


def test_the_project_s_own_python_reads_what_ours_cannot(tmp_path: Path, python: Path) -> None:
    with pytest.raises(SyntaxError):
        ast.parse(NEWER)
    fill(tmp_path, settings_py=NEWER, two_py="print 'two'\n")
    repository = Repository.read(tmp_path)
    assert list(repository.trees) == [], "the control: without its interpreter"
    repository = Repository.read(tmp_path)
    repository.newer = lambda texts: newer(Interpreter(str(python), (3, 99), ""), texts)
    assert [(one.name, one.needed) for one in settings_of(repository, "")] == [
        ("NAME", False), ("SIZE", True),
    ]  # fmt: skip
    assert [one.lineno for one in repository.trees["settings.py"].body] == [1, 2, 5]
    assert ast.unparse(repository.trees["settings.py"].body[0]) == "Text = str | bytes"
    assert [one.partition(" ")[0] for one in repository.unread] == ["two.py:1"]


def test_init_finds_settings_in_newer_syntax(tmp_path: Path, python: Path) -> None:
    subprocess.run([python, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    read = "import os\ndef words[T](one: T) -> T:\n    return one\nos.environ['SHOP_NAME']\n"
    fill(tmp_path, wsgi_py=f"{read}{WSGI}")
    told = found(tmp_path)
    assert (told.unread, [one.at for one in told.settings]) == ((), ["wsgi.py:4"])


def test_a_package_at_the_root_itself_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("app = Flask(__name__)\n")
    assert refused(tmp_path)[0] == "init-no-application"
    fill(tmp_path, wsgi_py=WSGI)
    assert found(tmp_path).application.target == "wsgi:application", "the control"


def test_a_template_of_projects_is_named_as_one(tmp_path: Path) -> None:
    fill(tmp_path, README="# {{ cookiecutter.name }}")
    inner = tmp_path / "{{ cookiecutter.slug }}"
    fill(inner, app_py="import {{ cookiecutter.slug }}\napp = Flask(__name__)\n")
    code, said = refused(tmp_path)
    assert code == "init-no-application"
    assert "it is a template, as {{ cookiecutter.slug }}/app.py shows" in said
    inner.rename(tmp_path / "shop")
    assert "template" not in refused(tmp_path)[1], "the control"


def test_a_skeleton_beside_an_application_makes_it_no_template(tmp_path: Path) -> None:
    """What asks for a login answers no page with 200, and is an application all the same."""
    fill(tmp_path, app_py=WSGI.replace("200 OK", "401 No"))
    fill(tmp_path / "skeleton" / "{{cookiecutter.slug}}", x_py="x = 1\n")
    assert found(tmp_path).application.path == ("/", 401)
    fill(tmp_path, app_py="import no_such\napp = Flask()\n")
    assert "it is a template" in refused(tmp_path)[1], "the control: there is none"
    with pytest.raises(Failure, match="No module named 'no_such'"):
        found(tmp_path, "app:app")
    named = tmp_path / "of django"
    text = "x = '{{ project_name }}'\n" + WSGI.replace("200 OK", "401 No")
    fill(named, wsgi_py=text)
    assert "it is a template" in refused(named)[1], "the control: its own file is one"
