"""A stand-in for kube-state-metrics: the series that the chart's rules and dashboards read.

`python -m lab.object_metrics` watches the real objects and serves one page. Names and labels are
those of kube-state-metrics 2; whatever no rule asks for is left out.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

from lab.layout import HOST, OBJECT_METRICS_PORT
from lab.watch import watching

KINDS = {
    "pod": "/api/v1/pods",
    "secret": "/api/v1/secrets",
    "deployment": "/apis/apps/v1/deployments",
    "statefulset": "/apis/apps/v1/statefulsets",
    "horizontalpodautoscaler": "/apis/autoscaling/v2/horizontalpodautoscalers",
    "poddisruptionbudget": "/apis/policy/v1/poddisruptionbudgets",
    "job": "/apis/batch/v1/jobs",
    "cronjob": "/apis/batch/v1/cronjobs",
}
UNITS = {"m": 0.001, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
# Numbers that are copied: where each stands in its object, by the end of its series' name.
COPIED = {
    "deployment": {
        "spec_replicas": ("spec", "replicas"),
        "status_replicas_available": ("status", "availableReplicas"),
    },
    "statefulset": {
        "replicas": ("spec", "replicas"),
        "status_replicas_ready": ("status", "readyReplicas"),
        "status_replicas_updated": ("status", "updatedReplicas"),
    },
    "horizontalpodautoscaler": {
        "spec_max_replicas": ("spec", "maxReplicas"),
        "spec_min_replicas": ("spec", "minReplicas"),
        "status_current_replicas": ("status", "currentReplicas"),
    },
    "poddisruptionbudget": {
        "status_pod_disruptions_allowed": ("status", "disruptionsAllowed"),
        "status_expected_pods": ("status", "expectedPods"),
    },
    "cronjob": {"spec_suspend": ("spec", "suspend")},
}
Sample = tuple[str, Mapping[str, str], float]


def page(objects: Mapping[str, Sequence[Any]]) -> str:
    """Return what is to be read of all objects, by kind."""
    told = (each for kind, found in objects.items() for one in found for each in samples(kind, one))
    return "".join(f"{name}{{{_written(labels)}}} {value:.3f}\n" for name, labels, value in told)


def _written(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{text}"' for name, text in labels.items())


def samples(kind: str, one: Any) -> Iterator[Sample]:  # noqa: ANN401 - the API's object
    """Yield what is told of one object."""
    meta = one["metadata"]
    label = "job_name" if kind == "job" else kind
    own = {"namespace": meta["namespace"], label: meta["name"]}
    for end, (part, field) in COPIED.get(kind, {}).items():
        yield f"kube_{kind}_{end}", own, float(one.get(part, {}).get(field) or 0)
    if kind == "pod":
        yield from _of_containers(one, own)
    elif kind == "secret":
        yield "kube_secret_created", own, _seconds(meta["creationTimestamp"])
    elif kind == "deployment":
        for condition in one["status"].get("conditions", []):
            for status in ("true", "false", "unknown"):
                more = {"condition": condition["type"], "status": status}
                holds = condition["status"].lower() == status
                yield "kube_deployment_status_condition", {**own, **more}, float(holds)
    elif kind == "job":
        yield from _of_job(one, own)
    elif kind == "cronjob":
        yield from _of_cron(one, own)


def _of_containers(pod: Any, own: Mapping[str, str]) -> Iterator[Sample]:  # noqa: ANN401
    for status in pod["status"].get("containerStatuses", []):
        labels = {**own, "container": status["name"]}
        name = "kube_pod_container_status_restarts_total"
        yield name, labels, float(status["restartCount"])
    for container in pod["spec"]["containers"]:
        for part in ("limits", "requests"):
            for resource, text in container.get("resources", {}).get(part, {}).items():
                labels = {**own, "container": container["name"], "resource": resource}
                yield f"kube_pod_container_resource_{part}", labels, quantity(text)


def _of_job(job: Any, own: Mapping[str, str]) -> Iterator[Sample]:  # noqa: ANN401
    if "startTime" in job["status"]:
        yield "kube_job_status_start_time", own, _seconds(job["status"]["startTime"])
    for condition in job["status"].get("conditions", []):
        if condition["type"] == "Failed" and condition["status"] == "True":
            yield "kube_job_failed", {**own, "condition": "true"}, 1.0


def _of_cron(cron: Any, own: Mapping[str, str]) -> Iterator[Sample]:  # noqa: ANN401
    spec, status = cron["spec"], cron["status"]
    if "lastSuccessfulTime" in status:
        last = _seconds(status["lastSuccessfulTime"])
        yield "kube_cronjob_status_last_successful_time", own, last
    since = status.get("lastScheduleTime") or cron["metadata"]["creationTimestamp"]
    due = next_run(spec["schedule"], spec.get("timeZone") or "UTC", since)
    if due and not spec.get("suspend"):
        yield "kube_cronjob_next_schedule_time", own, due


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def quantity(text: str) -> float:
    """Return a quantity as a number.

    >>> quantity("64Mi"), quantity("250m"), quantity("2")
    (67108864.0, 0.25, 2.0)
    """
    unit = text.lstrip("0123456789.")
    return float(text.removesuffix(unit)) * UNITS.get(unit, 1)


@lru_cache(maxsize=256)
def next_run(schedule: str, zone: str, since: str) -> float:
    """Return when a cron is due after `since`; 0 when that is more than a week away.

    >>> next_run("30 4 * * *", "UTC", "2026-01-01T05:00:00Z") == _seconds("2026-01-02T04:30:00Z")
    True
    """
    minute, hour, day, month, weekday = schedule.split()
    at = datetime.fromisoformat(since).astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    for _ in range(7 * 24 * 60):
        at += timedelta(minutes=1)
        fields = ((minute, at.minute), (hour, at.hour), (day, at.day), (month, at.month))
        if all(_matches(*each) for each in (*fields, (weekday, at.isoweekday() % 7))):
            return at.timestamp()
    return 0.0


def _matches(field: str, value: int) -> bool:
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low = 0 if span == "*" else int(first)
        high = 99 if span == "*" else int(last or first)
        if low <= value <= high and (value - low) % int(step or 1) == 0:
            return True
    return False


def main() -> int:
    """Serve until killed."""
    objects = watching(KINDS, threading.Event())

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(page(objects()).encode())

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    print("object metrics: a stand-in for kube-state-metrics, for tests", flush=True)
    ThreadingHTTPServer((HOST, OBJECT_METRICS_PORT), Page).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
