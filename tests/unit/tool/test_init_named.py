"""What is named where an application fails: its page's own words, its driver, its last line."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from morrow.tool.init.answer import driverless, drivers
from tests.unit.tool.test_init import WSGI, fill, found, refused


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<head><title>x</title></head><h1>Error 500</h1> <p>No shelf is &quot;loaded&quot;</p>",
         ': the page says "Error 500 No shelf is "loaded""'),
        ("<title>500</title><h1>Internal Server Error</h1>", ""),
    ],
)  # fmt: skip
def test_a_page_that_fails_and_raises_nothing_is_quoted(
    tmp_path: Path, page: str, said: str
) -> None:
    text = WSGI.replace("200 OK", "500 No").replace('b"here"', repr(page.encode()))
    fill(tmp_path, wsgi_py=text)
    trouble = found(tmp_path, "wsgi:application").application.trouble
    assert trouble.endswith(f"fails here{said}")


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("OSError at asyncpg 0.30.0: [Errno 101] Network is unreachable", ["asyncpg"]),
        ("OperationalError at a.py:3, in sqlalchemy 2.0.1: (psycopg2.OperationalError) no",
         ["sqlalchemy", "psycopg2"]),
        ("ValueError at a.py:3: no", []),
    ],
)  # fmt: skip
def test_who_raised_names_the_store(said: str, names: list[str]) -> None:
    assert drivers(said) == names


def test_a_store_of_a_driver_that_nothing_asks_for_is_named(tmp_path: Path) -> None:
    """It came with another package: what raised tells it."""
    raises = (
        "    raise ConnectionRefusedError('(psycopg2.OperationalError) no')\n    start_response"
    )
    fill(tmp_path, wsgi_py=WSGI.replace("    start_response", raises))
    assert [one.kind for one in found(tmp_path).stores] == ["PostgreSQL"]
    fill(tmp_path, wsgi_py=WSGI)
    assert not found(tmp_path).stores, "the control"


def test_a_program_that_an_import_starts_says_why(tmp_path: Path) -> None:
    starts = (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', '''{}'''], check=True)\n"
    )
    fill(tmp_path, wsgi_py=starts.format('raise SystemExit("no shelf is reachable")') + WSGI)
    assert "CalledProcessError" in refused(tmp_path)[1]
    assert "no shelf is reachable" in refused(tmp_path)[1]


def test_what_our_own_guess_lacks_is_not_the_cause() -> None:
    assert driverless("The asyncio extension requires an async driver to be used.")
    assert driverless("No module named 'asyncpg'")
    assert not driverless("No module named 'shelf'")


@pytest.mark.parametrize(
    ("field", "default", "needed"),
    [
        ("dsn", "db://me:word@host:port/shelf", True),
        ("dsn", "db://<me>@shelf", True),
        ("dsn", "db://shelf:1/a", False),
        ("link", "https://example.com/cb/<provider>", False),
        ("link", "https://<your-host>/cb/one", True),
        ("database_url", "db://shelf/<name>", True),
    ],
)
def test_an_address_that_only_shows_its_form_is_none(
    tmp_path: Path, field: str, default: str, needed: bool
) -> None:
    """Also within a model that is made where it is stated."""
    text = f"class Store:\n    {field}: str = {default!r}\nclass BaseSettings: pass\n"
    text += "class Read(BaseSettings):\n    store: Store = Store()\n"
    text += "    model_config = dict(env_prefix='SHOP_', env_nested_delimiter='__')\n"
    fill(tmp_path, wsgi_py=f"{text}{WSGI}")
    (one,) = found(tmp_path).settings
    assert (one.name, one.needed) == (f"SHOP_STORE__{field.upper()}", needed)


def test_a_program_is_no_application(tmp_path: Path) -> None:
    """Who imports a module of that name gets the program that asks."""
    fill(tmp_path, tell_py="def main(): print('shop')\n")
    (tmp_path / "__main__.py").write_text("from tell import main\nmain()\n")
    assert refused(tmp_path)[0] == "init-no-application"
    fill(tmp_path, shop__pages_py="")
    for name, text in (("__init__", ""), ("__main__", WSGI)):
        (tmp_path / "shop" / f"{name}.py").write_text(text)
    told = found(tmp_path, "shop.__main__:application")
    assert told.application.path == ("/", 200), "the control"


@pytest.mark.parametrize(
    ("name", "code"), [("main", "init-no-application"), ("app", "init-import")]
)
def test_a_command_of_a_package_is_no_application(tmp_path: Path, name: str, code: str) -> None:
    """Such as a framework itself has: what its program imports may be one all the same."""
    (tmp_path / "shop").mkdir()
    texts = {
        "__init__": "",
        "__main__": f"from shop.cli import {name}\nraise SystemExit('no shelf')",
    }
    for stem, text in texts.items():
        (tmp_path / "shop" / f"{stem}.py").write_text(text)
    fill(tmp_path, shop__cli_py=f"def {name}(): ...\n")
    assert refused(tmp_path)[0] == code


LAZY = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from shelves import Shelf
class Shop:
    def shelf(self, one: {}) -> None: ...
"""


def test_an_annotation_that_only_a_newer_python_leaves_alone_is_named(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py=LAZY.format("Shelf") + WSGI)
    said = refused(tmp_path)[1]
    assert (
        "Shelf is imported for type checkers alone: it was written for a Python from 3.14" in said
    )
    fill(tmp_path, wsgi_py=LAZY.format("Shop_") + WSGI)
    assert "type checkers" not in refused(tmp_path)[1], "the control"


@pytest.mark.parametrize(
    ("asks", "said"),
    [
        ("import pluggy\npluggy.shelf", f"pluggy {version('pluggy')} has it not: name another"),
        ("import json\njson.shelf", ""),  # Python's own has one version
        ("import pkg_resources_of_old", ""),
        ("raise ModuleNotFoundError(\"No module named 'pkg_resources'\")",
         "name setuptools<82 in the requirements"),
    ],
)  # fmt: skip
def test_what_another_version_has_is_named_with_it(tmp_path: Path, asks: str, said: str) -> None:
    fill(tmp_path, wsgi_py=f"{asks}\n{WSGI}")
    cause = refused(tmp_path)[1]
    assert said in cause
    assert ("in the requirements" in cause) == bool(said)


REFUSES = """
import types
class {0}(TypeError): pass
code = compile({1!r}, "/x/site-packages/pydantic/main.py", "exec")
raises = {{"{0}": {0}}}
exec(code, raises)
raises["check"]()
"""


@pytest.mark.parametrize(
    ("error", "message", "old"),
    [
        ("PydanticImportError", "`BaseSettings` has been moved to the `pydantic-settings`", True),
        ("PydanticUserError", "A non-annotated attribute was detected: `size = 3`", True),
        ("PydanticUserError", "`Shop` is not fully defined", False),
        ("LookupError_", "it has been moved to the shelf", False),
    ],
)
def test_what_was_written_for_pydantic_1_is_named(
    tmp_path: Path, error: str, message: str, old: bool
) -> None:
    raises = f"def check():\n    raise {error}({message!r})\n"
    fill(tmp_path, wsgi_py=REFUSES.format(error, raises) + WSGI)
    cause = refused(tmp_path)[1]
    assert "in pydantic" in cause
    assert ("pydantic has it not: name another version" in cause) is old


def test_a_project_that_asks_for_its_own_version_and_is_not_installed_is_named(
    tmp_path: Path,
) -> None:
    fill(tmp_path, wsgi_py=f"from importlib.metadata import version\nversion('shop-x')\n{WSGI}")
    code, said = refused(tmp_path)
    assert (code, "shop-x" in said) == ("init-not-installed", True)


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        ("ImportError(\"it requires that the Python 'greenlet' library is installed\")", True),
        ("RuntimeError('Form data requires \"python-multipart\" to be installed.')", True),
        (
            "ImportError('the shelf is not installed, run `pip install shelf`')",
            True,
        ),
        ("LookupError('Error loading psycopg2 or psycopg module')", True),
        ("RuntimeError('the shelf is installed upside down')", False),
    ],
)
def test_who_says_that_a_package_is_missing_is_believed(
    tmp_path: Path, raised: str, code: bool
) -> None:
    fill(tmp_path, wsgi_py=f"raise {raised}\n{WSGI}")
    assert refused(tmp_path)[0] == ("init-not-installed" if code else "init-import")


def test_a_driver_that_the_code_itself_asks_for_is_the_cause(tmp_path: Path) -> None:
    """What a later way of ours leads to is not; nor is the driver that our address would need."""
    lacks = (
        "    raise ModuleNotFoundError(\"No module named 'aiosqlite'\")\nraise LookupError('no')\n"
    )
    fill(tmp_path, wsgi_py=f"import os\nif not os.getenv('SHOP_PLACE'):\n{lacks}{WSGI}")
    assert refused(tmp_path)[0] == "init-not-installed"
    asks = "import os\nif 'sqlite' in os.environ['DATABASE_URL']:\n"
    fill(tmp_path, wsgi_py=f"{asks}{lacks}{WSGI}")
    (tmp_path / ".env.example").write_text("DATABASE_URL=postgresql://shelf/a\n")
    assert refused(tmp_path)[0] == "init-import", "the control"


def test_a_guess_of_ours_is_not_the_cause(tmp_path: Path) -> None:
    """A file of a package, imported by its own name; where nothing else is known, it is told."""
    for name in ("__init__", "shelf/__init__", "base"):
        file = tmp_path / "shop" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    fill(tmp_path, shop__shelf__app_py="from ..base import x\n")
    assert "relative import" in refused(tmp_path)[1], "the control"
    fill(tmp_path, shop__base_py="x = 1\n")
    assert refused(tmp_path)[0] == "init-no-application"


def test_a_folder_that_we_guessed_is_not_the_cause(tmp_path: Path) -> None:
    """Its own modules are not found from there; from where they are, something else is wrong."""
    fill(tmp_path, back__shop__base_py="x = 1\n", back__shop__main_py=f"import shop.base\n{WSGI}")
    assert found(tmp_path).application.path == ("/", 200), "the control"
    text = f"import shop.base\nraise LookupError('no shelf')\n{WSGI}"
    fill(tmp_path, back__shop__main_py=text)
    assert refused(tmp_path)[0] == "init-import"
    assert refused(tmp_path)[1].startswith("it cannot be imported: LookupError")
