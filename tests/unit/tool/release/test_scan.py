"""`morrow scan`: what stops an image, what may pass for a time, and a scanner that could not look.

The reports have the form that Grype 0.121 writes; no database of faults can be fetched here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Outcome
from morrow.tool.release.scan import scan

NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)


def match(name: str, severity: str = "Critical", state: str = "fixed") -> dict[str, Any]:
    fix = {"versions": ["1.3.2"] if state == "fixed" else [], "state": state}
    return {
        "vulnerability": {"id": name, "severity": severity, "fix": fix},
        "artifact": {"name": "zlib", "version": "1.3.1", "type": "deb"},
    }


FRESH = {"status": {"built": "2026-11-28T06:17:41Z", "valid": True, "schemaVersion": "v6.1.3"}}
BILL = {"bomFormat": "CycloneDX", "components": [{"name": "zlib"}, {"name": "flask"}]}


def judged(
    folder: Path, *matches: dict[str, Any], db: Any = FRESH, bill: Any = BILL, text: str = ""
) -> Outcome:
    report, parts, file = (folder / name for name in ("report.json", "sbom.json", "faults.yaml"))
    report.write_text(json.dumps({"matches": matches, "descriptor": {"name": "grype", "db": db}}))
    parts.write_text(json.dumps(bill))
    if text:
        file.write_text(text)
    return scan(report, parts, file, NOW)


def codes(failure: Failure) -> list[str]:
    return [one.code for one in failure.problems]


def test_only_what_is_critical_and_can_be_mended_stops(tmp_path: Path) -> None:
    harmless = (match("CVE-1", "High"), match("CVE-2", state="not-fixed"), match("CVE-3", "Low"))
    assert judged(tmp_path, *harmless).text.startswith("2 components, none with a critical fault")
    with pytest.raises(Failure) as told:
        judged(tmp_path, *harmless, match("CVE-4"), match("CVE-5"))
    assert codes(told.value) == ["vulnerability"] * 2
    first = told.value.problems[0]
    assert first.object == "zlib 1.3.1"
    assert first.cause == "CVE-4 is critical, and mended in 1.3.2"
    assert first.fix.startswith("take a later zlib and build again")


def test_an_exception_holds_until_its_day_and_for_its_package(tmp_path: Path) -> None:
    line = 'CVE-4: {{package: {}, until: "{}", reason: no path leads there}}\n'
    good = line.format("zlib", "2026-11-29")
    assert "let pass for a time" in judged(tmp_path, match("CVE-4"), text=good).text
    assert "nothing needs CVE-4 any more" in judged(tmp_path, text=good).text
    for wrong, cause in (
        (line.format("zlib", "2026-11-28"), "its exception ended on 2026-11-28"),
        (line.format("flask", "2027-01-01"), "mended in 1.3.2"),
    ):
        with pytest.raises(Failure) as told:
            judged(tmp_path, match("CVE-4"), text=wrong)
        assert codes(told.value) == ["vulnerability"]
        assert told.value.problems[0].cause.endswith(cause)


@pytest.mark.parametrize(
    "text",
    [
        "CVE-4: {package: zlib, reason: no day}",
        'CVE-4: {package: zlib, until: "soon", reason: no day}',
        'CVE-4: {package: zlib, until: "2027-01-01", reason: ""}',
        "CVE-4: later",
    ],
)
def test_an_exception_says_for_what_until_when_and_why(tmp_path: Path, text: str) -> None:
    with pytest.raises(Failure) as told:
        judged(tmp_path, match("CVE-4"), text=text)
    assert codes(told.value) == ["scan-exception"]
    assert told.value.problems[0].object.endswith("faults.yaml:1")


@pytest.mark.parametrize(
    ("db", "cause"),
    [
        ({}, "had no database"),
        (None, "had no database"),
        ({"status": {"valid": False, "error": "no database"}}, "no database"),
        ({"status": {"built": "2026-11-20T00:00:00Z", "valid": True}}, "9 days old"),
        ({"built": "2026-11-01T00:00:00Z"}, "28 days old"),
    ],
)
def test_a_scanner_that_could_not_look_found_nothing(tmp_path: Path, db: Any, cause: str) -> None:
    with pytest.raises(Failure) as told:
        judged(tmp_path, db=db)
    assert codes(told.value) == ["scan-blind"]
    assert cause in told.value.problems[0].cause


def test_an_empty_bill_was_not_judged(tmp_path: Path) -> None:
    with pytest.raises(Failure) as told:
        judged(tmp_path, bill={"components": []})
    assert codes(told.value) == ["scan-blind"]
    (tmp_path / "half.json").write_text('{"matches": [')
    with pytest.raises(Failure) as told:
        scan(tmp_path / "half.json", tmp_path / "sbom.json", tmp_path / "no.yaml", NOW)
    assert codes(told.value) == ["scan-blind"]
