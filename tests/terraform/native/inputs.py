"""Reads the modules' rules and the inputs that must break them.

A module's `tests/inputs.tftest.hcl` runs as it is with `terraform test`. There a failing input is
only known to break some rule of its variable. Here each input is run by itself, without resources
and so without a provider, and says which rule it broke.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

RULE = re.compile(r"validation rule at (\w+\.tf:\d+)")
ROOTS = Path(__file__).resolve().parent / "platform.tftest.hcl"  # of a platform
IO = ("resource", "data", "module", "provider", "output", "check", "terraform")


@dataclass(frozen=True)
class Case:
    """One run of the file."""

    name: str
    breaks: str  # the variable whose rule it must break; empty: none
    text: str


def cases(file: Path) -> tuple[str, list[Case]]:
    """Split a test file into what its runs share and its runs."""
    head, *runs = re.split(r'^(?=run ")', file.read_text(), flags=re.MULTILINE)
    found = []
    for text in runs:
        name = text.split('"')[1]
        breaks = re.search(r"^ *expect_failures *= \[var\.(\w+)\]\n", text, re.MULTILINE)
        alone = text.replace(breaks[0], "") if breaks else text
        found.append(Case(name, breaks[1] if breaks else "", alone))
    mocked = re.compile(r'^mock_provider "\w+" \{(\}|.*?^\})\n', re.MULTILINE | re.DOTALL)
    return mocked.sub("", head), found


def rules(module: Path) -> dict[str, str]:
    """Return the place of each `validation` and its variable."""
    found, variable = {}, ""
    for file in module.glob("*.tf"):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if line.startswith("variable "):
                variable = line.split('"')[1]
            if line.strip() == "validation {":
                found[f"{file.name}:{number}"] = variable
    return found


def without_resources(module: Path, place: Path) -> None:
    """Copy a module's files that hold only variables and locals."""
    place.mkdir(parents=True)
    for file in module.glob("*.tf"):
        if not re.search(rf"^({'|'.join(IO)})\b", file.read_text(), re.MULTILINE):
            shutil.copy(file, place)


def lay_out(module: Path, place: Path) -> list[Case]:
    """Make a folder in which each case is a test file of its own."""
    without_resources(module, place)
    beside = module / "tests" / "inputs.tftest.hcl"
    head, found = cases(beside if beside.exists() else ROOTS)
    (place / "tests").mkdir()
    for case in found:
        (place / "tests" / f"{case.name}.tftest.hcl").write_text(head + case.text)
    return found


def broken(output: str) -> tuple[dict[str, set[str]], list[str]]:
    """Read `terraform test -json`: the rules' lines that each case broke, and any other error."""
    lines: dict[str, set[str]] = {}
    others = []
    for line in output.splitlines():
        said = json.loads(line)
        if said.get("type") != "diagnostic" or said["@level"] != "error":
            continue
        rule = RULE.search(said["diagnostic"].get("detail", ""))
        if rule is None:
            others.append(f"{said.get('@testfile')}: {said['diagnostic']}")
            continue
        lines.setdefault(said["@testrun"], set()).add(rule[1])
    return lines, others
