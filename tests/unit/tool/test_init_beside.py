"""What runs beside a service that nobody prepared: what its requirements and its Procfile say."""

from __future__ import annotations

from pathlib import Path

import pytest

from morrow.tool.init.beside import beside, stores
from morrow.tool.init.files import Repository
from morrow.tool.init.settings import settings_of
from tests.unit.tool.test_init import WSGI, fill, found


@pytest.mark.parametrize(
    ("asks", "workers", "kinds"),
    [
        ("sentry-sdk[rq,pymongo]", [], []),
        ("testcontainers[postgres]", [], []),
        ("shelves[rq]", [], []),
        ("shelves[redis]", [], ["Redis"]),
        ("rq\npymongo", ["worker"], ["MongoDB"]),
    ],
)
def test_an_extra_is_no_worker_and_what_watches_a_store_needs_none(
    tmp_path: Path, asks: str, workers: list[str], kinds: list[str]
) -> None:
    (tmp_path / "requirements.txt").write_text(f"{asks}\n")
    read = Repository.read(tmp_path)
    assert [one.name for one in beside(read, "")] == workers
    assert [one.kind for one in stores(read, ())] == kinds


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("python manage.py migrate", ["release"]),
        ("sh -c 'flask db upgrade; python warm.py'", ["release"]),
        ("pip install --upgrade shelves", ["release", "migrate"]),
        ("python manage.py migrate-legacy", ["release", "migrate"]),
    ],
)
def test_only_a_line_that_migrates_stands_for_the_migration(
    tmp_path: Path, line: str, names: list[str]
) -> None:
    (tmp_path / "Procfile").write_text(f"release: {line}\n")
    (tmp_path / "alembic.ini").write_text("[alembic]\n")
    assert [one.name for one in beside(Repository.read(tmp_path), "")] == names


def test_what_github_says_of_a_run_is_no_setting(tmp_path: Path) -> None:
    told = ("EVENT_NAME", "HEAD_REF", "BASE_REF", "RUN_NUMBER", "REF_NAME", "TOKEN", "API_URL")
    reads = "".join(f"os.getenv('GITHUB_{one}')\n" for one in told)
    (tmp_path / "app.py").write_text(f"import os\n{reads}")
    found = [one.name for one in settings_of(Repository.read(tmp_path), "")]
    assert found == ["GITHUB_API_URL", "GITHUB_TOKEN"], "a service may ask GitHub itself"


def test_settings_of_an_application_that_lies_in_examples(tmp_path: Path) -> None:
    """Elsewhere what examples read is not the service's."""
    reads = "import os\nos.getenv('SHELF_SIZE') or os.getenv('SHELF_SIZE')\n"
    fill(tmp_path, examples__wsgi_py=reads + WSGI)
    assert [one.name for one in found(tmp_path).settings] == ["SHELF_SIZE"]
    fill(tmp_path, wsgi_py=WSGI)
    assert not found(tmp_path).settings, "the control"
