"""Rules and dashboard name only metrics that exist: on a running hello, or listed with a source."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import ROOT
from tests.unit.frame.skips import cannot
from tests.unit.kit.served import HELLO, served

FILES = ROOT / "chart" / "files"
DASHBOARD: dict[str, Any] = json.loads((FILES / "dashboard.json").read_text())
RULES = [
    rule
    for group in yaml.safe_load((FILES / "rules.yaml").read_text())["groups"]
    for rule in group["rules"]
]
FOREIGN = {
    line.split(" ", 1)[0]: line.split(" ", 1)[1]
    for line in (FILES / "foreign-metrics.txt").read_text().splitlines()
    if line and not line.startswith("#")
}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
# What the chart and Grafana fill in, as something that parses.
FILLED = {
    "@NAME@": "shop",
    "@NAMESPACE@": "somewhere",
    "@BUDGET@": "0.001",
    "@LATENCY@": "0.5",
    "@HOSTS@": "shop.example.com",
    "$__rate_interval": "5m",
    "$namespace": "somewhere",
    "$pod": ".*",
}
WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
GROUPING = r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)"


def panels() -> list[dict[str, Any]]:
    """Return every panel, those inside rows too."""
    found: list[dict[str, Any]] = []
    for panel in DASHBOARD["panels"]:
        found += [panel, *panel.get("panels", [])]
    return found


def expressions() -> list[str]:
    """Return every PromQL expression of rules and dashboard, filled in."""
    raw = [rule["expr"] for rule in RULES]
    raw += [target["expr"] for panel in panels() for target in panel.get("targets", [])]
    queries = [v["query"]["query"] for v in DASHBOARD["templating"]["list"] if v["type"] == "query"]
    raw += [re.sub(r"^label_values\((.*), *\w+\)$", r"\1", query) for query in queries]
    filled = []
    for text in raw:
        for word, value in FILLED.items():
            text = text.replace(word, value)
        filled.append(text)
    return filled


def metrics(expression: str) -> set[str]:
    """Return the metrics that a PromQL expression names."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    bare = re.sub(GROUPING, " ", bare)
    names = re.findall(r"(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\s*\()(?![\w:])", bare)
    return {name for name in names if name.lower() not in WORDS}


# Labels that Prometheus and the monitors add to what a pod exposes.
ADDED = {"namespace", "pod", "container"}
# A check's name; hello declares none, so its family has no series here.
CHECKS = {"morrow_check_up": {"check"}}


def labels(expression: str, expositions: str) -> set[str]:
    """Return the labels that an expression asks a metric of the service for, and it has not."""
    wrong = set()
    for name, asked in re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", expression):
        series = re.findall(rf"^{name}(?:\{{(.*)\}})? [^ ]+$", expositions, re.MULTILINE)
        if f"# TYPE {re.sub('_(bucket|sum|count)$', '', name)} " in expositions:
            has = {label for one in series for label in re.findall(r'(\w+)="', one)}
            has |= ADDED | CHECKS.get(name, set())
            wrong |= {f"{name}: {a}" for a in re.findall(r"(\w+)\s*[=!]", asked)} - {
                f"{name}: {label}" for label in has
            }
    return wrong


def exposed(text: str) -> set[str]:
    """Return the names of an exposition, also of families that have no series yet."""
    names = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            ends = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            names |= {name + end for end in ends}
    return names


def unknown(expression: str, known: set[str]) -> set[str]:
    """Return the metrics that nobody exposes."""
    return metrics(expression) - known - set(FOREIGN) - RECORDED


@pytest.fixture(scope="module")
def metrics_of_hello() -> Iterator[str]:
    """What a running hello exposes."""
    with served("hello.app:service", **HELLO) as hello:
        hello.get("/")
        yield hello.admin("/metrics").text


@pytest.fixture(scope="module")
def known(metrics_of_hello: str) -> set[str]:
    """The metrics of a running hello."""
    return exposed(metrics_of_hello)


def test_every_metric_is_exposed_by_hello_or_listed_with_its_source(known: set[str]) -> None:
    assert len(expressions()) > 20
    for expression in expressions():
        assert metrics(expression), expression
        assert not unknown(expression, known), expression


def test_the_check_sees_a_misspelt_metric(known: set[str]) -> None:
    assert unknown("sum(rate(morrow_thread_busy[5m])) by (pod)", known) == {"morrow_thread_busy"}
    fine = 'sum by (le) (rate(http_server_request_duration_seconds_bucket{le="0.25"}[5m])) > 0'
    assert not unknown(fine, known)


def test_every_label_is_one_that_the_metric_has(metrics_of_hello: str) -> None:
    for expression in expressions():
        assert labels(expression, metrics_of_hello) == set(), expression
    asked = 'rate(http_server_request_duration_seconds_count{namespace="a",status=~"5.."}[5m])'
    wrong = {"http_server_request_duration_seconds_count: status"}
    assert labels(asked, metrics_of_hello) == wrong


def test_the_histogram_has_the_bounds_that_are_asked_for(metrics_of_hello: str) -> None:
    bounds = [float(b) for b in re.findall(r'_bucket\{.*le="([^"]+)"\}', metrics_of_hello)]
    assert 0.25 in bounds
    schema = json.loads((ROOT / "chart" / "values.schema.json").read_text())
    rules = schema["properties"]["observability"]["properties"]["rules"]["properties"]
    # A quantile is never above the highest bound: an alert on more than that could never fire.
    assert rules["latency"]["maximum"] < max(bound for bound in bounds if bound != float("inf"))
    # Nor is a ratio of errors ever above 1, and the fastest burn is 14.4 times the budget.
    assert 14.4 * (100 - rules["availability"]["minimum"]) / 100 < 1


def test_every_foreign_metric_is_used_and_has_a_source() -> None:
    used = set().union(*map(metrics, expressions()))
    assert set(FOREIGN) <= used
    assert all(FOREIGN.values())


def test_every_expression_parses(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        cannot("the dashboard's expressions", "there is no promtool on PATH", "promtool")
    rules = [{"record": f"r:{n}", "expr": text} for n, text in enumerate(expressions())]
    file = tmp_path / "expressions.yaml"
    file.write_text(json.dumps({"groups": [{"name": "all", "rules": rules}]}))
    done = subprocess.run(
        [promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout


@pytest.mark.parametrize(
    "title",
    [
        "Requests per second",
        "Average response",
        "Share under 250 ms",
        "Percentiles of the response",
        "Errors per second",
        "Memory per pod",
        "CPU per pod",
        "Requests per minute",
        "Threads busy",
    ],
)
def test_the_dashboard_has_the_panel(title: str) -> None:
    panel = next(panel for panel in panels() if panel["title"] == title)
    assert panel["targets"]


def test_the_dashboard_asks_for_namespace_and_pod() -> None:
    assert {"namespace", "pod"} <= {v["name"] for v in DASHBOARD["templating"]["list"]}
    for panel in panels():
        for target in panel["targets"]:
            assert 'namespace="$namespace"' in target["expr"], panel["title"]
            assert 'pod=~"$pod"' in target["expr"], panel["title"]
