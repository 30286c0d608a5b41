"""`init` where Git keeps a `.env`: what it says is its author's, and the servers are not here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from morrow.tool.base.errors import Failure, problem
from morrow.tool.init import ask, backing
from morrow.tool.init.files import Repository
from morrow.tool.init.pointed import pointed
from morrow.tool.programs.git import Git
from morrow.tool.programs.runner import Result
from tests.unit.tool import test_init_servers
from tests.unit.tool.command import morrow
from tests.unit.tool.test_init import WSGI, fill, found
from tests.unit.tool.test_init_bad import git
from tests.unit.tool.test_init_dotenv import READS_ITS_OWN
from tests.unit.tool.test_init_servers import ADDRESS, local, served, shelf

pytestmark = pytest.mark.timeout(600)
folder = test_init_servers.folder
PARTS = """
assert os.environ["SHELF_MODE"] == os.environ["BASIC_AUTH"] == "of-the-author"
os.getenv("SMTP_LOGIN")
"""


def test_a_dot_env_that_is_in_git_is_everyones(folder: Path) -> None:
    """It says who asks for what; where that is, it says of its author's network, for no file."""
    shelf(folder, f"{READS_ITS_OWN}\n{ADDRESS}\n{PARTS}")
    (folder / ".env").write_text(
        "DATABASE_URL=postgresql://clerk:a-real-one@db/shelf\nSHELF_MODE=of-the-author\n"
        "BASIC_AUTH=of-the-author\nSMTP_LOGIN=a-real-one\n"
    )
    git(folder, "init", "-q")
    git(folder, "add", ".env")
    assert not found(folder).application.servers, "the control: by chance, it may be"
    git(folder, "commit", "-qm", "keep it")
    told = found(folder)
    assert served(folder, told, "/books") == '[[1,"one"]]'
    port = backing.ports_for("shelf", ["postgres"])["postgres"]
    address = f"postgresql://postgres@127.0.0.1:{port}/shelf"
    leaves = {"SHELF_MODE": None, "BASIC_AUTH": None}
    assert local(folder)["config"] == {"DATABASE_URL": address, **leaves}
    base = yaml.safe_load((folder / "environments/base.yaml").read_text())
    assert base["config"].keys() == leaves.keys()
    for value in ("a-real-one", "of-the-author", "clerk"):
        assert not [one.path for one in told.drafts if value in one.text], value
    assert morrow("down", "local", "--purge", folder=folder).code == 0
    shutil.rmtree(folder / "environments")
    with (folder / ".env").open("a") as mine:
        mine.write("X=1\n")
    assert not found(folder).application.servers, "and so is one that is changed"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A repository with a `.env` in Git; its clean filter makes small letters of all."""
    (tmp_path / ".env").write_text("a=b\n")
    (tmp_path / ".gitattributes").write_text(".env filter=small\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "filter.small.clean", "tr A-Z a-z")
    git(tmp_path, "add", ".env")
    git(tmp_path, "commit", "-qm", "keep it")
    return tmp_path


def own(folder: Path) -> frozenset[str]:
    return Repository.read(folder).dotenv("", own=True)


@pytest.mark.parametrize("word", ["--skip-worktree", "--assume-unchanged", ""])
def test_what_git_does_not_look_at_is_a_persons(kept: Path, word: str) -> None:
    """Nor what it keeps in another form, encrypted most often: here it is plain."""
    assert not own(kept), "the control"
    if word:
        git(kept, "update-index", word, ".env")
    (kept / ".env").write_text("MINE=1\n" if word else "A=B\n")
    git(kept, "diff", "--exit-code")  # to Git nothing is changed
    assert own(kept) == {"MINE" if word else "A"}


def test_what_is_only_staged_or_linked_is_a_persons(kept: Path) -> None:
    (kept / ".env").write_text("mine=1\n")
    git(kept, "add", ".env")
    assert own(kept) == {"mine"}
    git(kept, "commit", "-qm", "and so")
    assert not own(kept), "the control"
    (kept / ".env").rename(kept / "other")
    (kept / "other").write_text("x=1\n")
    (kept / ".env").symlink_to("other")
    git(kept, "add", ".env")
    git(kept, "commit", "-qm", "a link")
    assert own(kept) == {"x"}


def test_an_interrupt_meanwhile_ends_init(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_: Git, *words: str) -> Result:
        raise Failure(problem("interrupted", "git", words[0]))

    monkeypatch.setattr(Git, "run", stopped)
    with pytest.raises(Failure, match="interrupted"):
        own(kept)


def test_with_the_network_on_nothing_is_asked_with_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a page nor a job of the release, which would change its author's database."""
    monkeypatch.setattr(ask, "ALONE", ("no-such-program",))
    seen, folder = tmp_path / "seen", tmp_path / "shop"
    asks = f"import os\nopen({str(seen)!r}, 'a').write(os.environ['SHOP_LINK'] + ' '"
    fill(folder, wsgi_py=f"{asks})\n{WSGI}", move_py=f"{asks} + 'moved ')\n")
    (folder / "Procfile").write_text("release: python move.py\n")
    (folder / ".env").write_text("SHOP_LINK=the-real-one\n")
    git(folder, "init", "-q")
    git(folder, "add", ".env")
    git(folder, "commit", "-qm", "keep it")
    assert found(folder).application.path == ("/", 200)
    assert set(seen.read_text().split()) == {"local", "moved"}


@pytest.mark.parametrize(
    ("name", "value", "leads"),
    [
        ("DATABASE_URL", "postgresql+asyncpg://a:w@db:1/c?password=w", "postgresql+asyncpg://postgres@127.0.0.1:1/c"),
        ("DATABASE_URL", "postgres://a:w?@d@db/c", "postgres://postgres@127.0.0.1:1/c"),
        ("DATABASE_URL", "postgres://a:w/rd@db/c", None),
        ("DATABASE_URL", "postgres://a:w/r?d@db/c", None),
        ("DATABASE_PREFIX", "postgresql+asyncpg://", None),
        ("CACHE_URL", "rediss://a:w@redis:6379/3", None),
        ("CACHE_URL", "redis://a:w@redis:6379/3", "redis://127.0.0.1:2/3"),
        ("DB_HOST", "db", "127.0.0.1"),
        ("TEST_DB_HOST", "db", None),
        ("DB_PASSWORD", "word", None),
        ("REDIS_PASSWORD", "word", ""),
    ],
)  # fmt: skip
def test_of_what_it_says_only_the_kind_and_the_database_stay(
    name: str, value: str, leads: str | None
) -> None:
    told = pointed({}, [], {"postgres": 1, "redis": 2}, "", {name: value})
    assert told == ({} if leads is None else {name: leads})
