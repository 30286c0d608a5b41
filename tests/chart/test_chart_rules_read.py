"""Readings of an exporter that fail, or that end because it was replaced."""

from __future__ import annotations

from pathlib import Path

from tests.chart.alert_cases import CASES, DAY, certificate, secret
from tests.chart.test_chart_rules import SPEC, STATEFUL, said_of


def test_a_reading_that_fails_does_not_begin_a_wait_anew(tmp_path: Path) -> None:
    of_objects = ("ReplicasMissing", "RolloutStuck", "AutoscalerAtMaximum", "DisruptionsBlocked")
    found = [(one.alert, one.fires) for one in CASES if one.alert in of_objects]
    assert len(found) == len(of_objects)
    found += [("SecretOld", secret(-91 * DAY)), ("CertificateExpires", certificate(9))]
    stateful = {STATEFUL % "replicas": "9x100", STATEFUL % "status_replicas_updated": "1x100"}
    for alert, series in [*found, ("RolloutStuck", stateful)]:
        gaps = {
            name: " ".join([*[value.partition("x")[0]] * 7, "stale"] * 12)
            for name, value in series.items()
        }
        assert alert in said_of(alert, gaps, tmp_path, after="60m"), alert


def test_an_exporter_that_was_replaced_is_not_heard_for_long(tmp_path: Path) -> None:
    """A node takes it away together with a pod of the service: what it said last was good."""
    wanted = SPEC % "shop"
    ready = wanted.replace("spec_replicas", "status_replicas_available")
    series = {}
    for name, values in ((wanted, (3, 3)), (ready, (3, 1))):
        series[name.replace("}", ',instance="old"}')] = f"{values[0]}x10 stale"
        series[name.replace("}", ',instance="new"}')] = f"_x10 {values[1]}x40"
    assert said_of("ReplicasMissing", series, tmp_path, after="24m") == "", "the control"
    assert "ReplicasMissing" in said_of("ReplicasMissing", series, tmp_path, after="26m")
