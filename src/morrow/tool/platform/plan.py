"""A platform's plan: what changes, what it costs, and what of it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Problem
from morrow.tool.platform import guard, meaning, support
from morrow.tool.platform.meaning import Group
from morrow.tool.platform.prices import Month, PriceTable, Sizing
from morrow.tool.platform.roots import Platform
from morrow.tool.programs.terraform_json import Plan


@dataclass(frozen=True)
class Planned:
    """What an `up` would do."""

    platform: Platform
    plan: Plan
    groups: tuple[Group, ...]
    month: Month | None  # None: the root has no output `sizing`
    before: Month | None  # None: nothing was made yet
    warnings: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.groups

    @property
    def protected(self) -> bool:
        """Whether the root says that customers depend on it."""
        return bool(self.plan.raw.get("variables", {}).get("protected", {}).get("value"))


def compute(
    platform: Platform, prices: Path | None, allowed: Sequence[str], today: date
) -> Planned:
    """Plan, group, price and judge."""
    table = PriceTable.read(prices)
    platform.require_known_keys()
    plan = platform.terraform.plan()
    outputs: dict[str, Any] = plan.raw.get("output_changes", {}).get("sizing", {})
    sizing = Sizing.read(outputs["after"]) if outputs.get("after") else None
    old = Sizing.read(outputs["before"]) if outputs.get("before") else None
    warning = support.warning(sizing.kubernetes, today) if sizing else ""
    stays = [one.kind for one in plan.changes if one.action not in ("delete", "read")]
    return Planned(
        platform=platform,
        plan=plan,
        groups=tuple(meaning.groups(plan.changes)),
        month=table.month(sizing, today, stays) if sizing else None,
        before=table.month(old, today) if old else None,
        warnings=(*plan.warnings, *([warning] if warning else [])),
        problems=tuple(guard.refused(plan.changes, allowed, platform.name)),
    )


def as_json(planned: Planned) -> dict[str, Any]:
    """Return what `--json` prints."""
    month, before = planned.month, planned.before
    difference = float(month.total - before.total) if month and before else None
    return {
        "platform": planned.platform.name,
        "empty": planned.empty,
        "groups": meaning.as_json(planned.groups),
        "month": month.as_json() if month else None,
        "difference_usd": difference,
        "warnings": list(planned.warnings),
        "problems": [one.as_json() for one in planned.problems],
    }


def as_text(planned: Planned) -> str:
    """Return the plan for people."""
    lines = meaning.lines(planned.groups) or [
        f"nothing to do: {planned.platform.root} is as it says"
    ]
    if planned.month:
        lines += ["", *price_lines(planned.month, planned.before)]
    return "\n".join(lines)


def price_lines(month: Month, before: Month | None) -> list[str]:
    """Return a month's price with its parts."""
    rows = []
    for line in month.lines:
        amount = "       ?" if line.amount is None else f"{line.amount:>8,.2f}"
        rows.append(f"  {amount}{'~' if line.uncertain else ' '} {line.what}")
    least = "at least " if month.missing else ""
    total = f"a month: {least}{month.total:,.2f} USD at list prices of {month.dated}"
    if before is not None:
        total += f", {month.total - before.total:+,.2f} to what is there"
    notes = []
    if month.uncertain:
        notes.append("~ a price that was not read in AWS's own list")
    if month.missing:
        notes.append("? no price known: give a table with --prices FILE")
    return [total, *rows, *notes]
