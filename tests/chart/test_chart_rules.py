"""Every alert by promtool: it fires when it should, stays silent when not, says what it must."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.chart.alert_cases import CASES, Case, Series, failing, responses
from tests.chart.promtool import groups, inputs, promtool, unit_test, written
from tests.chart.rendering import CHART, ROOT

WORKLOADS = ("shop", "shop-worker")
SPEC = 'kube_deployment_spec_replicas{namespace="somewhere",deployment="%s"}'
RECORDS = ("somewhere-shop-ratios", "somewhere-shop-counts")


def of(alert: str) -> list[dict[str, Any]]:
    """Return the groups that one alert needs: the others would only cost time."""
    found = groups()
    own = [g for g in found if any(rule.get("alert") == alert for rule in g["rules"])]
    assert own, alert
    records = [g for g in found if g["name"] in RECORDS and own[0]["name"].endswith("-burn")]
    return records + own


def looked_for(case: Case, series: Series, *, fires: bool) -> dict[str, Any]:
    """Return promtool's test of one alert over series."""
    always = {"severity": case.severity, "namespace": "somewhere", "service": "shop"}
    labels = always | {"team": "till"} | dict(case.labels)
    runbook = f"https://example.com/runbooks#{case.alert.lower()}"
    says = {"summary": case.summary, "runbook_url": runbook}
    expected = [{"exp_labels": labels, "exp_annotations": says}] if fires else []
    asked = {"eval_time": f"{case.at}m", "alertname": case.alert, "exp_alerts": expected}
    return {"input_series": inputs(dict(series)), "alert_rule_test": [asked]}


def test_each_alert_fires_on_its_fault_and_not_beside_it(tmp_path: Path) -> None:
    files = []
    for case in CASES:
        fires = looked_for(case, case.fires, fires=True)
        silent = looked_for(case, case.silent, fires=False)
        if case.alert == "MetricsMissing":  # the worker's, which has no metrics in either
            fires["alert_rule_test"][0]["exp_alerts"].append(of_the_worker(case))
            silent["alert_rule_test"][0]["exp_alerts"] = [of_the_worker(case)]
        files.append(written(of(case.alert), [fires, silent], tmp_path / case.alert))
    done = promtool("test", "rules", *files)
    assert done.returncode == 0, done.stdout + done.stderr


def of_the_worker(case: Case) -> dict[str, Any]:
    labels = {"container": "worker", "process": "worker", "service": "shop", "team": "till"}
    return {
        "exp_labels": labels | {"severity": case.severity, "namespace": "somewhere"},
        "exp_annotations": {
            "summary": case.summary.replace("shop", "shop-worker"),
            "runbook_url": "https://example.com/runbooks#metricsmissing",
        },
    }


def test_promtool_tells_a_wrong_expectation(tmp_path: Path) -> None:
    wrong = looked_for(CASES[0], CASES[0].silent, fires=True)
    assert "exp:" in unit_test(of(CASES[0].alert), [wrong], tmp_path)


def test_one_failure_in_a_quiet_hour_calls_nobody(tmp_path: Path) -> None:
    """1 of 61 requests is 1.6 %, more than the fastest burn: still one failure only."""
    quiet = responses("0x30 1x100", "0+1x130")
    names = [case.alert for case in CASES[:5]]
    silent = [{"eval_time": f"{at}m", "alertname": n} for at in (32, 60, 90) for n in names]
    test = {"input_series": inputs(dict(quiet)), "alert_rule_test": silent}
    assert unit_test(of("FewRequestsFail"), [test], tmp_path) == ""


def test_few_requests_that_all_fail_end_their_alert_with_the_first_good_ones(
    tmp_path: Path,
) -> None:
    series = responses("0x5 1 1 1 2 2 2 3 3 3 4x200", "0x40 1x200")
    fails = next(case for case in CASES if case.alert == "FewRequestsFail")
    firing = looked_for(fails, series, fires=True)["alert_rule_test"][0] | {"eval_time": "25m"}
    silent = {"eval_time": "60m", "alertname": fails.alert}
    test = {"input_series": inputs(dict(series)), "alert_rule_test": [firing, silent]}
    assert unit_test(of(fails.alert), [test], tmp_path) == ""


def test_nothing_is_missed_of_what_was_scaled_to_nothing(tmp_path: Path) -> None:
    scaled = {SPEC % name: "0x100" for name in WORKLOADS}
    silent = {"eval_time": "30m", "alertname": "MetricsMissing"}
    test = {"input_series": inputs(scaled), "alert_rule_test": [silent]}
    rules = [group for group in groups() if group["name"].endswith("-pods")]
    assert unit_test(rules, [test], tmp_path) == ""
    test["input_series"] = inputs(dict.fromkeys(scaled, "1x100"))
    assert "MetricsMissing" in unit_test(rules, [test], tmp_path), "the control"


def test_a_faster_time_changes_nothing_but_the_times(tmp_path: Path) -> None:
    def bare(text: str) -> str:
        return re.sub(r"\b[0-9]+(ms|[smhd])\b", "T", text)

    def told(rules: list[dict[str, Any]]) -> list[tuple[str, ...]]:
        rows = [rule for group in rules for rule in group["rules"]]
        return [(r["expr"], r.get("for", ""), r.get("alert", r.get("record"))) for r in rows]

    usual, fast = told(groups()), told(groups(speed=60))
    assert [tuple(map(bare, row)) for row in usual] == [tuple(map(bare, row)) for row in fast]
    assert sum(a != b for a, b in zip(usual, fast, strict=True)) > 20
    test = looked_for(CASES[0], failing(20), fires=True)
    test["alert_rule_test"][0]["eval_time"] = "70s"
    rules = [g for g in groups(speed=60) if g["name"] in (*RECORDS, "somewhere-shop-burn")]
    assert unit_test(rules, [test], tmp_path, interval="1s") == ""


def test_every_alert_has_a_case_a_severity_and_a_runbook() -> None:
    runbooks = (ROOT / "docs" / "runbooks.md").read_text()
    chapters = re.findall(r"^## (\w+)$(.*?)(?=^## |\Z)", runbooks, re.MULTILINE | re.DOTALL)
    found = [rule for group in groups() for rule in group["rules"] if "alert" in rule]
    assert list(dict.fromkeys(alert["alert"] for alert in found)) == [c.alert for c in CASES]
    assert len(CASES) >= 18
    for alert in found:
        assert alert["labels"]["severity"] in ("critical", "warning")
        assert alert["labels"]["team"] == "till"
        assert alert["annotations"]["runbook_url"].endswith(f"#{alert['alert'].lower()}")
    assert [title for title, _ in chapters] == [case.alert for case in CASES]
    for title, text in chapters:
        assert re.search(r"`morrow (status|logs|rollback|secrets|up|plan|verify)\b", text), title
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())["observability"]["rules"]
    assert defaults["runbooks"].endswith("/docs/runbooks.md")


def test_the_rules_are_rules(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": groups()}))
    done = promtool("check", "rules", file)
    assert done.returncode == 0, done.stderr
    assert "43 rules found" in done.stdout
