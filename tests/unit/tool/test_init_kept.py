"""Folders and files that Git does not keep, and that an application asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from morrow.tool.init.init import apply
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
        "os.mkdir('data/kept/one')\n",
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
