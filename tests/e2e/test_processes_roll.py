"""The proof for processes: web, workers and a cron roll, and no request and no task is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e import tasks
from tests.e2e.cluster import Cluster, CommandError, Image, eventually, needs_lab
from tests.e2e.conftest import proving
from tests.e2e.pods import names, ready
from tests.e2e.rig import FOLDER, NOTHING, Rig
from tests.e2e.tasks import Tasks

pytestmark = [
    pytest.mark.full,
    pytest.mark.proof,
    pytest.mark.timeout(900),
    needs_lab("has pods that reach a queue on this machine"),
]
WORKERS = 3


@pytest.fixture(scope="module")
def queue() -> Iterator[Tasks]:
    with tasks.serve() as served:
        yield served


@pytest.fixture(scope="module")
def rig(
    cluster: Cluster,
    hello_images: dict[str, Image],
    queue: Tasks,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Rig]:
    """hello with ten pods at first, three workers, a cron and a job."""
    with proving("processes", cluster, hello_images, request, FOLDER / "processes") as rig:
        rig.file = tmp_path_factory.mktemp("processes") / "test.yaml"
        write(rig, queue)
        rig.install()
        yield rig


def write(
    rig: Rig, queue: Tasks, *, worker: str = tasks.WORKER, migrate: str = tasks.REPORT, **more: Any
) -> None:
    """Write the environment file."""
    processes = {
        "mails": {
            "kind": "worker",
            "command": ["python3", "-c", worker],
            "replicas": WORKERS,
            "drain": 0,
            "grace": 15,
        },
        "tick": {
            "kind": "cron",
            "command": ["python3", "-c", tasks.REPORT, "tick"],
            "schedule": "* * * * *",
        },
        "migrate": {"kind": "job", "command": ["python3", "-c", migrate, "migrate"], "retries": 0},
    }
    values = {"environment": "test", "config": {"QUEUE": queue.address}, "processes": processes}
    rig.file.write_text(json.dumps(values | more))


def workers(rig: Rig) -> list[Any]:
    """The workers' pods."""
    where = "app.kubernetes.io/name=hello,app.kubernetes.io/component=mails"
    found: list[Any] = rig.cluster.get("pods", "-n", rig.namespace, "-l", where)["items"]
    return found


def rolled(rig: Rig, before: set[str]) -> None:
    """Wait until new workers have taken the place of those `before`, which are gone."""

    def new() -> bool:
        pods = workers(rig)
        return len(pods) == WORKERS and before.isdisjoint(names(pods)) and all(map(ready, pods))

    eventually("new workers", new, within=120)


def test_a_job_runs_once_for_ten_pods(rig: Rig, queue: Tasks) -> None:
    rig.upgrade({"replicas": "10"})
    assert len(rig.pods()) == 10
    assert queue.ran["migrate"] == 2, "once at the install, once at the upgrade"
    rig.upgrade({"replicas": "2"})
    rig.settle()
    assert queue.ran["migrate"] == 3


def test_all_roll_at_once(rig: Rig, queue: Tasks) -> None:
    before, web = names(workers(rig)), names(rig.pods())
    ticks = queue.ran["tick"]
    with rig.under_load("web, workers and a cron roll", NOTHING) as run:
        eventually("a task", lambda: queue.taken > 0, within=30)
        run.mark("update")
        rig.upgrade(rig.other_image())
        run.settle()
        rolled(rig, before)
        eventually("the cron", lambda: queue.ran["tick"] > ticks, within=90)
    assert not web & names(rig.pods()), "every pod is a new one"
    time.sleep(1)  # for what is worked on now
    lost = [task for task in queue.lost() if task <= queue.taken - WORKERS]
    assert lost == [], f"{len(lost)} of {queue.taken} tasks never came back"
    assert max(queue.done.values()) == 1, "no task was done twice"
    assert queue.taken > 50
    rig.nothing_lost(f"{len(lost)} of {queue.taken} tasks lost")


def test_a_job_that_fails_changes_nothing(rig: Rig, queue: Tasks) -> None:
    before = names(workers(rig)) | names(rig.pods())
    write(rig, queue, migrate="import sys; sys.exit(3)", annotations={"example.com/try": "2"})
    with pytest.raises(CommandError, match="pre-upgrade"):
        rig.upgrade()
    assert names(workers(rig)) | names(rig.pods()) == before
    write(rig, queue)
    rig.upgrade()


def test_control_workers_that_die_where_they_stand(rig: Rig, queue: Tasks) -> None:
    """Three updates with a worker that does not hear SIGTERM and no time to end: tasks are lost."""
    write(rig, queue, worker=tasks.CARELESS)
    rig.upgrade()
    eventually("careless workers", lambda: all(map(ready, workers(rig))), within=90)
    for _ in range(2):
        before = names(workers(rig))
        rig.upgrade(rig.other_image())
        rolled(rig, before)
    taken = queue.taken
    eventually("more tasks", lambda: queue.taken > taken + 2 * WORKERS, within=30)
    assert [task for task in queue.lost() if task <= taken], "it must lose some"
