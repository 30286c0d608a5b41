"""Judge what a scanner found in an image: a critical fault that can be mended stops it.

The report is Grype's JSON of the image's bill of materials. A scanner that could not look finds
nothing either, so its database and the bill are judged first. `vulnerabilities.yaml` may let a
fault pass for a time: `CVE-2026-1234: {package: zlib, until: "2026-12-31", reason: ...}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Outcome
from morrow.tool.environment.yaml import read

OLDEST = timedelta(days=5)  # of the scanner's database: it is made anew every day
KEYS = {"package", "until", "reason"}


def scan(report: Path, bill: Path, exceptions: Path, now: datetime) -> Outcome:
    """Return that nothing stops the image; raise everything that does."""
    findings, parts = _json(report), _json(bill).get("components") or []
    blind = _blind(findings, now) or ("" if parts else f"{bill} lists nothing: nothing was judged")
    if blind:
        raise Failure(problem("scan-blind", str(report), blind))
    excepted = _exceptions(exceptions)
    critical = list(_fixable(findings))
    wrong = [
        problem("vulnerability", f"{package} {version}", f"{name} is critical, {mended}{late}",
                package=package, file=str(exceptions))
        for name, package, version, mended in critical
        for late in [_late(excepted.get((name, package)), now.date())]
        if late is not None
    ]  # fmt: skip
    if wrong:
        raise Failure(*wrong, refused=True)
    named = {(name, package) for name, package, _, _ in critical}
    idle = sorted(name for name, package in excepted if (name, package) not in named)
    data = {"components": len(parts), "excepted": len(named), "needless": idle}
    lines = [f"{len(parts)} components, none with a critical fault that can be mended"]
    if named:
        lines.append(f"let pass for a time, by {exceptions}: {', '.join(n for n, _ in named)}")
    lines += [f"{exceptions}: nothing needs {name} any more" for name in idle]
    return Outcome("\n".join(lines), data)


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError) as wrong:
        raise Failure(problem("scan-blind", str(file), f"cannot be read: {wrong}")) from None
    if not isinstance(content, dict):
        raise Failure(problem("scan-blind", str(file), "is no report"))
    return content


def _blind(report: dict[str, Any], now: datetime) -> str:
    """Return why the scanner's word is worth nothing, or nothing."""
    if not isinstance(report.get("matches"), list):
        return "it holds no `matches`: it is no report of Grype"
    database = (report.get("descriptor") or {}).get("db") or {}
    database = database.get("status") or database
    if not database.get("built") or database.get("valid") is False or database.get("error"):
        return f"the scanner had no database: {database.get('error') or 'none is named'}"
    built = datetime.fromisoformat(str(database["built"]))
    age = now - (built if built.tzinfo else built.replace(tzinfo=UTC))
    return f"the scanner's database is {age.days} days old" if age > OLDEST else ""


def _fixable(report: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Return identity, package, version and what mends it, of each that stops."""
    for match in report["matches"]:
        fault, part = match["vulnerability"], match["artifact"]
        fix = fault.get("fix") or {}
        if str(fault.get("severity")).lower() == "critical" and fix.get("state") == "fixed":
            mended = f"and mended in {', '.join(fix.get('versions') or ['a later version'])}"
            yield fault["id"], part["name"], part["version"], mended


def _exceptions(file: Path) -> dict[tuple[str, str], date]:
    """Read what may pass, and until when."""
    if not file.exists():
        return {}
    content = read(file)
    wrong: list[Problem] = list(content.problems)
    excepted = {}
    for name, row in content.values.items():
        place = f"{file}:{content.lines.get((name,), 1)}"
        if not isinstance(row, dict) or set(row) != KEYS or not all(map(str, row.values())):
            cause = f"{name} states {', '.join(row) if isinstance(row, dict) else row!r}"
            wrong.append(problem("scan-exception", place, cause, name=name))
            continue
        try:
            excepted[name, str(row["package"])] = date.fromisoformat(str(row["until"]))
        except ValueError:
            cause = f"{name}: until is {row['until']!r}, which is no day"
            wrong.append(problem("scan-exception", place, cause, name=name))
    if wrong:
        raise Failure(*wrong, refused=True)
    return excepted


def _late(until: date | None, today: date) -> str | None:
    """Return what is to be added where nothing lets it pass; None where something does."""
    if until is None:
        return ""
    return None if today <= until else f"; its exception ended on {until}"
