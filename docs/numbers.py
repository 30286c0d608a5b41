"""The numbers of the pages, made from what commands recorded: `make numbers`.

A run of the tests, of the cluster's tests, of the proof and of `.ci/run` leaves what it measured in
build/recorded/. This takes what is there into docs/numbers.json, counts what can be counted, and
writes docs/numbers.md and the block of the README. What was not run keeps its last record.
"""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import table
from morrow.tool.cli.catalogue import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "docs" / "numbers.json"
PAGE = ROOT / "docs" / "numbers.md"
RECORDED = ROOT / "build" / "recorded"
BLOCK = re.compile(r"(<!-- numbers:begin[^\n]*-->\n).*?(<!-- numbers:end -->)", re.DOTALL)
COMMAND = {
    "count": "make numbers",
    "test": "make test",
    "newcomer": ".ci/run",
    "cluster": "make cluster",
    "e2e": "make e2e",
    "proof": "make proof",
    "alerts": "make proof",
    "commit": "make proof",
    "rotation": "make proof",
    "aws": "make proof",
    "bench": "make bench",
    "ci": ".ci/run",
}
Row = tuple[str, str]
Records = dict[str, dict[str, Any]]


def code_lines(text: str) -> int:
    """Return how many lines hold code: no blank line, no comment, no docstring."""
    ignored = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    ignored |= {tokenize.ENDMARKER, tokenize.ENCODING}
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in ignored:
            found |= set(range(token.start[0], token.end[0] + 1))
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, holders) and ast.get_docstring(node, clean=False) is not None:
            told = node.body[0]
            found -= set(range(told.lineno, (told.end_lineno or told.lineno) + 1))
    return len(found)


def counted() -> dict[str, int]:
    """Return what can be counted without running anything."""
    sources = ROOT / "src" / "morrow"
    return {
        name: sum(code_lines(file.read_text()) for file in (sources / name).rglob("*.py"))
        for name in ("kit", "tool")
    } | {"codes": len(table()), "commands": len(COMMANDS)}


def collect(kept: Records) -> Records:
    """Return the records with those of this checkout's last runs."""
    new = {file.stem: json.loads(file.read_text()) for file in RECORDED.glob("*.json")}
    bench = json.loads((ROOT / "bench" / "results" / "latest.json").read_text())
    return kept | new | {"count": {"facts": counted()}, "bench": {"facts": bench}}


def rows(name: str, facts: dict[str, Any]) -> Iterator[Row]:
    """Yield what one record says: a thing and its number."""
    match name:
        case "count":
            yield "lines of code of the kit; of the tool", f"{facts['kit']:,}; {facts['tool']:,}"
            yield "commands; error codes", f"{facts['commands']}; {facts['codes']}"
        case "test":
            yield "tests without a cluster", f"{facts['passed']:,} in {facts['seconds']:.0f} s"
        case "newcomer":
            for what, seconds in facts.items():
                yield f"`{what}` in a fresh clone, packages kept", f"{seconds:.0f} s"
        case "cluster":
            for what, seconds in facts["seconds"].items():
                yield f"cluster: {what}, from the beginning", f"{seconds:.1f} s"
            yield "cluster: memory with its add-ons", f"{facts['memory_mib']:,} MiB"
        case "e2e" | "proof":
            for one in facts["scenarios"]:
                yield f"lost: {one['title']}", f"{one['lost']:,} of {one['requests']:,}"
        case "alerts":
            for alert, one in facts["arrived"].items():
                windows = f"two of its windows are {one['two_windows']} s"
                yield f"{alert}: from its fault to Alertmanager", f"{one['seconds']} s, {windows}"
        case "commit":
            for what, seconds in facts["seconds"].items():
                yield f"a changed line of Python: {what}", f"{seconds} s"
        case "rotation":
            for what, seconds in facts["seconds"].items():
                yield f"external secrets: {what}", f"{seconds:.1f} s"
        case "aws":
            for what, seconds in facts["seconds"].items():
                yield f"the platform on the fake of AWS: {what}", f"{seconds:.0f} s"
        case "bench":
            for one in facts["rows"]:
                value = f"{one['value']:g} {one['unit']} ({one['spread']})"
                yield one["measure"], f"{value}, bound {one['bound']}" if one["bound"] else value
        case "ci":
            for what, seconds in facts.items():
                yield f"stage {what}", f"{seconds:,.0f} s"


def page(records: Records) -> str:
    """Return docs/numbers.md."""
    lines = [
        "# Numbers",
        "",
        "Made by `make numbers` from what the commands recorded; nothing here is typed. Compare",
        "numbers of one section: each was measured in one run on one machine.",
    ]
    for name, command in COMMAND.items():
        if name not in records:
            continue
        record = records[name]
        lines += [
            "",
            f"## {name}",
            "",
            _about(command, record),
            "",
            "| what | number |",
            "|---|---|",
        ]
        lines += [f"| {what} | {number} |" for what, number in rows(name, record["facts"])]
    return "\n".join(lines) + "\n"


def _about(command: str, record: dict[str, Any]) -> str:
    if "day" not in record:
        return f"By `{command}`."
    where = f"{record['day']}, commit {record['commit']}, {record['processors']} processors"
    return f"By `{command}`, {where}."


def headlines(records: Records) -> str:
    """Return the README's block: what a reader asks first."""
    lines = ["| what | number | command |", "|---|---|---|"]
    for name in ("test", "cluster", "e2e", "proof"):
        if name not in records:
            continue
        facts = records[name]["facts"]
        found = list(rows(name, facts))
        if name in {"e2e", "proof"}:
            strict = [one for one in facts["scenarios"] if one["nothing"]]
            lost, all_ = (sum(one[key] for one in strict) for key in ("lost", "requests"))
            what = f"requests lost where none may be, in {len(strict)} scenarios"
            found = [(what, f"{lost:,} of {all_:,}")]
            found += [
                (one["title"], f"{one['lost']:,} of {one['requests']:,}")
                for one in facts["scenarios"]
                if one["control"]
            ]
        lines += [f"| {what} | {number} | `{COMMAND[name]}` |" for what, number in found]
    return "\n".join([*lines, "", "All of them: [docs/numbers.md](docs/numbers.md)."]) + "\n"


def main() -> int:
    """Write the page and the README's block."""
    records = collect(json.loads(KEPT.read_text()) if KEPT.exists() else {})
    KEPT.write_text(json.dumps(records, indent=2) + "\n")
    PAGE.write_text(page(records))
    readme = ROOT / "README.md"
    text, found = BLOCK.subn(lambda m: m[1] + headlines(records) + m[2], readme.read_text())
    if found != 1:
        print("numbers: README.md has no block for them", file=sys.stderr)
        return 1
    readme.write_text(text)
    print(f"numbers: {PAGE.relative_to(ROOT)}, README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
