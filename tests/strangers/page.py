"""The table of strangers in docs/init.md, made from tests/strangers/results.json.

python -m tests.strangers.page          # writes it
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "init.md"
PEERS = ("railpack", "fly launch")
MARKS = ("<!-- strangers -->\n", "<!-- /strangers -->")


def shown(peer: list[Any]) -> str:
    """Return what a peer would start, and whether that is there."""
    command, there = peer
    if not command:
        return "nothing"
    return f"`{command[:60].replace('|', ' ')}`{'' if there else ', which is not there'}"


def table() -> str:
    """Return the counts and a row for each."""
    found = json.loads(RESULTS.read_text())
    count = Counter(one["state"] for one in found)
    tried = len(found) - count["not installed"] - count["no service"]
    times = sorted(one["seconds"] for one in found if one["state"] == "works")
    judged = [one["peers"] for one in found if "peers" in one]
    there = {name: sum(one[name][1] for one in judged) for name in PEERS}
    lines = [
        f"{len(found)} were tried: {count['works']} of the {tried} services that were installed "
        f"work, of {count['named']} what is missing was named, {count['raised']} raised what is "
        f"shown and {count['fails']} failed in another way. {count['not installed']} could not be "
        f"installed, {count['no service']} are no service. The median to a first 200 was "
        f"{median(times):.0f} s.",
        "",
        f"By their published rules, judged from the files and not run, what Railpack starts is "
        f"there in {there['railpack']} of {len(judged)}, what `fly launch` starts in "
        f"{there['fly launch']}; whether it answers is not known.",
        "",
        "| repository | commit | result | Railpack | `fly launch` |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        said = re.sub(r"[|<>{}`]", " ", one["said"].split(" | ")[0])[:200].strip()
        told = f"{one['state']}: {said}" if said else one["state"]
        if one["state"] == "works":
            beside = f", with {one['beside']} beside it" if one.get("beside") else ""
            told = f"works: {one['framework']}, 200 at `{one['path']}`{beside}"
        peers = " | ".join(shown(one["peers"][name]) if "peers" in one else "" for name in PEERS)
        lines.append(f"| {one['name']} | `{one['commit']}` | {told} | {peers} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """Return the page with today's table in it."""
    before, rest = PAGE.read_text().split(MARKS[0])
    return f"{before}{MARKS[0]}{table()}{MARKS[1]}{rest.split(MARKS[1])[1]}"


if __name__ == "__main__":
    PAGE.write_text(page())
