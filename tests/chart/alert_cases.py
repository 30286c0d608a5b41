"""For each alert: series that make it fire, series near them that do not, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Series = Mapping[str, str]

POD = 'namespace="somewhere",container="shop",pod="shop-1"'
OTHER = 'namespace="somewhere",container="shop",pod="shop-2"'
WORKER = 'namespace="somewhere",container="worker",pod="shop-worker-1"'
HISTOGRAM = "http_server_request_duration_seconds"
DAY = 86400
# What a scrape says of the exporter's own pod; none of it may be seen on an alert.
EXPORTER = 'job="exporter",instance="10.0.0.9:8080"'
OWN_POD = f'{EXPORTER},pod="exporter-1",container="exporter"'


@dataclass(frozen=True)
class Case:
    """One alert. `at` is when it is looked for, in minutes; a series has a value each minute."""

    alert: str
    severity: str
    fires: Series
    silent: Series
    summary: str
    at: int = 30
    labels: Mapping[str, str] = field(default_factory=dict)


def responses(failed: str, good: str) -> Series:
    """Return the counts of requests that failed and that did not."""
    name = "morrow_responses_total"
    return {f'{name}{{{POD},class="5xx"}}': failed, f'{name}{{{POD},class="2xx"}}': good}


def failing(per_mille: int) -> Series:
    """Return a thousand requests a minute, of which so many fail."""
    return responses(f"0+{per_mille}x200", f"0+{1000 - per_mille}x200")


def slow(under_half_a_second: int, every: int = 1) -> Series:
    """Return a hundred requests a minute, of which so many are answered in time."""
    counts = {"0.5": under_half_a_second * every, "1": 100 * every, "+Inf": 100 * every}
    series = {
        f'{HISTOGRAM}_bucket{{{POD},le="{le}"}}': f"0+{n // 10}x100" for le, n in counts.items()
    }
    return series | {f"{HISTOGRAM}_count{{{POD}}}": f"0+{10 * every}x100"}


def threads(busy: int) -> Series:
    return {f"morrow_threads{{{POD}}}": "10x100", f"morrow_threads_busy{{{POD}}}": f"{busy}x100"}


def pool(busy: int) -> Series:
    own = f'{POD},pool="database"'
    return {f"morrow_pool{{{own}}}": "10x100", f"morrow_pool_busy{{{own}}}": f"{busy}x100"}


def checks(first: int, second: int) -> Series:
    return {
        f'morrow_check_up{{{POD},check="database"}}': f"{first}x100",
        f'morrow_check_up{{{OTHER},check="database"}}': f"{second}x100",
    }


def kube(kind: str, name: str = "shop", **values: object) -> dict[str, str]:
    """Return series of kube-state-metrics about one object; a value is a number or values."""
    label = {"hpa": "horizontalpodautoscaler", "pdb": "poddisruptionbudget"}.get(kind, kind)
    start = f"kube_{label}_"
    series = {}
    for metric, value in values.items():
        text = str(value) if " " in str(value) else f"{value}x200"
        series[f'{start}{metric}{{{OWN_POD},namespace="somewhere",{label}="{name}"}}'] = text
    return series


def memory(used: int) -> Series:
    return {
        f"container_memory_working_set_bytes{{{POD}}}": f"{used}x100",
        f'kube_pod_container_resource_limits{{{POD},resource="memory"}}': "100x100",
        f'kube_pod_container_resource_limits{{{POD},resource="cpu"}}': "1x100",
    }


def progressing(status: str) -> Series:
    name = "kube_deployment_status_condition"
    labels = f'{OWN_POD},namespace="somewhere",deployment="shop",condition="Progressing",status='
    return {f'{name}{{{labels}"{one}"}}': f"{int(one == status)}x100" for one in ("true", "false")}


def certificate(days: int, namespace: str = "somewhere") -> Series:
    """Return what cert-manager says, with the label that its own namespace pushed aside."""
    labels = f'{OWN_POD},namespace="cert-manager",exported_namespace="{namespace}",name="shop"'
    name = "certmanager_certificate_expiration_timestamp_seconds"
    return {f"{name}{{{labels}}}": f"{days * DAY}x200"}


def secret(created: int) -> Series:
    """Return when the Secret was made; the tests' time begins at 0."""
    return {'kube_secret_created{namespace="somewhere",secret="shop-1"}': f"{created}x200"}


def waiting(series: str) -> Series:
    return {f"shop_tasks_waiting{{{POD}}}": series}


def run(number: int, began: int, *, failed: bool) -> dict[str, str]:
    """Return one run of the cron."""
    labels = f'namespace="somewhere",job_name="shop-night-{number}"'
    ended = {f'kube_job_failed{{{labels},condition="true"}}': "1x200"} if failed else {}
    return ended | {f"kube_job_status_start_time{{{labels}}}": f"{began}x200"}


def burn(name: str, severity: str, fires: int, silent: int, days: int, at: int) -> Case:
    """Return the case of a burn-rate alert, from failures in a thousand requests."""
    said = f"shop fails {fires / 10:g}% of its requests: the budget of 30 days lasts {days} days."
    return Case(f"ErrorBudget{name}", severity, failing(fires), failing(silent), said, at)


NIGHT = {"process": "night"}
CASES = [
    burn("BurnsFast", "critical", 20, 14, 2, 70),
    burn("Burns", "critical", 10, 5, 5, 70),
    burn("BurnsSlowly", "warning", 4, 2, 10, 140),
    burn("WillRunOut", "warning", 2, 1, 30, 140),
    Case(
        "FewRequestsFail", "critical",
        responses("0x50 1 1 1 1 2 2 2 2 3x40", "1x100"), responses("0x50 1x50", "0x100"),
        "shop fails 100% of its few requests, at least three of them.", 80,
    ),
    Case(
        "RequestsSlow", "warning", slow(90, 10), slow(96, 10),
        "shop answers 5 % of its requests later than 750ms; at most 0.5 s were promised.",
    ),
    Case(
        "ThreadsBusy", "warning", threads(9), threads(8),
        "shop uses 90% of its threads: requests are about to wait.",
    ),
    Case(
        "PoolBusy", "warning", pool(9), pool(8),
        "shop-1 of shop uses 90% of its pool database: requests are about to wait.",
        labels={"pod": "shop-1", "pool": "database"},
    ),
    Case(
        "LoopHeldUp", "warning",
        {f"morrow_loop_held_up_seconds{{{POD}}}": "0.8x100"},
        {f"morrow_loop_held_up_seconds{{{POD}}}": "0 2x3 0x100"},
        "The event loop of shop-1 of shop comes 800ms late: every request waits for it.",
        labels={"pod": "shop-1"},
    ),
    Case(
        "CheckDown", "critical", checks(0, 0), checks(1, 0),
        "The check database of shop fails in every pod.", labels={"check": "database"},
    ),
    Case(
        "PodRestarts", "warning",
        {f"kube_pod_container_status_restarts_total{{{EXPORTER},{POD}}}": "0 0 0 0 0 3x100"},
        {f"kube_pod_container_status_restarts_total{{{EXPORTER},{POD}}}": "5x100"},
        "shop-1 of shop was restarted more than twice in 15 minutes.", 15,
        {"pod": "shop-1"},
    ),
    Case(
        "MemoryNearLimit", "warning", memory(95), memory(85),
        "shop-1 of shop uses 95% of its memory: at the limit it is killed.",
        labels={"pod": "shop-1"},
    ),
    Case(
        "ReplicasMissing", "critical",
        kube("deployment", spec_replicas=3, status_replicas_available=1),
        kube("deployment", spec_replicas=3, status_replicas_available=3),
        "shop has only 1 ready pods, fewer than were asked for.", labels={"deployment": "shop"},
    ),
    Case(
        "RolloutStuck", "warning", progressing("false"), progressing("true"),
        "The rollout of shop does not go on; old pods still run.",
        labels={"deployment": "shop"},
    ),
    Case(
        "AutoscalerAtMaximum", "warning",
        kube("hpa", status_current_replicas=9, spec_max_replicas=9, spec_min_replicas=2),
        kube("hpa", status_current_replicas=8, spec_max_replicas=9, spec_min_replicas=2),
        "shop has run with 9 pods, the most that its autoscaler may start, for half an hour.", 45,
        {"horizontalpodautoscaler": "shop"},
    ),
    Case(
        "DisruptionsBlocked", "warning",
        kube("pdb", status_pod_disruptions_allowed=0, status_expected_pods=2),
        kube("pdb", status_pod_disruptions_allowed=0, status_expected_pods=0),
        "No pod of shop may be moved: nodes cannot be drained.", 45,
        {"poddisruptionbudget": "shop"},
    ),
    Case(
        "PodNotScraped", "warning",
        {f"up{{{POD}}}": "0x100", f"up{{{OTHER}}}": "1x100"}, {f"up{{{POD}}}": "0x5 1x100"},
        "The metrics of shop-1 of shop cannot be read.", labels={"pod": "shop-1"},
    ),
    Case(
        "MetricsMissing", "warning",
        {f"morrow_info{{{POD}}}": "1x100"}, responses("0x99", "0x99"),
        "No metrics of shop arrive: its other alerts cannot fire.", labels={"container": "shop"},
    ),
    Case(
        "JobFailed", "critical",
        {'kube_job_failed{namespace="somewhere",job_name="shop-migrate",condition="true"}': "1x99"},
        {'kube_job_failed{namespace="somewhere",job_name="shop-other",condition="true"}': "1x99"},
        "The release task shop-migrate failed: the release was not rolled out.",
        labels={"process": "migrate"},
    ),
    Case(
        "CronMissed", "warning",
        kube("cronjob", "shop-night", next_schedule_time=600, spec_suspend=0),
        kube("cronjob", "shop-night", next_schedule_time=600, spec_suspend=1),
        "shop-night should have begun 20m 0s ago.", labels=NIGHT,
    ),
    Case(
        "CronFails", "warning",
        run(1, 60, failed=False) | run(2, 600, failed=True)
        | kube("cronjob", "shop-night", status_last_successful_time=90),
        run(1, 60, failed=True) | run(2, 600, failed=False)
        | kube("cronjob", "shop-night", status_last_successful_time=630),
        "The last run of shop-night failed, and none has succeeded since.", labels=NIGHT,
    ),
    Case(
        "WorkerNotConsuming", "critical", waiting("5+1x10 15x100"),
        waiting("5 5 5 5 4 5 5 5 5 4 5 5 5 5 4 5x5 4 5x5 4x100"),
        "For 15 minutes 15 tasks or more have waited for shop-worker, and they grew no fewer.",
        25, {"process": "worker"},
    ),
    Case(
        "CertificateExpires", "warning", certificate(10), certificate(10, "elsewhere"),
        "A certificate of shop expires in 9d 22h 0m 0s.", 120,
        {"name": "shop"},
    ),
    Case(
        "SecretOld", "warning", secret(-91 * DAY), secret(-89 * DAY),
        "The secrets of shop are 91d 2h 0m 0s old, and were to be changed before.", 120,
    ),
]  # fmt: skip
