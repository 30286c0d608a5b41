"""What an import may do to the machine it is tried on, and to the tree it lies in: nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from morrow.tool.init.copied import MANY, copied
from morrow.tool.init.init import apply
from tests.unit.tool.command import MORROW
from tests.unit.tool.test_init import WSGI, fill, found, refused


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_what_it_forks_is_ended_with_it(tmp_path: Path) -> None:
    beats = tmp_path / "beats"
    beats.write_text("")
    child = f"while True:\n        open({str(beats)!r}, 'a').write('.')\n        time.sleep(0.05)"
    text = f"import os, time\nif os.fork() == 0:\n    {child}\ntime.sleep(0.5)\n{WSGI}"
    folder = tmp_path / "shop"
    fill(folder, wsgi_py=text)
    assert found(folder).application.path == ("/", 200)
    first = beats.stat().st_size
    assert first, "the control: it did fork"
    time.sleep(0.5)
    assert beats.stat().st_size == first


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv ends it, on Linux")
def test_what_it_imports_ends_with_it_even_by_sigkill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, shop = tmp_path / "number", tmp_path / "shop"
    fill(shop, wsgi_py=f"import os, time\nopen({str(number)!r}, 'w').write(str(os.getpid()))\n"
         f"time.sleep(120)\n{WSGI}")  # fmt: skip
    (tmp_path / "tmp").mkdir()
    around = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    with subprocess.Popen([*MORROW, "init", "--yes"], cwd=shop, env=around) as command:
        assert in_time(lambda: number.exists() and number.read_text() != "")
        imported = Path("/proc", number.read_text())
        assert imported.exists(), "the control: it hangs in the import"
        command.kill()
    assert in_time(lambda: not imported.exists())
    (left,) = (tmp_path / "tmp").glob("morrow-init-*")
    mine = left.with_name(f"morrow-init-{os.getpid()}-of-one-that-runs")
    huge = left.with_name(f"morrow-init-{10**20}-x")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    for one in (mine, huge):
        one.mkdir()
    with copied(shop):
        assert left.exists(), "who has no such process here may run in another container"
    for one in (left, mine, huge):
        os.utime(one, (0, 0))
    with copied(shop):
        assert not left.exists(), "a later one removes the copy of who was killed"
    assert mine.exists(), "the control"


def in_time(true: Callable[[], bool]) -> bool:
    """Whether it comes true within a minute."""
    end = time.monotonic() + 60
    while not true() and time.monotonic() < end:
        time.sleep(0.1)
    return true()


def test_a_dirty_tree_keeps_what_is_not_committed(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py=WSGI, README="one\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    (tmp_path / "README").write_text("two\n")
    fill(tmp_path, notes_txt="mine\n")
    git(tmp_path, "add", "notes.txt")
    apply(found(tmp_path))
    said = git(tmp_path, "status", "--porcelain").splitlines()
    assert {" M README", "A  notes.txt"} <= set(said)
    rest = {one[3:] for one in said if one.startswith("??")}
    assert rest == {".dockerignore", ".gitignore", "Dockerfile", "environments/", "morrow.toml"}


def test_what_is_no_python_and_no_toml_is_named(tmp_path: Path) -> None:
    fill(tmp_path, app_py="from flask import Flask\napp = Flask(__name__)\nprint 'two'\n")
    code, said = refused(tmp_path)
    assert (code, "app.py:3 is no Python 3." in said) == ("init-no-application", True)
    fill(tmp_path, wsgi_py=WSGI)
    (tmp_path / "pyproject.toml").write_text("[project\n")
    told = found(tmp_path)
    assert [one.split(":")[0] for one in told.unread] == ["pyproject.toml is no TOML", "app.py"]
    apply(told)
    assert (tmp_path / "pyproject.toml").read_text() == "[project\n"
    assert (tmp_path / "morrow.toml").is_file()


def test_many_files_that_are_no_code_are_not_copied(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    fill(root, wsgi_py=WSGI)
    for folder in ("photos", "pages"):
        for number in range(MANY + 1):
            fill(root, **{f"{folder}__{number}_txt": ""})
    fill(root, pages__index_py="")
    (root / ".git" / "objects").mkdir(parents=True)
    for number in range(MANY + 1):
        (root / ".git" / "objects" / str(number)).touch()
    with copied(root) as copy:
        assert not os.path.lexists(copy / ".git"), "an import that asks Git works on no real index"
        assert (copy / "photos").is_symlink()
        assert not (copy / "pages").is_symlink(), "the control: code is copied"
        assert len(list((copy / "pages").iterdir())) == MANY + 2
    assert len(list((root / "photos").iterdir())) == MANY + 1, "the link went, not what it led to"


def test_a_link_that_leads_to_itself_ends(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py=WSGI)
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "up").symlink_to(tmp_path)
    assert found(tmp_path).application.path == ("/", 200)


def test_who_listens_for_the_end_of_a_request_gets_to_answer_it(tmp_path: Path) -> None:
    """As Quart does: with a request that never ends to come, its loop would turn for ever."""
    listens = """
import asyncio
async def heard(receive):
    while (await receive())["type"] != "http.disconnect":
        pass
async def application(scope, receive, send):
    assert scope["type"] == "http"
    listening = asyncio.ensure_future(heard(receive))
    await asyncio.sleep(0.01)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})
    listening.cancel()
"""
    fill(tmp_path, asgi_py=listens)
    assert found(tmp_path).application.path == ("/", 200)


def test_a_guess_that_was_wrong_is_not_the_cause(tmp_path: Path) -> None:
    """A part of a package cannot be imported by itself: that is no fault of the project's."""
    fill(tmp_path, shop__app_py="from . import words\n", shop__words_py="")
    code, said = refused(tmp_path)
    assert (code, said.split(" | ")[0]) == (
        "init-no-application", "no module makes a WSGI or ASGI application",
    )  # fmt: skip
    fill(tmp_path, shop__words_py="1 / 0\n")
    assert refused(tmp_path)[0] == "init-import", "the control"


def test_an_application_of_a_test_is_not_the_service(tmp_path: Path) -> None:
    """It may be the only one that answers here."""
    makes = f"{WSGI}def Flask(name): return application\napp = Flask('shop')\n"
    fill(tmp_path, tests__test_shop_py=makes)
    target = found(tmp_path).application.target
    assert target == "test_shop:app", "the control: it is all there is"
    fill(tmp_path, shop_py="1 / 0\napp = Flask('shop')\n")
    code, said = refused(tmp_path)
    assert (code, "ZeroDivisionError at shop.py:1" in said) == ("init-import", True)


def test_what_is_compiled_for_one_import_serves_the_next(tmp_path: Path) -> None:
    """A dozen imports of a large framework, each compiled anew, take minutes."""
    writes = "import sys\nassert not sys.dont_write_bytecode\n"
    fill(tmp_path, wsgi_py=f"{writes}{WSGI}")
    assert found(tmp_path).application.path == ("/", 200)
    assert [one.name for one in tmp_path.iterdir()] == ["wsgi.py"], "and none lies in the code"


def test_tables_that_are_text_are_none(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py=WSGI)
    (tmp_path / "pyproject.toml").write_text('tool = "one"\nproject = "two"\n')
    told = found(tmp_path)
    assert told.application.path == ("/", 200)
    assert told.drafts[-1].path == "morrow.toml"


def test_what_is_said_names_files_of_the_repository_alone(tmp_path: Path) -> None:
    fill(tmp_path, app_py="from pages import x\napp = Flask()\n", pages_py="from app import app\n")
    fill(tmp_path, zero_py="one = 1\0")
    _, said = refused(tmp_path)
    assert "circular import" in said
    assert "(app.py)" in said
    assert "morrow-init-" not in said


def test_an_import_that_closes_what_it_prints_to_is_answered(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py=f"import sys\nsys.stdout.close()\nsys.stderr.close()\n{WSGI}")
    assert found(tmp_path).application.path == ("/", 200)


def test_a_function_of_two_arguments_is_no_application_by_that(tmp_path: Path) -> None:
    fill(tmp_path, app_py="def app(folder, name):\n    return open(folder, name)\n")
    assert refused(tmp_path)[0] == "init-no-application"
    raises = WSGI.replace(
        "    start_response(", "    raise OSError('no store')\n    start_response("
    )
    fill(tmp_path, app_py=raises)
    assert "no store" in found(tmp_path).application.trouble, "the control"
