"""Log lines through OpenTelemetry's own collector, by the configuration that the page shows.

containerd is not asked: the test writes what a service printed in the form of its files.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.kit.served import ROOT, run, served, wait_for
from tests.unit.kit.test_collector import running_collector

PAGE = ROOT / "docs" / "observability.md"
POD = "0a1b2c3d-0000-4000-8000-000000000001"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def configuration(folder: Path) -> dict[str, Any]:
    """Return the page's receiver, reading below `folder`, and a file out."""
    (block,) = re.findall(r"```yaml\n(receivers:\n.*?)```", PAGE.read_text(), re.DOTALL)
    shown: dict[str, Any] = yaml.safe_load(block)
    (include,) = shown["receivers"]["filelog"]["include"]
    shown["receivers"]["filelog"]["include"] = [f"{folder}{include}"]
    return shown | {
        "exporters": {"file": {"path": str(folder / "out.json")}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"logs": {"receivers": ["filelog"], "exporters": ["file"]}},
        },
    }


def records(folder: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return each record that was collected, with its resource's attributes."""
    out = folder / "out.json"
    if not out.exists():
        return []
    return [
        (record, flat(resource["resource"].get("attributes", [])))
        for line in out.read_text().splitlines()
        for resource in json.loads(line)["resourceLogs"]
        for scope in resource["scopeLogs"]
        for record in scope["logRecords"]
    ]


NUMBERS = {"debug": 5, "info": 9, "warning": 13, "error": 17, "critical": 21}


def flat(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in attributes}


@pytest.fixture
def printed() -> list[str]:
    """What a service prints: a refused start, a line of the application, a failure, its end."""
    refused = run("sample:no_such_service")
    with served("sample:service", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9") as one:
        traced = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
        assert one.get("/log", headers=traced).status == 200
        assert one.get("/raise", headers=traced).status == 500
        assert one.stop() == 0
        return [*(refused.stdout + refused.stderr).splitlines(), *one.lines]


def test_a_collector_takes_every_line_apart(printed: list[str], tmp_path: Path) -> None:
    lines = [*printed, "no JSON: a program beside it"]  # the control: it stays as it is
    file = tmp_path / f"var/log/pods/shop_web-0_{POD}/web/0.log"
    file.parent.mkdir(parents=True)
    file.write_text("".join(f"2026-01-02T03:04:05.678901234Z stdout F {one}\n" for one in lines))
    (tmp_path / "otelcol.yaml").write_text(yaml.safe_dump(configuration(tmp_path)))
    with running_collector(tmp_path):
        wait_for(lambda: len(records(tmp_path)) >= len(lines), "the records", 30)
    found = records(tmp_path)
    assert len(found) == len(lines)
    for _, resource in found:
        assert resource["k8s.namespace.name"] == "shop"
        assert (resource["k8s.pod.name"], resource["k8s.container.name"]) == ("web-0", "web")
    for line, (record, _) in zip(map(json.loads, printed), found, strict=False):
        assert record["body"]["stringValue"] == line["message"]
        assert record["severityText"] == line["level"]
        assert record["severityNumber"] == NUMBERS[line["level"]]
        assert flat(record["attributes"])["logger"] == line["logger"]
        assert record.get("spanId", "") == line.get("span_id", "")
    assert found[-1][0]["body"]["stringValue"] == lines[-1]
    assert "severityText" not in found[-1][0]
    failure = next(one for one, _ in found if "stack" in flat(one["attributes"]))
    assert failure["severityNumber"] == 17
    assert failure["traceId"] == TRACE
    assert "RuntimeError: on purpose" in flat(failure["attributes"])["stack"]
