"""What a call reads without a name for it is a setting, and a forms' factory is no application."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from morrow.tool.init.candidates import candidates
from morrow.tool.init.files import Repository
from morrow.tool.init.guess import guess
from morrow.tool.init.implied import implied
from morrow.tool.init.settings import Setting
from tests.unit.tool.test_init import WSGI, fill, found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dj_database_url.config()", [("DATABASE_URL", None, False)]),
        ("dj_database_url.config(default='sqlite:///a')", [("DATABASE_URL", "sqlite:///a", False)]),
        ("dj_database_url.config(default=f'sqlite:///{x}')", [("DATABASE_URL", "", False)]),
        ("dj_database_url.config('SHOP_DB', 'sqlite:///a')", [("SHOP_DB", "sqlite:///a", False)]),
        ("dj_database_url.config(env='SHOP_DB')", [("SHOP_DB", None, False)]),
        ("env.db()", [("DATABASE_URL", None, True)]),
        ("env.db(default='sqlite:///a')", [("DATABASE_URL", "sqlite:///a", False)]),
        ("env.db(var='SHOP_DB')", [("SHOP_DB", None, True)]),
        ("env.cache()", [("CACHE_URL", None, True)]),
        ("env.db('SHOP_DB')", []),  # read by its name
        ("shelf.config()", []),
        ("config()", []),
    ],
)
def test_a_call_reads_what_it_does_not_name(
    text: str, said: list[tuple[str, str | None, bool]]
) -> None:
    assert implied(ast.parse(text, mode="eval").body) == said


def test_a_store_that_is_not_named_is_a_setting_and_a_file_here(tmp_path: Path) -> None:
    reads = "import os\nclass dj_database_url:\n    def config():\n"
    reads += "        return os.environ['DATABASE' + '_URL']\n"
    fill(tmp_path, wsgi_py=f"{reads}dj_database_url.config()\n{WSGI}")
    told = found(tmp_path)
    assert told.application.given["DATABASE_URL"] == "sqlite:///local.db"
    assert "DATABASE_URL" in told.layers.files["base"]


@pytest.mark.parametrize(("made", "number"), [("inlineformset_factory", 0), ("shop_factory", 1)])
def test_a_factory_of_forms_makes_no_application(tmp_path: Path, made: str, number: int) -> None:
    fill(tmp_path, forms_py=f"Shop = {made}()\n")
    assert len(candidates(Repository.read(tmp_path))) == number


@pytest.mark.parametrize(
    ("name", "value"),
    [("SHOP_DB_ENGINE", "django.db.backends.sqlite3"), ("SHOP_ENGINE", "local")],
)
def test_the_engine_of_a_database_is_a_file_here(name: str, value: str) -> None:
    assert guess(name, {name: Setting(name, None, True, "a.py", 1)}) == value
