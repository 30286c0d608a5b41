"""The dashboards, from one table: for Grafana as JSON, which `morrow dash` draws too.

`python -m tests.chart.dashboards` writes chart/files/dashboard.json and fleet.json.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.chart.rendering import CHART

FILES = CHART / "files"
HISTOGRAM = "http_server_request_duration_seconds"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
OWN = 'namespace="$namespace",container="@NAME@",pod=~"$pod"'
ALL = 'namespace=~"$namespace"'
EACH = "by (namespace, container)"
SERVICE = "{{namespace}}/{{container}}"


@dataclass(frozen=True)
class Panel:
    """One graph: what it shows, in which unit of Grafana's, and its queries by their legends."""

    title: str
    told: str
    unit: str
    queries: Sequence[tuple[str, str]]


def rate(metric: str, labels: str = OWN) -> str:
    return f"rate({metric}{{{labels}}}[$__rate_interval])"


def percentile(share: float, labels: str = OWN, by: str = "le") -> str:
    return f"histogram_quantile({share}, sum by ({by}) ({rate(f'{HISTOGRAM}_bucket', labels)}))"


def per_pod(metric: str, more: str = "") -> str:
    return f"sum by (pod) ({metric}{{{OWN}{more}}})"


def per_pool(metric: str) -> str:
    return f"sum by (pod, pool) ({metric}{{{OWN}}})"


ANSWERED = f"sum({rate(f'{HISTOGRAM}_count')})"
QUICK = f'{OWN},le="0.25"'
FAILED = 'class=~"4xx|5xx"'
MEMORY, CPU = f'{OWN},resource="memory"', f'{OWN},resource="cpu"'
PANELS = [
    Panel("Requests per second", "How much the service is asked.", "reqps", [
        ("all", ANSWERED),
        ("{{http_route}}", f"sum by (http_route) ({rate(f'{HISTOGRAM}_count')})"),
    ]),
    Panel("Average response", "The mean hides slow requests: see the percentiles.", "s", [
        ("average", f"sum({rate(f'{HISTOGRAM}_sum')}) / {ANSWERED}"),
    ]),
    Panel("Share under 250 ms", "The share of requests that people feel to be quick.",
        "percentunit", [
        ("under 250 ms", f"sum({rate(f'{HISTOGRAM}_bucket', QUICK)}) / {ANSWERED}"),
    ]),
    Panel("Percentiles of the response", "p99: one request in a hundred is slower.", "s", [
        (f"p{share:g}", percentile(share / 100)) for share in (50, 95, 99)
    ]),
    Panel("Errors per second", "4xx is what callers did wrong, 5xx what the service did.",
        "reqps", [
        ("{{class}}", f"sum by (class) ({rate('morrow_responses_total', f'{OWN},{FAILED}')})"),
    ]),
    Panel("Requests per minute", "By pod: an uneven picture is a load balancer's doing.", "short", [
        ("{{pod}}", f"60 * sum by (pod) ({rate(f'{HISTOGRAM}_count')})"),
    ]),
    Panel("Memory per pod", "The working set is what the limit is held against.", "bytes", [
        ("{{pod}}", per_pod("container_memory_working_set_bytes")),
        ("{{pod}}, process", per_pod("process_resident_memory_bytes")),
        ("limit", f"max(kube_pod_container_resource_limits{{{MEMORY}}})"),
    ]),
    Panel("CPU per pod", "In cores. More than was asked for is not promised.", "short", [
        ("{{pod}}", f"sum by (pod) ({rate('container_cpu_usage_seconds_total')})"),
        ("{{pod}}, process", f"sum by (pod) ({rate('process_cpu_seconds_total')})"),
        ("asked for", f"max(kube_pod_container_resource_requests{{{CPU}}})"),
    ]),
    Panel("Threads and pools busy", "At 100 % requests wait. A service declares its pools.",
        "percentunit", [
        ("{{pod}}", f"{per_pod('morrow_threads_busy')} / {per_pod('morrow_threads')}"),
        ("{{pod}} {{pool}}", f"{per_pool('morrow_pool_busy')} / {per_pool('morrow_pool')}"),
    ]),
    Panel("Error budget left", "Of 30 days' failures. Below 0 the promise is broken.",
        "percentunit", [
        ("left", 'service:request_errors:budget_left{namespace="$namespace",service="@NAME@"}'),
    ]),
    Panel("Checks", "1 while a check passes in every pod.", "short", [
        ("{{check}}", f"min by (check) (morrow_check_up{{{OWN}}})"),
    ]),
    Panel("Requests at once", "Requests being handled.", "short", [
        ("{{pod}}", per_pod("http_server_active_requests")),
    ]),
    Panel("Versions", "Pods by version: during a rollout two run side by side.", "short", [
        ("{{version}}", f"count by (version) (morrow_info{{{OWN}}})"),
    ]),
    Panel("Restarts", "Of containers by the kubelet, and of workers inside them.", "short", [
        ("{{pod}}", per_pod("kube_pod_container_status_restarts_total")),
        ("{{pod}}, worker", per_pod("morrow_worker_restarts_total")),
    ]),
]  # fmt: skip
# Between which a value is in its unit, of the panels where a wrong one would lie outside.
BOUNDS = {
    "Share under 250 ms": (0, 1), "Threads and pools busy": (0, 1), "Error budget left": (-1e4, 1),
    "Average response": (1e-5, 5), "Percentiles of the response": (1e-5, 10),
    "Memory per pod": (1e7, 3e8), "CPU per pod": (0, 4), "Checks": (0, 1),
}  # fmt: skip
COUNTED = "morrow_responses_total"
FIRING = f'{ALL},service!="",alertstate="firing"'
LAST = f'{ALL},class="5xx"'
FLEET = [
    Panel("Requests per second", "By service.", "reqps", [
        (SERVICE, f"sum {EACH} ({rate(COUNTED, ALL)})"),
    ]),
    Panel("Share that fails", "Answers with a 5xx.", "percentunit", [
        (SERVICE, f"sum {EACH} ({rate(COUNTED, LAST)}) / sum {EACH} ({rate(COUNTED, ALL)})"),
    ]),
    Panel("99 % answered within", "By service.", "s", [
        (SERVICE, percentile(0.99, ALL, "namespace, container, le")),
    ]),
    Panel("Error budget left", "Of 30 days, for services with alerts.", "percentunit", [
        ("{{namespace}}/{{service}}", f"service:request_errors:budget_left{{{ALL}}}"),
    ]),
    Panel("Threads busy", "Saturation: at 100 % requests wait.", "percentunit", [
        (SERVICE, f"sum {EACH} (morrow_threads_busy{{{ALL}}}) / "
                  f"sum {EACH} (morrow_threads{{{ALL}}})"),
    ]),
    Panel("Versions", "Pods by service and version.", "short", [
        (f"{SERVICE} {{{{version}}}}",
         f"count by (namespace, container, version) (morrow_info{{{ALL}}})"),
    ]),
    Panel("Memory", "Of the pod that uses most.", "bytes", [
        (SERVICE, f"max {EACH} (process_resident_memory_bytes{{{ALL}}} "
                  f"and on (namespace, pod) morrow_info{{{ALL}}})"),
    ]),
    Panel("Alerts", "What fires now.", "short", [
        ("{{alertname}} {{service}}",
         f"count by (alertname, service) (ALERTS{{{FIRING}}})"),
    ]),
]  # fmt: skip
# When the first pod of each version, revision of secrets and ReplicaSet (new settings alone make
# one) began, in ms: a marker on every panel. A StatefulSet's pods name none.
BEGAN = (
    "min by (namespace, container, version, secrets_revision, pods) (label_replace("
    "process_start_time_seconds{%s} "
    "* on (namespace, pod) group_left (version, secrets_revision) morrow_info{%s}, "
    '"pods", "$1", "pod", ".+-([a-z0-9]+)-[a-z0-9]{5}")) * 1000'
)
WHO = "{{namespace}}/{{container}} "  # of all services: whose version it is
KNOWN = 'morrow_info{namespace="$namespace",container="@NAME@"}'


def target(number: int, legend: str, query: str) -> dict[str, Any]:
    return {
        "datasource": SOURCE,
        "expr": query,
        "legendFormat": legend,
        "refId": chr(ord("A") + number),
    }


def graph(number: int, panel: Panel) -> dict[str, Any]:
    """Return a panel as Grafana has it, three beside each other."""
    place = {"h": 8, "w": 8, "x": number % 3 * 8, "y": number // 3 * 8}
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.told,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi"},
        },
        "targets": [target(at, *query) for at, query in enumerate(panel.queries)],
    }


def variable(name: str, query: str, *, many: bool) -> dict[str, Any]:
    every = {"allValue": ".*", "current": {"text": "All", "value": "$__all"}} if many else {}
    return {
        "name": name,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": f"label_values({query}, {name})", "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": many,
        "includeAll": many,
    } | every


def board(
    title: str, uid: str, panels: Sequence[Panel], variables: Sequence[Any], labels: str, who: str
) -> str:
    """Return a dashboard's text; `who` stands before a version that began."""
    marker = {
        "name": "Deploys",
        "enable": True,
        "iconColor": "purple",
        "datasource": SOURCE,
        "expr": BEGAN % (labels, labels),
        "useValueForTime": True,
        "titleFormat": f"{who}{{{{version}}}}",
        "textFormat": "version {{version}}, secrets {{secrets_revision}}, pods {{pods}}",
    }
    source = {"name": "datasource", "type": "datasource", "query": "prometheus"}
    whole = {
        "title": title,
        "uid": uid,
        "tags": ["morrow"],
        "timezone": "browser",
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "annotations": {"list": [marker]},
        "templating": {"list": [source, *variables]},
        "panels": [graph(number, panel) for number, panel in enumerate(panels)],
    }
    return json.dumps(whole, indent=1) + "\n"


def boards() -> dict[str, str]:
    """Return each dashboard's file and text."""
    service = [
        variable("namespace", 'morrow_info{container="@NAME@"}', many=False),
        variable("pod", KNOWN, many=True),
    ]
    fleet = [variable("namespace", "morrow_info", many=True)]
    return {
        "dashboard.json": board("@NAME@", "@UID@", PANELS, service, OWN, ""),
        "fleet.json": board("All services", "morrow-fleet", FLEET, fleet, ALL, WHO),
    }


if __name__ == "__main__":
    for name, text in boards().items():
        (FILES / name).write_text(text)
