"""The table of strangers in docs/init.md, made from tests/strangers/results.json.

python -m tests.strangers.page          # writes it
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "init.md"
MARKS = ("<!-- strangers -->\n", "<!-- /strangers -->")


def table() -> str:
    """Return the count and a row for each."""
    found = json.loads(RESULTS.read_text())
    count = Counter(one["state"] for one in found)
    tried = len(found) - count["not installed"] - count["no service"]
    lines = [
        f"{len(found)} were tried: {count['works']} of the {tried} services that were installed "
        f"work, {count['not installed']} could not be installed, {count['no service']} are no "
        "service.",
        "",
        "| repository | commit | result |",
        "|---|---|---|",
    ]
    for one in found:
        said = re.sub(r"[|<>{}`]", " ", one["said"].split(" | ")[0])[:200].strip()
        told = f"{one['state']}: {said}" if said else one["state"]
        if one["state"] == "works":
            told = f"works: {one['framework']}, 200 at `{one['path']}`"
        lines.append(f"| {one['name']} | `{one['commit']}` | {told} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """Return the page with today's table in it."""
    before, rest = PAGE.read_text().split(MARKS[0])
    return f"{before}{MARKS[0]}{table()}{MARKS[1]}{rest.split(MARKS[1])[1]}"


if __name__ == "__main__":
    PAGE.write_text(page())
