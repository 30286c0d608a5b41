"""Folders and files that Git does not keep, and that an application asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from morrow.tool.base.project import Project
from morrow.tool.environment.load import read
from morrow.tool.init.answer import Application
from morrow.tool.init.init import apply
from morrow.tool.init.places import Candidate
from morrow.tool.init.tell import summary
from tests.unit.tool.test_init import WSGI, fill, found, refused

HERE = "import logging.config, os, sqlite3\nhere = os.path.dirname(os.path.abspath(__file__))\n"
CONFIG = """logging.config.dictConfig({"version": 1, "root": {"handlers": ["one"]}, "handlers": {
    "one": {"class": "logging.FileHandler", "filename": os.path.join(here, "data", "kept", "l")}}})
"""


@pytest.mark.parametrize(
    "asks",
    [
        "sqlite3.connect(os.path.join(here, 'data', 'kept', 'shop.sqlite3'))\n",
        "open('data/kept/log.txt', 'a').close()\n",
        "os.mkdir(b'data/kept/one')\n",
        "if not os.path.isdir('data/kept'):\n"  # in Starlette's words, of what it serves
        "    raise RuntimeError(\"Directory 'data/kept' does not exist\")\n",
        CONFIG,
    ],
)
def test_a_folder_that_git_did_not_keep_is_made(tmp_path: Path, asks: str) -> None:
    fill(tmp_path, wsgi_py=f"{HERE}{asks}{WSGI}")
    told = found(tmp_path)
    assert told.application.path == ("/", 200)
    apply(told)
    assert (tmp_path / "data" / "kept" / ".gitignore").read_text() == "*\n!.gitignore\n"
    assert [one.name for one in (tmp_path / "data" / "kept").iterdir()] == [".gitignore"]


@pytest.mark.parametrize(
    "asks",
    [
        "try:\n    open('data/l', 'a')\nexcept OSError:\n    os.mkdir('data')\n",
        "try:\n    open('data/l')\nexcept OSError:\n    pass\n",
        "try:\n    open('../data/l', 'w')\nexcept OSError:\n    pass\n",
        "open(1, 'w', closefd=False).close()\n",
    ],
)
def test_a_folder_that_it_makes_or_does_without_is_not(tmp_path: Path, asks: str) -> None:
    fill(tmp_path, wsgi_py=f"{HERE}{asks}{WSGI}")
    assert found(tmp_path).application.folders == ()


def test_what_was_made_for_one_way_is_there_for_the_next(tmp_path: Path) -> None:
    """The way that works finds the folder in the copy, and asks for none."""
    asks = "open('data/l', 'a').close()\nint(os.getenv('SHOP_SIZE'))\nimport local_settings\n"
    fill(tmp_path, wsgi_py=f"{HERE}{asks}{WSGI}")
    (tmp_path / "local_settings.py.example").write_text("NAME = 'shop'\n")
    (tmp_path / ".env.example").write_text("SHOP_SIZE=3\n")
    told = found(tmp_path).application
    assert told.given == {"SHOP_SIZE": "3"}
    assert told.folders == ("data",)


LINKED = """
import os
link = os.environ.get("DATABASE_URL", "{}")
def application(environ, start_response):
    if not link.startswith("{}"): raise ConnectionRefusedError("no shelf")
    start_response("200 OK", [])
    return [b"here"]
"""


@pytest.mark.parametrize(
    ("default", "takes", "given"),
    [
        ("postgresql://shelf/a", "sqlite:", "sqlite:///local.db"),
        ("mysql+aiomysql://shelf/a", "sqlite+aiosqlite:", "sqlite+aiosqlite:///local.db"),
        ("postgresql://shelf/a", "postgresql:", None),
        ("shelves://shelf/a", "sqlite:", None),
    ],
)
def test_where_the_default_is_a_server_that_is_not_here_a_file_is_tried(
    tmp_path: Path, default: str, takes: str, given: str | None
) -> None:
    """On this machine alone: in a cluster it is a secret that a person sets."""
    fill(tmp_path, wsgi_py=LINKED.format(default, takes))
    told = found(tmp_path)
    assert ("a file stands for the database (DATABASE_URL" in summary(told)) == bool(given)
    apply(told)
    project = Project.find(tmp_path)
    assert read(project, "local").config.get("DATABASE_URL") == given
    assert ("DATABASE_URL" in read(project, "prod").secrets.keys) == bool(given)
    assert "DATABASE_URL" not in read(project, "prod").config


def test_who_answers_that_it_has_no_tables_is_nearer_than_who_is_not_here() -> None:
    one, other = (
        Application(Candidate("", "a", "b", "", 0), "a:b", "wsgi", "", (), (), {}, raised=said)
        for said in ("OperationalError: no such table: shelf", "OperationalError: no host")
    )
    assert one.nearer(other)
    assert not other.nearer(one)


def test_a_file_that_is_kept_as_an_example_is_copied(tmp_path: Path) -> None:
    reads = "import local_settings\nassert local_settings.NAME\nopen('conf/shop.yml').close()\n"
    fill(tmp_path, wsgi_py=f"{reads}{WSGI}")
    (tmp_path / "conf").mkdir()
    assert refused(tmp_path)[0] == "init-not-installed", "the control: no example, no module"
    (tmp_path / "local_settings.example.py").write_text("NAME = 'shop'\n")
    assert "FileNotFoundError at wsgi.py:3" in refused(tmp_path)[1], "and no second example"
    (tmp_path / "conf" / "shop.yml.sample").write_text("a: b\n")
    told = found(tmp_path)
    assert told.application.path == ("/", 200)
    apply(told)
    assert (tmp_path / "conf" / "shop.yml").read_text() == "a: b\n"


@pytest.mark.parametrize("lists", ["os.listdir('parts')", "list(pathlib.Path('parts').iterdir())"])
def test_a_folder_that_it_lists_and_git_did_not_keep_is_made(tmp_path: Path, lists: str) -> None:
    fill(tmp_path, wsgi_py=f"import os, pathlib\n{lists}\n{WSGI}")
    told = found(tmp_path)
    assert (told.application.path, told.application.folders) == (("/", 200), ("parts",))
    assert "parts/.gitignore" in [one.path for one in told.drafts]
    text = f"import os, pathlib\ntry:\n    {lists}\nexcept OSError:\n    pass\n{WSGI}"
    fill(tmp_path, wsgi_py=text)
    assert found(tmp_path).application.folders == (), "the control: it does without"


@pytest.mark.parametrize("lists", ["os.listdir('')", "assert not list(os.walk(''))"])
def test_who_lists_an_empty_path_hears_what_python_says(tmp_path: Path, lists: str) -> None:
    fill(tmp_path, wsgi_py=f"import os\ntry:\n    {lists}\nexcept OSError:\n    pass\n{WSGI}")
    assert found(tmp_path).application.path == ("/", 200)


@pytest.mark.parametrize("asks", ["os.listdir('')", "open('')"])
def test_an_empty_path_that_ends_it_is_said(tmp_path: Path, asks: str) -> None:
    fill(tmp_path, wsgi_py=f"import os\n{asks}\n{WSGI}")
    assert "FileNotFoundError at wsgi.py:2" in refused(tmp_path)[1]
