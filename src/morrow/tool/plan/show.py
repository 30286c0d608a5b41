"""A plan as text for people and as JSON for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from morrow.tool.base.terminal import terminal
from morrow.tool.plan.diff import Change, shown
from morrow.tool.plan.model import Drift, ObjectChange, Plan

SIGNS = {"create": "+", "update": "~", "delete": "-", "keep": "="}
COLOURS = {"create": "green", "update": "yellow", "delete": "red", "keep": "dim"}
SAYS = {"keep": "left in place by its policy"}
LONG = 400  # characters of a value; --json has all of it


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the whole plan as data."""
    environment = plan.environment
    return {
        "environment": environment.label,
        "target": {
            "context": environment.context,
            "namespace": environment.namespace,
            "delivery": environment.delivery,
        },
        "release": {"name": environment.name, "revision": plan.revision, "status": plan.status},
        "empty": plan.empty,
        "counts": plan.counts(),
        "changes": [change.as_json() for change in plan.changes],
        "drift": [
            {
                "kind": one.key.kind,
                "name": one.key.name,
                "namespace": one.key.namespace,
                "missing": one.missing,
                "fields": [
                    {
                        "field": f.field,
                        "release": f.before,
                        "live": f.after,
                        "overwritten": f.field in one.overwritten,
                    }
                    for f in one.fields
                ],
            }
            for one in plan.drift
        ],
        "hooks": list(plan.hooks),
        "restarts": list(plan.restarts),
        "config": [one.as_json() for one in plan.config],
        "secrets": plan.secrets,
        "terraform": _terraform(plan),
        "warnings": list(plan.warnings),
        "problems": [p.as_json() for p in plan.problems],
    }


def as_text(plan: Plan) -> str:
    """Return the plan for people."""
    return "\n".join(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    environment = plan.environment
    state = f"release {plan.revision} ({plan.status})" if plan.revision else "not deployed yet"
    yield f"{environment.name} in {environment.namespace}, {environment.context}:"
    yield f"  {state}"
    for change in plan.changes:
        yield from _object(change)
    for resource in (_terraform(plan) or {}).get("changes", []):
        yield f"  {resource['action']} {resource['address']} (Terraform)"
        for field in resource["fields"]:
            yield f"      {field}"
    if plan.drift:
        yield ""
        yield "changed by hand since the release:"
        for each in plan.drift:
            yield from _drift(each)
    notes = [
        *(
            f"config: {one.field[7:]}: {shown(one.before)} -> {shown(one.after)}"
            for one in plan.config
        ),
        *([f"secrets: {plan.secrets}"] if plan.secrets else []),
        *(f"runs: {hook}" for hook in plan.hooks),
        *(f"restarts: {name}, pod by pod" for name in plan.restarts),
        *(f"{_paint('warning:', 'yellow')} {text}" for text in plan.warnings),
    ]
    if notes:
        yield ""
        for note in notes:
            yield from textwrap.wrap(
                note, terminal.width, subsequent_indent="  ", break_on_hyphens=False
            )
    yield ""
    counts = plan.counts()
    if plan.empty:
        yield "nothing to do: files, release and cluster agree"
        return
    text = ", ".join(
        f"{counts[action]} to {action}" for action in SIGNS if counts[action] or action != "keep"
    )
    yield text + (f", {counts['drift']} changed by hand" if counts["drift"] else "")


def _object(change: ObjectChange) -> Iterator[str]:
    says = SAYS.get(change.action, change.action)
    head = f"{SIGNS[change.action]} {change.key}"
    yield f"{_paint(head, COLOURS[change.action])}  {says}"
    if change.action == "create":
        return
    for one in change.fields:
        yield from _field(one.field, one)


def _field(name: str, change: Change, arrow: str = "->") -> Iterator[str]:
    before, after = (_short(shown(value)) for value in (change.before, change.after))
    line = f"    {name}: {before} {arrow} {after}"
    if len(line) <= terminal.width:
        yield line
        return
    yield f"    {name}:"
    for sign, style, text in (("-", "red", before), ("+", "green", after)):
        folded = textwrap.wrap(text, terminal.width - 8, break_on_hyphens=False)
        yield f"      {_paint(sign, style)} {folded[0]}"
        yield from (f"        {more}" for more in folded[1:])


def _drift(drift: Drift) -> Iterator[str]:
    if drift.missing:
        yield f"! {drift.key}  removed; `up` makes it again"
        return
    yield f"! {drift.key}"
    for one in drift.fields:
        fate = "`up` sets it back" if one.field in drift.overwritten else "`up` leaves it"
        yield from _field(f"{one.field} ({fate})", one, "is now")


def _short(text: str) -> str:
    return text if len(text) <= LONG else text[:LONG] + " … (--json has all)"


def _terraform(plan: Plan) -> dict[str, Any] | None:
    if plan.terraform is None:
        return None
    return {
        "empty": plan.terraform.empty,
        "changes": [
            {
                "address": change.address,
                "action": change.action,
                "fields": sorted(one.name for one in change.fields),
            }
            for change in plan.terraform.changes
            if change.action != "no-op"
        ],
        "warnings": list(plan.terraform.warnings),
    }


def _paint(text: str, style: str) -> str:
    return terminal.paint(text, style, terminal.out)
