"""What goes wrong when an application starts or answers: named, and mended where it can be."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.init.failed import line, package
from morrow.tool.init.guess import driver_url
from morrow.tool.init.hidden import hidden
from morrow.tool.init.init import look
from morrow.tool.init.nothing import GONE
from morrow.tool.init.tell import summary
from tests.unit.tool.test_init import WSGI, choose, fill, found, refused
from tests.unit.tool.test_init_kinds import ASYNC


@pytest.mark.parametrize("page", [WSGI, ASYNC])
def test_what_a_page_raised_is_named(tmp_path: Path, page: str) -> None:
    for start in ("    start_response(", "    assert scope"):
        page = page.replace(start, f"    raise LookupError('no shelf')\n{start}", 1)
    fill(tmp_path, app_py=page + ("" if page.startswith("\ndef") else "app = FastAPI()\n"))
    told = found(tmp_path)
    assert "fails here: LookupError at app.py:3: no shelf" in told.application.trouble
    assert "not reachable" not in summary(told)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    os.environ.get('X').split()\n", "fails here: AttributeError at app.py:3: 'NoneType'"),
        ("    int(os.environ.get('X'))\n", "fails here: TypeError at app.py:3: int()"),
        ("    x = 1\n    return environ + x\n", "fails here: TypeError at app.py:4: unsupported"),
        ("    return environ + start_response\n", ""),
        ("    return environ.shelf\n", ""),
        ("    return\n", ""),
    ],
)
def test_a_page_that_raises_is_told_from_a_function_of_other_arguments(
    tmp_path: Path, body: str, said: str
) -> None:
    page = WSGI.lstrip().replace("    start_response(", f"{body}    start_response(", 1)
    fill(tmp_path, app_py=f"import os\n{page}")
    if said:
        assert said in found(tmp_path).application.trouble
    else:
        assert "application takes two arguments, and is no application" in refused(tmp_path)[1]


def test_a_start_up_that_fails_says_why(tmp_path: Path) -> None:
    """Also where a framework puts it into a group, as those do that start tasks."""
    group = "ExceptionGroup('several', [OSError('no route to the store')])"
    starts = f"    if scope['type'] == 'lifespan':\n        raise {group}\n    assert scope"
    fill(tmp_path, app_py=ASYNC.replace("    assert scope", starts, 1) + "app = FastAPI()\n")
    told = found(tmp_path)
    trouble = told.application.trouble
    assert trouble == "its start-up fails here: OSError at app.py:4: no route to the store"


STARTS = """
import os
class FastAPI:
    async def __call__(self, scope, receive, send):
        given = os.environ.get("SHELF_ENDPOINT", "")
        if scope["type"] == "lifespan" and not given.endswith(WANTED):
            raise LookupError("SHELF_ENDPOINT is required")
        if scope["type"] == "lifespan":
            return await send({"type": "lifespan.startup.complete"})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})
app = FastAPI()
"""


@pytest.mark.parametrize(
    ("end", "example"), [(":9", ""), ("shelf.example.com", "shelf.example.com")]
)
def test_what_a_start_up_misses_is_given(tmp_path: Path, end: str, example: str) -> None:
    """Though a page would answer: no server serves what does not start."""
    fill(tmp_path, app_py=STARTS.replace("WANTED", repr(end)))
    if example:
        (tmp_path / ".env.example").write_text(f"SHELF_ENDPOINT=http://{example}\n")
    told = found(tmp_path).application
    assert (told.path, told.trouble) == (("/", 200), "")
    assert told.given["SHELF_ENDPOINT"].endswith(end)
    fill(tmp_path, app_py=STARTS.replace("WANTED", "'nowhere'"))
    told = found(tmp_path).application
    assert "SHELF_ENDPOINT is required" in told.trouble, "the control"
    assert "SHELF_ENDPOINT" not in told.given, "what was guessed was no help"


def test_an_import_that_fails_gives_the_command_to_try(tmp_path: Path) -> None:
    fill(tmp_path, src__app_py=f"raise SystemExit('set it first')\n{WSGI}")
    code, said = refused(tmp_path)
    assert code == "init-import"
    assert re.search(r"`cd src && \S+ -c 'import app'` works", said)
    assert "set it first |" in said
    other = tmp_path / "two words"
    fill(other, **{"my src__app_py": f"raise SystemExit('set it first')\n{WSGI}"})
    assert "`cd 'my src' && " in refused(other)[1]


def test_a_shells_secrets_are_not_in_what_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --network, the application has them, and tells what it was given."""
    given = {"API_TOKEN": "hunter2-token", "DATABASE_URL": "db://me:hunter2-word@shelf/one",
             "PLACE": "shelf-7"}  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    at = "os.environ"
    says = f"{at}['PLACE'], {at}['API_TOKEN'], {at}['DATABASE_URL'], 'hunter2-word', 'x' * 400"
    for starts in ("", "    "):
        fails = f"{starts}raise LookupError({says}, {at}['API_TOKEN'])\n"
        page = fails + WSGI if not starts else WSGI.replace("    start", f"{fails}    start", 1)
        fill(tmp_path, wsgi_py=f"import os\n{page}")
        if starts:
            told = look(tmp_path, "", "", choose, network=True).application.trouble
        else:
            with pytest.raises(Failure) as failure:
                look(tmp_path, "", "", choose, network=True)
            told = str(failure.value.problems[0])
        assert "LookupError at wsgi.py" in told
        assert "shelf-7" in told, "the control: what is no secret helps"
        assert "hunter2" not in told
    shortened = "a bad one [type=x, input_value='hunt...ken', input_type=str]"  # as pydantic does
    assert "ken" not in hidden(shortened, ["hunter2-token"])


def test_what_has_exceptions_and_is_no_group_is_told() -> None:
    class OddError(Exception):
        exceptions = 3

    assert line(OddError("no shelf"), "/") == "OddError: no shelf"
    assert line(ExceptionGroup("two", [OddError("no shelf")]), "/") == "OddError: no shelf"


def test_a_number_is_no_secret_and_a_model_beside_states_fields(tmp_path: Path) -> None:
    """`PASSWORD_CHECKS: int` would be given a random text, and not load."""
    fields = "    PASSWORD_CHECKS: int\n    PASSWORD_STRICT: bool = True\n    PASSWORD: str\n"
    text = f"class BaseSettings: pass\nclass Shelf:\n{fields}"
    text += "class Read(BaseSettings, Shelf):\n    config = dict(env_prefix='SHELF_')\n"
    fill(tmp_path, wsgi_py=f"{text}import os\nint(os.environ['SHELF_PASSWORD_CHECKS'])\n{WSGI}")
    told = found(tmp_path)
    assert told.application.path == ("/", 200)
    assert told.layers.keys == ("SHELF_PASSWORD",), "the control: a text of that name is one"
    assert {one.name for one in told.settings} == {
        "SHELF_PASSWORD_CHECKS", "SHELF_PASSWORD_STRICT", "SHELF_PASSWORD"
    }  # fmt: skip


def test_the_package_that_raised_is_named_with_its_version(tmp_path: Path) -> None:
    """What was asked for in any version may have another form than the code was written for."""
    assert package("/x/site-packages/click/core.py") == f"click {version('click')}"
    assert package("/x/python3.11/json/decoder.py") == "", "the control"
    words = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / ".venv")]
    subprocess.run(words, check=True)
    (packages,) = (tmp_path / ".venv").glob("lib/python*/site-packages")
    fill(packages, shelf_py="def look():\n    raise TypeError('no shelf')\n")
    (packages / "shelf-2.0.dist-info").mkdir()
    (packages / "shelf-2.0.dist-info" / "METADATA").write_text("Name: shelf\nVersion: 2.0\n")
    asks = WSGI.replace("    start_response(", "    shelf.look()\n    start_response(")
    fill(tmp_path, wsgi_py=f"import shelf\n{asks}", requirements_txt="shelf\n")
    said = "TypeError at wsgi.py:4, in shelf 2.0: no shelf"
    any_ = f"{said} (any version of shelf was asked for)"
    assert any_ in found(tmp_path).application.trouble
    fill(tmp_path, requirements_txt="shelf==2.0\n")
    assert found(tmp_path).application.raised == said, "the control"


def test_a_package_of_an_older_python_is_named_as_one(tmp_path: Path) -> None:
    for gone in ("from collections import Iterator", "import imp_of_shop"):
        fill(tmp_path, app_py=f"{gone}\napp = Flask()\n")
        code, said = refused(tmp_path)
        old = "collections" in gone
        assert ("it was written for a Python before 3." in said) == old, said
        assert code == ("init-import" if old else "init-not-installed")


@pytest.mark.parametrize(
    ("said", "old"),
    [
        ("cannot import name 'Mapping' from 'collections' (Python)", True),
        ("module 'inspect' has no attribute 'getargspec'", True),
        ("module 'asyncio' has no attribute 'coroutine'", True),
        ("No module named 'distutils.util'", True),
        ("No module named 'distutils_of_shop'", False),
        ("cannot import name 'override' from 'typing' (Python)", False),
        ("module 'asyncio' has no attribute 'QueueShutDown'", False),
        ("module 'importlib' has no attribute 'util'", False),
        ("No module named 'pkg_resources'", False),
    ],
)
def test_what_python_never_had_is_not_called_old(said: str, old: bool) -> None:
    """It is of a newer Python, was never imported, or is a package's."""
    assert bool(GONE.search(said)) == old


def test_an_import_in_a_circle_names_the_projects_own_file(tmp_path: Path) -> None:
    """And of a module of Python's own, which is the control, no path of this machine."""
    for name, file in (("from shop import x", "(shop.py)"), ("from json import x", "(Python)")):
        fill(tmp_path, shop_py="from app import app\nx = 1\n", app_py=f"{name}\napp = Flask()\n")
        assert file in refused(tmp_path)[1]


def test_an_import_of_another_version_is_named_as_one(tmp_path: Path) -> None:
    """Of a package that has not the name any more; else of the Python that the project names."""
    fill(tmp_path, app_py="from click import no_such\napp = Flask()\n")
    said = refused(tmp_path)[1]
    assert f"click {version('click')} has it not: name another version of it" in said
    fill(
        tmp_path, app_py="raise ValueError('not')\napp = Flask()\n", Dockerfile="FROM python:3.8-x"
    )
    assert "; Dockerfile names Python 3.8, and " in refused(tmp_path)[1]
    fill(tmp_path, Dockerfile="FROM python:3.99-x")
    assert "names Python" not in refused(tmp_path)[1], "the control"


def test_a_driver_that_is_only_installed_is_taken(tmp_path: Path) -> None:
    """A package brings it along; and only SQLAlchemy names a driver in an address."""
    python = tmp_path / "bin" / "python"
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    (packages / "asyncpg").mkdir(parents=True)
    assert driver_url(set(), str(python)).startswith("postgresql://")
    (packages / "sqlalchemy").mkdir()
    assert driver_url(set(), str(python)).startswith("postgresql+asyncpg://")
    assert driver_url({"pymysql"}, str(python)).startswith("mysql+pymysql://")
    assert driver_url(set(), "/nowhere/bin/python") == "", "the control"


def test_a_store_that_only_an_address_names_is_named_where_it_fails(tmp_path: Path) -> None:
    reads = "import os\nif 'x' not in os.environ['DATABASE_URL']:\n"
    raises = WSGI.replace("    start_response(", "    raise OSError(1, 'no')\n    start_response(")
    for bad in (True, False):
        folder = tmp_path / str(bad)
        fill(folder, wsgi_py=f"{reads}    raise SystemExit\n{raises if bad else WSGI}")
        (folder / ".env.example").write_text("DATABASE_URL=postgresql://x@db/x\n")
        assert [one.kind for one in found(folder).stores] == ["PostgreSQL"] * bad
