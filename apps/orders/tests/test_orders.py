"""orders with a real PostgreSQL; the broker is a Redis where there is one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.orders.backing import MissingError, postgres, redis
from tests.ports import free_port
from tests.unit.frame.skips import cannot
from tests.unit.kit.served import Served, wait_for
from tools.cache import UnavailableError
from tools.environments import BASE_PYTHON, environment

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parents[1]
ALEMBIC = ("-m", "alembic", "-c", str(HERE / "orders" / "alembic.ini"))
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def programs() -> Path:
    try:
        return environment(BASE_PYTHON, ROOT / "requirements" / "orders.txt")
    except UnavailableError as problem:
        cannot("orders", str(problem))


@pytest.fixture(scope="module")
def settings() -> Iterator[dict[str, str]]:
    """A database of its own, and the variables that lead to it."""
    # Below /tmp: where the tests are root's, the database is another user's.
    with tempfile.TemporaryDirectory(prefix="orders-") as folder:
        Path(folder).chmod(0o711)
        try:
            with postgres(Path(folder) / "database", free_port()) as url:
                yield {
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": f"{HERE}:{ROOT / 'src'}",
                    "MORROW_SERVICE": "orders.app:service",
                    "DATABASE_URL": url,
                    "BROKER_URL": f"redis://127.0.0.1:{free_port()}/0",
                }
        except MissingError as problem:
            pytest.skip(str(problem))


def python(programs: Path, settings: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [str(programs / "python"), *words],
        env=settings, cwd="/", capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def asked(programs: Path, settings: dict[str, str], *words: str) -> dict[str, object]:
    out = python(programs, settings, str(HERE / "tests" / "asked.py"), *words)
    told: dict[str, object] = json.loads(out.splitlines()[-1])
    return told


def test_orders(programs: Path, settings: dict[str, str]) -> None:
    """Migrate by a task, ask the application, run the job, go back and forth."""
    task = ("-m", "morrow", "task", "--", str(programs / "python"), *ALEMBIC, "upgrade", "head")
    migrated = python(programs, settings, *task)
    assert all(json.loads(line) for line in migrated.splitlines())
    told = asked(programs, settings)
    assert told["created"] == {"id": 1, "item": "tea", "quantity": 2, "state": "new"}
    assert told["statuses"] == {"created": 201, "zero": 422, "missing": 404, "listed": 200}
    assert (told["confirmed"], told["ready"]) == ("confirmed", "ok")
    python(programs, settings, *ALEMBIC, "downgrade", "base")
    python(programs, settings, *ALEMBIC, "upgrade", "head")


def test_without_a_database_it_is_not_ready(programs: Path, settings: dict[str, str]) -> None:
    elsewhere = settings | {"DATABASE_URL": f"postgresql://orders@127.0.0.1:{free_port()}/x"}
    assert asked(programs, elsewhere, "ready")["ready"] == "PoolTimeout"


@pytest.mark.full
def test_the_code_is_typed(programs: Path) -> None:
    words = ["-m", "mypy", "--python-executable", str(programs / "python")]
    done = subprocess.run(
        [sys.executable, *words, "--config-file", "mypy.ini", "-p", "orders"],
        cwd=HERE, env=os.environ | {"MYPYPATH": f"{HERE}:{ROOT / 'src'}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.full
def test_the_worker_confirms(programs: Path, settings: dict[str, str], tmp_path: Path) -> None:
    python(programs, settings, *ALEMBIC, "upgrade", "head")
    celery = [str(programs / "python"), "-m", "celery", "-A", "orders.worker", "worker"]
    try:
        with redis(tmp_path, free_port()) as broker:
            env = settings | {"BROKER_URL": broker, "MORROW_ADMIN_PORT": "0", "PWD": "/"}
            words = ["-m", "morrow", "worker", "--", *celery, "--loglevel", "INFO"]
            worker = Served([str(programs / "python"), *words], env)
            assert asked(programs, env, "sent")["sent"]
            wait_for(lambda: worker.messages("confirmed 1 orders"), "the job", 60)
            assert worker.stop() == 0
    except MissingError as problem:
        pytest.skip(str(problem))
