"""Celery, RQ, Dramatiq and huey under `python -m morrow worker`: running work is finished."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.unit.frame.skips import cannot
from tests.unit.kit.served import ROOT, Served, environment, wait_for
from tools.cache import UnavailableError
from tools.environments import BASE_PYTHON
from tools.environments import environment as made

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]

WORK = """
import os, time
from pathlib import Path
HERE = Path(__file__).parent
def work(name, seconds=1.0):
    (HERE / f"{name}.begun").touch()
    time.sleep(seconds)
    (HERE / f"{name}.done").touch()
"""
CELERY = """
from celery import Celery
folders = {"data_folder_in": str(HERE / "queue"), "data_folder_out": str(HERE / "queue"),
           "control_folder": str(HERE / "control")}
app = Celery("jobs", broker="filesystem://")
app.conf.update(broker_transport_options=folders, task_acks_late=True)
task = app.task(name="work")(work)
def send(*words): task.delay(*words)
"""
HUEY = """
from huey import SqliteHuey
huey = SqliteHuey(filename=str(HERE / "huey.db"))
task = huey.task()(work)
def send(*words): task(*words)
"""
RQ = """
from redis import Redis
from rq import Queue
def send(*words):
    Queue(connection=Redis.from_url(os.environ["REDIS_URL"])).enqueue("jobs.work", *words)
"""
DRAMATIQ = """
import dramatiq
from dramatiq.brokers.redis import RedisBroker
dramatiq.set_broker(RedisBroker(url=os.environ["REDIS_URL"]))
task = dramatiq.actor(work)
def send(*words): task.send(*words)
"""


@pytest.fixture(scope="module")
def programs() -> Path:
    try:
        return made(BASE_PYTHON, ROOT / "requirements" / "workers.txt")
    except UnavailableError as problem:
        cannot("workers of others", str(problem))


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    server = shutil.which("redis-server") or shutil.which("valkey-server")
    if server is None:
        pytest.skip("no redis-server or valkey-server on PATH (apt install redis-server)")
    port = free_port()
    words = ["--port", str(port), "--save", "", "--dir", str(tmp_path), "--bind", "127.0.0.1"]
    with subprocess.Popen([server, *words], stdout=subprocess.DEVNULL) as process:
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()


@contextmanager
def working(
    programs: Path, folder: Path, text: str, *words: str, grace: str = "10s", **env: str
) -> Iterator[Served]:
    (folder / "jobs.py").write_text(WORK + text)
    for name in ("queue", "control"):
        (folder / name).mkdir()
    variables = environment(PWD=str(folder), MORROW_GRACE=grace, **env)
    variables["PATH"] = f"{programs}:{os.environ['PATH']}"
    variables["PYTHONPATH"] = f"{folder}:{ROOT / 'src'}"
    one = Served([sys.executable, "-m", "morrow", "worker", "--", *words], variables)
    try:
        wait_for(lambda: one.messages("running"), "the line that says running", 60)
        one.send = lambda *given: subprocess.run(  # type: ignore[attr-defined]
            [programs / "python", "-c", f"import jobs; jobs.send(*{given!r})"],
            env=variables, check=True, timeout=60,
        )  # fmt: skip
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def finishes(one: Served, folder: Path) -> None:
    """Send work, stop the worker in the middle of it, and see it finished."""
    one.send("first", 2.0)  # type: ignore[attr-defined]
    wait_for(lambda: (folder / "first.begun").exists(), "the work's beginning", 60)
    one.terminate()
    code = one.wait(60)
    assert (folder / "first.done").exists(), one.lines
    assert code == 0, one.lines
    assert one.logged  # every line is JSON


def test_celery_finishes_its_task(programs: Path, tmp_path: Path) -> None:
    words = ("celery", "-A", "jobs", "worker", "--concurrency", "1", "--without-mingle")
    with working(programs, tmp_path, CELERY, *words) as one:
        finishes(one, tmp_path)


def test_celery_that_would_not_end_in_time_gives_its_task_back(
    programs: Path, tmp_path: Path
) -> None:
    words = ("celery", "-A", "jobs", "worker", "--concurrency", "1", "--without-mingle")
    with working(programs, tmp_path, CELERY, *words, grace="2s") as one:
        one.send("long", 60)  # type: ignore[attr-defined]
        wait_for(lambda: (tmp_path / "long.begun").exists(), "the work's beginning", 60)
        one.terminate()
        one.wait(60)
        assert one.messages("told to give its work back")
        assert not one.messages("its work is lost")
        assert list((tmp_path / "queue").iterdir()), "the task is not in its queue again"


def test_huey_finishes_its_task(programs: Path, tmp_path: Path) -> None:
    with working(programs, tmp_path, HUEY, "huey_consumer", "jobs.huey") as one:
        finishes(one, tmp_path)


def test_rq_finishes_its_job(programs: Path, tmp_path: Path, redis: str) -> None:
    words = ("rq", "worker", "--url", redis)
    with working(programs, tmp_path, RQ, *words, REDIS_URL=redis) as one:
        finishes(one, tmp_path)


def test_dramatiq_finishes_its_message(programs: Path, tmp_path: Path, redis: str) -> None:
    words = ("dramatiq", "jobs", "--processes", "1", "--threads", "1")
    with working(programs, tmp_path, DRAMATIQ, *words, REDIS_URL=redis) as one:
        finishes(one, tmp_path)
