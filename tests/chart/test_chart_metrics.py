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

from tests.chart import dashboards
from tests.chart.promtool import groups, inputs, unit_test
from tests.chart.rendering import ROOT
from tests.unit.frame.skips import cannot
from tests.unit.kit.served import HELLO, served

FILES = ROOT / "chart" / "files"
DASHBOARD: dict[str, Any] = json.loads((FILES / "dashboard.json").read_text())
FLEET: dict[str, Any] = json.loads((FILES / "fleet.json").read_text())
RULES = [rule for group in groups() for rule in group["rules"]]
FOREIGN = {
    line.split(" ", 1)[0]: line.split(" ", 1)[1]
    for line in (FILES / "foreign-metrics.txt").read_text().splitlines()
    if line and not line.startswith("#")
}
# Of the application, named by processes.worker.backlog; and of an event loop and of a pool, which
# hello lacks.
ELSEWHERE = {"shop_tasks_waiting", "morrow_loop_held_up_seconds"}
ELSEWHERE |= {"morrow_pool", "morrow_pool_busy"}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
# What the chart and Grafana fill in, as something that parses.
FILLED = {
    "@NAME@": "shop",
    "$__rate_interval": "5m",
    "$namespace": "somewhere",
    "$pod": ".*",
}
WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
GROUPING = r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)"


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = board["panels"]
    return found


def expressions() -> list[str]:
    """Return every PromQL expression of rules and dashboard, filled in."""
    raw = [rule["expr"] for rule in RULES]
    queries = []
    for board in (DASHBOARD, FLEET):
        raw += [target["expr"] for panel in panels(board) for target in panel["targets"]]
        raw += [marker["expr"] for marker in board["annotations"]["list"]]
        asked = [v for v in board["templating"]["list"] if v["type"] == "query"]
        queries += [v["query"]["query"] for v in asked]
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
CHECKS = {"morrow_check_up": {"check", "critical"}}


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
    return metrics(expression) - known - set(FOREIGN) - RECORDED - ELSEWHERE


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


def test_the_dashboards_are_made_from_their_table() -> None:
    for name, text in dashboards.boards().items():
        assert (FILES / name).read_text() == text, "run: python -m tests.chart.dashboards"


def test_the_dashboard_has_the_seven_panels_that_people_know() -> None:
    titles = {panel["title"] for panel in panels(DASHBOARD)}
    assert {
        "Requests per second", "Average response", "Percentiles of the response",
        "Share under 250 ms", "Memory per pod", "CPU per pod", "Requests per minute",
        "Errors per second",
    } <= titles  # fmt: skip
    units = {panel["fieldConfig"]["defaults"]["unit"] for panel in panels(DASHBOARD)}
    assert units <= {"reqps", "s", "percentunit", "short", "bytes"}, "those that dash draws"


def test_every_query_asks_for_the_namespace_and_most_for_the_pod() -> None:
    assert {"namespace", "pod"} <= {v["name"] for v in DASHBOARD["templating"]["list"]}
    for panel in panels(DASHBOARD):
        for target in panel["targets"]:
            assert 'namespace="$namespace"' in target["expr"], panel["title"]
            whole = target["expr"].startswith("service:")
            assert whole or 'pod=~"$pod"' in target["expr"], panel["title"]
    for panel in panels(FLEET):
        assert all('namespace=~"$namespace"' in t["expr"] for t in panel["targets"]), panel["title"]


def test_deploys_are_marked_on_every_panel() -> None:
    for found in (DASHBOARD, FLEET):
        (marker,) = found["annotations"]["list"]
        assert marker["enable"]
        assert marker["useValueForTime"]
        assert "secrets_revision" in marker["expr"]


def test_new_settings_alone_are_a_deploy_too(tmp_path: Path) -> None:
    """Two ReplicaSets of one version are two markers, three pods of one are one."""
    (marker,) = DASHBOARD["annotations"]["list"]
    query = marker["expr"]
    for word, value in FILLED.items():
        query = query.replace(word, value)
    series, own = {}, 'namespace="somewhere",container="shop"'
    for pod, began in {"77f-aaaaa": 20, "77f-bbbbb": 10, "77f-ccccc": 30, "88f-aaaaa": 40}.items():
        labels = f'{own},pod="shop-{pod}"'
        series[f"process_start_time_seconds{{{labels}}}"] = f"{began}x9"
        series[f'morrow_info{{{labels},version="1",secrets_revision="2"}}'] = "1x9"
    found = [
        {"labels": f'{{{own},version="1",secrets_revision="2",pods="{pods}"}}', "value": at}
        for pods, at in (("77f", 10_000), ("88f", 40_000))
    ]
    asked = {"expr": query, "eval_time": "5m", "exp_samples": found}
    test = {"input_series": inputs(series), "promql_expr_test": [asked]}
    assert unit_test(groups(), [test], tmp_path) == ""
