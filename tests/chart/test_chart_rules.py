"""Every alert by promtool: it fires when it should, stays silent when not, says what it must."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import CHART, ROOT, SMALLEST, one, over, render
from tests.unit.frame.skips import cannot

VALUES = over(
    SMALLEST,
    {
        "route": {"mode": "gateway", "hosts": ["shop.example.com"], "gateway": {"name": "g"}},
        "observability": {"rules": {"enabled": True, "runbooks": "https://example.com/runbooks"}},
    },
)
POD = 'namespace="somewhere",container="shop",pod="shop-1"'
OTHER = 'namespace="somewhere",container="shop",pod="shop-2"'
COUNT = "http_server_request_duration_seconds_count"
BUCKET = "http_server_request_duration_seconds_bucket"


def failing(per_mille: int) -> dict[str, str]:
    """Return series of requests of which a share fails."""
    return {
        f'{COUNT}{{{POD},http_response_status_code="500"}}': f"0+{per_mille}x200",
        f'{COUNT}{{{POD},http_response_status_code="200"}}': f"0+{1000 - per_mille}x200",
    }


def slow(under_half_a_second: int) -> dict[str, str]:
    """Return series of requests of which a share is answered in time."""
    return {
        f'{BUCKET}{{{POD},le="0.5"}}': f"0+{under_half_a_second}x100",
        f'{BUCKET}{{{POD},le="1"}}': "0+100x100",
        f'{BUCKET}{{{POD},le="+Inf"}}': "0+100x100",
    }


def threads(busy: int) -> dict[str, str]:
    return {f"morrow_threads{{{POD}}}": "10x100", f"morrow_threads_busy{{{POD}}}": f"{busy}x100"}


def checks(first: int, second: int) -> dict[str, str]:
    return {
        f'morrow_check_up{{{POD},check="database"}}': f"{first}x100",
        f'morrow_check_up{{{OTHER},check="database"}}': f"{second}x100",
    }


def restarts(series: str) -> dict[str, str]:
    return {f"kube_pod_container_status_restarts_total{{{POD}}}": series}


def replicas(available: int) -> dict[str, str]:
    labels = '{namespace="somewhere",deployment="shop"}'
    return {
        f"kube_deployment_spec_replicas{labels}": "3x100",
        f"kube_deployment_status_replicas_available{labels}": f"{available}x100",
    }


def certificate(host: str, days: int) -> dict[str, str]:
    expires = days * 86400
    return {f'probe_ssl_earliest_cert_expiry{{instance="https://{host}/"}}': f"{expires}x200"}


@dataclass(frozen=True)
class Case:
    """One alert: series that make it fire, series that do not, and what it says."""

    alert: str
    severity: str
    fires: dict[str, str]
    silent: dict[str, str]
    summary: str
    at: str = "30m"
    labels: dict[str, str] = field(default_factory=dict)


def burn(name: str, severity: str, fires: int, silent: int, days: int, at: str) -> Case:
    """Return the case of a burn-rate alert, from failures in a thousand requests."""
    said = f"shop fails {fires / 10:g}% of its requests: the budget of 30 days lasts {days} days."
    return Case(f"ErrorBudget{name}", severity, failing(fires), failing(silent), said, at)


CASES = [
    burn("BurnsFast", "critical", 20, 14, 2, "70m"),
    burn("Burns", "critical", 10, 5, 5, "70m"),
    burn("BurnsSlowly", "warning", 4, 2, 10, "140m"),
    burn("WillRunOut", "warning", 2, 1, 30, "140m"),
    Case(
        "RequestsSlow", "warning", slow(90), slow(96),
        "shop answers 5 % of its requests later than 750ms; at most 0.5 s were promised.",
    ),
    Case(
        "ThreadsBusy", "warning", threads(9), threads(8),
        "shop uses 90% of its threads: requests are about to wait.",
    ),
    Case(
        "CheckDown", "critical", checks(0, 0), checks(1, 0),
        "The check database of shop fails in every pod.", labels={"check": "database"},
    ),
    Case(
        "PodRestarts", "warning", restarts("0 0 0 0 0 3x100"), restarts("5x100"),
        "shop-1 of shop was restarted more than twice in 15 minutes.", "15m",
        {"container": "shop", "pod": "shop-1"},
    ),
    Case(
        "ReplicasMissing", "critical", replicas(1), replicas(3),
        "shop has only 1 ready pods, fewer than were asked for.",
        labels={"deployment": "shop"},
    ),
    Case(
        "CertificateExpires", "warning",
        certificate("shop.example.com", 10), certificate("other.example.com", 10),
        "A certificate of shop expires in 9d 22h 0m 0s.", "120m",
        {"instance": "https://shop.example.com/"},
    ),
    Case(
        "MetricsMissing", "warning", {"up": "1x100"}, {f"morrow_info{{{POD}}}": "1x100"},
        "No metrics of shop arrive: its other alerts cannot fire.",
        labels={"container": "shop"},
    ),
]  # fmt: skip


def alerts() -> list[dict[str, Any]]:
    spec = one(render(VALUES), "PrometheusRule")["spec"]
    return [rule for group in spec["groups"] for rule in group["rules"] if "alert" in rule]


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    found = shutil.which("promtool")
    if found is None:
        cannot("the alerts", "Debian's package prometheus brings promtool", "promtool")
    return subprocess.run([found, *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("rules") / "rules.yaml"
    file.write_text(yaml.safe_dump(one(render(VALUES), "PrometheusRule")["spec"]))
    return file


def unit_test(rules: Path, case: Case, series: dict[str, str], *, fires: bool) -> str:
    """Return what promtool says of one alert over series; empty when it is content."""
    labels = {"severity": case.severity, "namespace": "somewhere", "service": "shop"} | case.labels
    runbook = f"https://example.com/runbooks#{case.alert.lower()}"
    says = {"summary": case.summary, "runbook_url": runbook}
    expected = [{"exp_labels": labels, "exp_annotations": says}] if fires else []
    test = {
        "rule_files": [rules.name],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": k, "values": v} for k, v in series.items()],
                "alert_rule_test": [
                    {"eval_time": case.at, "alertname": case.alert, "exp_alerts": expected}
                ],
            }
        ],
    }
    file = rules.with_name(f"{case.alert}-{fires}.yaml")
    file.write_text(yaml.safe_dump(test))
    done = promtool("test", "rules", file)
    return "" if done.returncode == 0 else done.stdout + done.stderr


by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.alert)


@by_case
def test_an_alert_fires(rules: Path, case: Case) -> None:
    assert unit_test(rules, case, case.fires, fires=True) == ""


@by_case
def test_an_alert_stays_silent(rules: Path, case: Case) -> None:
    assert unit_test(rules, case, case.silent, fires=False) == ""


def test_promtool_tells_a_wrong_expectation(rules: Path) -> None:
    assert "exp:" in unit_test(rules, CASES[0], CASES[0].silent, fires=True)


def test_every_alert_has_a_case_a_severity_and_a_runbook() -> None:
    runbooks = (ROOT / "docs" / "runbooks.md").read_text()
    chapters = {title.lower() for title in re.findall(r"^## (\w+)$", runbooks, re.M)}
    found = alerts()
    assert [alert["alert"] for alert in found] == [case.alert for case in CASES]
    for alert in found:
        assert alert["labels"]["severity"] in ("critical", "warning")
        assert alert["annotations"]["runbook_url"].endswith(f"#{alert['alert'].lower()}")
        assert alert["alert"].lower() in chapters
    assert chapters == {alert["alert"].lower() for alert in found}
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())["observability"]["rules"]
    assert defaults["runbooks"].endswith("/docs/runbooks.md")


def test_the_rules_are_rules(rules: Path) -> None:
    done = promtool("check", "rules", rules)
    assert done.returncode == 0, done.stderr
    assert "18 rules found" in done.stdout
