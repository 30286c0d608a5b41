"""The lab's stand-in for kube-state-metrics says all that the chart asks of it, and no more."""

from __future__ import annotations

import re
from typing import Any

from lab.object_metrics import next_run, page
from tests.unit.frame.repository import tracked

THEN = "2026-01-01T00:00:00Z"
CONTAINER = {
    "name": "web",
    "resources": {"limits": {"memory": "64Mi"}, "requests": {"cpu": "250m"}},
}


def one(**parts: Any) -> list[dict[str, Any]]:
    meta = {"namespace": "shop", "name": "web", "creationTimestamp": THEN}
    return [{"metadata": meta, "spec": {}, "status": {}, **parts}]


OBJECTS = {
    "pod": one(
        spec={"containers": [CONTAINER]},
        status={"containerStatuses": [{"name": "web", "restartCount": 3}]},
    ),
    "secret": one(),
    "deployment": one(
        spec={"replicas": 2},
        status={"conditions": [{"type": "Progressing", "status": "False"}]},
    ),
    "statefulset": one(),
    "horizontalpodautoscaler": one(),
    "poddisruptionbudget": one(),
    "job": one(
        status={"startTime": THEN, "conditions": [{"type": "Failed", "status": "True"}]}
    ),
    "cronjob": one(
        spec={"schedule": "*/5 * * * *", "suspend": False}, status={"lastSuccessfulTime": THEN}
    ),
}  # fmt: skip


def test_what_the_chart_asks_is_said_and_nothing_else() -> None:
    files = tracked("chart/files/rules/*.yaml", "chart/files/*.json")
    asked = {name for file in files for name in re.findall(r"\bkube_\w+", file.read_text())}
    assert len(asked) > 15
    said = {line.partition("{")[0] for line in page(OBJECTS).splitlines()}
    assert said == asked - {"kube_"}


def test_each_value_is_the_objects_own() -> None:
    lines = page(OBJECTS).splitlines()
    for line in (
        'kube_pod_container_status_restarts_total{namespace="shop",pod="web",container="web"} '
        "3.000",
        'kube_deployment_spec_replicas{namespace="shop",deployment="web"} 2.000',
        'kube_deployment_status_replicas_available{namespace="shop",deployment="web"} 0.000',
        'kube_deployment_status_condition{namespace="shop",deployment="web",'
        'condition="Progressing",status="false"} 1.000',
        'kube_deployment_status_condition{namespace="shop",deployment="web",'
        'condition="Progressing",status="true"} 0.000',
        'kube_job_failed{namespace="shop",job_name="web",condition="true"} 1.000',
    ):
        assert line in lines, line


def test_a_suspended_cron_is_due_at_no_time() -> None:
    cron = one(spec={"schedule": "* * * * *", "suspend": True})
    assert "next_schedule_time" not in page({"cronjob": cron})


def test_when_a_cron_is_due() -> None:
    def after(schedule: str, zone: str = "UTC") -> float:
        return next_run(schedule, zone, THEN) - next_run("* * * * *", "UTC", THEN) + 60

    assert after("*/5 * * * *") == 5 * 60
    assert after("0 3,5 * * *") == 3 * 3600
    assert after("0 3 * * 1-5", "Europe/Berlin") == 2 * 3600
    assert after("30 2 * * 0") == (3 * 24 + 2.5) * 3600, "Sunday after a Thursday"
    assert next_run("0 3 1 7 *", "UTC", THEN) == 0
