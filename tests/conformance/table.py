"""The page docs/conformance.md, from the results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tests.conformance.results import GRANIANS, Result, mendable, unexcused

SERVERS = ("Morrow", "Granian", "gunicorn", "uvicorn")
HEAD = """\
# Conformance

`python -m tests.conformance` wrote this page: the same requests, byte by byte, to applications \
that we did not write, behind each server. Four threads, or one loop; nothing else is configured.

"""


def page(results: Iterable[Result]) -> str:
    """Return the page."""
    results = list(results)
    apps = list(dict.fromkeys(one.app for one in results))
    cases = list(dict.fromkeys((one.group, one.case) for one in results))
    text = HEAD + f"{len(cases)} cases, {len(apps)} applications, {len(results)} results. "
    wrong, ours = len(unexcused(results)), len(mendable(results))
    text += f"Morrow is wrong in {wrong} where gunicorn or uvicorn is right: {ours} of them are "
    text += "Morrow's, the others [Granian's](#what-only-granian-can-mend).\n\n"
    return text + _totals(results, apps) + _wrongs(results, cases) + _granians()


def _totals(results: list[Result], apps: list[str]) -> str:
    lines = ["## Right, of so many asked", "", _row("application", *SERVERS), _rule(5)]
    for app in apps:
        cells = []
        for server in SERVERS:
            mine = [one for one in results if (one.app, one.server) == (app, server)]
            right = sum(not one.wrong for one in mine)
            cells.append(f"{right}/{len(mine)}" if mine else "")
        lines.append(_row(app, *cells))
    return "\n".join([*lines, "", ""])


def _wrongs(results: list[Result], cases: list[tuple[str, str]]) -> str:
    by_case: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for one in results:
        by_case[one.group, one.case].append(one)
    lines = [
        "## Where somebody is wrong",
        "",
        "A number is how many applications saw it. A server is at fault where another is right "
        "with the same application; where all are wrong, the application is, or nobody does it.",
        "",
        _row("case", *SERVERS, "whose fault", "what Morrow does"),
        _rule(7),
    ]
    for key in cases:
        mine = by_case[key]
        if not any(one.wrong for one in mine):
            continue
        wrong = {name: [r for r in mine if r.server == name and r.wrong] for name in SERVERS}
        asked = {name for name in SERVERS if any(r.server == name for r in mine)}
        cells = [str(len(wrong[n])) if wrong[n] else "right" if n in asked else "" for n in SERVERS]
        told = wrong["Morrow"][0].wrong.replace("|", "\\|")[:90] if wrong["Morrow"] else "right"
        lines.append(_row(f"{key[0]}: {key[1]}".replace("|", "\\|"), *cells, _fault(mine), told))
    return "\n".join([*lines, ""])


def _granians() -> str:
    lines = ["", "## What only Granian can mend", ""]
    return "\n".join([*lines, *(f"- {case}: {told}" for case, told in GRANIANS.items()), ""])


def _fault(results: list[Result]) -> str:
    """Name the servers that are wrong where another is right; else say that all are."""
    right = {one.app for one in results if not one.wrong}
    servers = {one.server for one in results if one.wrong and one.app in right}
    return ", ".join(name for name in SERVERS if name in servers) or "all alike"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns
