"""Every alert by promtool: it fires when it should, stays silent when not, says what it must."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.chart.alert_cases import (
    CASES,
    DAY,
    OTHER,
    POD,
    WORKER,
    Case,
    Series,
    certificate,
    failing,
    responses,
)
from tests.chart.promtool import VALUES, groups, inputs, promtool, unit_test, written
from tests.chart.rendering import CHART, ROOT, one, render

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


def said_of(alert: str, series: Series, folder: Path, *, after: str) -> str:
    """Return what promtool says to the claim that an alert is silent then."""
    test = {"input_series": inputs(dict(series))}
    test["alert_rule_test"] = [{"eval_time": after, "alertname": alert}]
    return unit_test(of(alert), [test], folder)


def test_a_check_that_is_not_critical_calls_nobody(tmp_path: Path) -> None:
    series = {f'morrow_check_up{{{POD},check="mail",critical="false"}}': "0x100"}
    assert said_of("CheckDown", series, tmp_path, after="9m") == ""
    told = said_of("CheckDown", series, tmp_path, after="11m")
    assert 'severity="warning"' in told
    assert "which serve without it" in told
    critical = {f'morrow_check_up{{{POD},check="mail",critical="true"}}': "0x100"}
    assert 'severity="critical"' in said_of("CheckDown", critical, tmp_path, after="3m")


def test_a_process_of_the_same_name_in_another_service_is_not_meant(tmp_path: Path) -> None:
    restarts = "kube_pod_container_status_restarts_total"
    of = {
        "cart-worker-7d9f8-abcde": False, "shop-worker-two-7d9f8-abcde": False,
        "shop-worker-7d9f8-abcde": True, "shop-worker-0": True,
    }  # fmt: skip
    for pod, fires in of.items():
        labels = f'namespace="somewhere",container="worker",pod="{pod}"'
        series = {f"{restarts}{{{labels}}}": "0 0 0 0 0 5x100"}
        told = said_of("PodRestarts", series, tmp_path, after="12m")
        assert bool(told) == fires, (pod, told)
        info = {f"morrow_info{{{labels}}}": "1x100", **dict(responses("0x99", "0x99"))}
        told = said_of("MetricsMissing", info, tmp_path, after="30m")
        assert bool(told) != fires, (pod, "nothing of the other one stands in for it")


def test_a_long_name_s_pods_are_meant_too() -> None:
    """Kubernetes cuts a pod's name before its last part at 58."""
    name = "a" * 53
    only = {"worker": VALUES["processes"]["worker"]}
    objects = render({**VALUES, "name": name, "processes": only})
    rules = one(objects, "PrometheusRule")["spec"]["groups"]
    for workload, container in ((name, name), (f"{name}-worker", "worker")):
        (pods,) = {
            found
            for group in rules
            for rule in group["rules"]
            for found in re.findall(rf'container="{container}",pod=~"([^"]+)"', rule["expr"])
        }
        assert re.fullmatch(pods, f"{workload}-7d9f8c6b5d-"[:58] + "abcde")


def test_a_queue_that_every_pod_counts_is_not_shorter_for_a_pod_that_goes(tmp_path: Path) -> None:
    series = {f"shop_tasks_waiting{{{POD}}}": "7x100", f"shop_tasks_waiting{{{OTHER}}}": "7x20"}
    assert "WorkerNotConsuming" in said_of("WorkerNotConsuming", series, tmp_path, after="30m")


STATEFUL = 'kube_statefulset_%s{namespace="somewhere",statefulset="shop"}'


def test_a_long_rollout_of_a_statefulset_that_goes_on_is_not_stuck(tmp_path: Path) -> None:
    updated, replicas = STATEFUL % "status_replicas_updated", STATEFUL % "replicas"
    slow = {replicas: "9x100", updated: "0x9 1x9 2x9 3x9 4x9 5x9 6x9 7x9 8x9 9x30"}
    for minute in (20, 45, 80):
        assert said_of("RolloutStuck", slow, tmp_path, after=f"{minute}m") == ""
    stuck = {replicas: "9x100", updated: "0x9 1x100"}
    assert "RolloutStuck" in said_of("RolloutStuck", stuck, tmp_path, after="45m")


def test_nothing_is_missed_of_a_statefulset_that_was_scaled_to_nothing(tmp_path: Path) -> None:
    for replicas, fires in ((0, False), (2, True)):
        worker = {f"morrow_info{{{WORKER}}}": "1x100"}
        series = {STATEFUL % "replicas": f"{replicas}x100", **worker}
        told = said_of("MetricsMissing", series, tmp_path, after="30m")
        assert bool(told) == fires, told


def test_a_certificate_of_a_short_life_is_not_late_before_it_is_to_be_renewed(
    tmp_path: Path,
) -> None:
    renewal = "certmanager_certificate_renewal_timestamp_seconds"
    labels = 'namespace="cert-manager",exported_namespace="somewhere",name="shop"'
    for due, fires in ((8 * DAY, False), (60, True)):
        series = {**certificate(9), f"{renewal}{{{labels}}}": f"{due}x200"}
        told = said_of("CertificateExpires", series, tmp_path, after="120m")
        assert bool(told) == fires, told


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
    assert "45 rules found" in done.stdout
