"""A platform's plan as people read it: changes grouped by what they are for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from morrow.tool.programs.terraform_json import Change

# The beginning of a resource's type, and what it is for. The first match wins.
GROUPS = (
    ("aws_eks_", "cluster"),
    ("aws_launch_template", "cluster"),
    ("aws_cloudwatch_event_", "cluster"),
    ("aws_sqs_", "cluster"),
    ("aws_iam_", "roles"),
    ("aws_kms_", "keys"),
    ("aws_secretsmanager_", "secrets"),
    ("aws_ecr_", "images"),
    ("aws_route53_", "names"),
    ("aws_acm_", "names"),
    ("aws_wafv2_", "firewall"),
    ("aws_cloudwatch_log_", "logs"),
    ("aws_flow_log", "logs"),
    ("aws_s3_", "storage"),
    ("aws_ssm_", "handover"),
    ("helm_release", "releases"),
    ("terraform_data", "handover"),
    ("aws_", "network"),
)
ORDER = (
    *("network", "cluster", "roles", "keys", "secrets", "images", "names", "firewall"),
    *("logs", "storage", "releases", "handover", "other"),
)
QUIET = ("no-op", "read")
SHOWN = 20  # fields of one update


@dataclass(frozen=True)
class Group:
    """What a plan does to one part of the platform."""

    name: str
    changes: tuple[Change, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each action, in the order of their weight."""
        found = Counter(change.action for change in self.changes)
        order = ("delete", "replace", "update", "create")
        return {action: found[action] for action in order if action in found}


def group_of(kind: str) -> str:
    """Return what a type of resource is for."""
    return next((name for start, name in GROUPS if kind.startswith(start)), "other")


def groups(changes: Iterable[Change]) -> list[Group]:
    """Return what changes, by what it is for."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        if change.action not in QUIET:
            found.setdefault(group_of(change.kind), []).append(change)
    return [Group(name, tuple(found[name])) for name in ORDER if name in found]


def lines(parts: Sequence[Group]) -> list[str]:
    """Return the plan for people: what is made by its number, all else by its address."""
    text = []
    for group in parts:
        counts = ", ".join(f"{number} to {action}" for action, number in group.counts.items())
        text.append(f"{group.name}: {counts}")
        for change in group.changes:
            if change.action == "create":
                continue
            why = ": it was begun and never finished" if change.begun else ""
            text.append(f"  {change.action} {change.address}{why}")
            if change.action == "update":
                text += [
                    f"    {field.name}: {_short(field.before)} → {_short(field.after)}"
                    for field in change.fields[:SHOWN]
                ]
    return text


def as_json(parts: Sequence[Group]) -> list[dict[str, Any]]:
    """Return what `--json` prints."""
    return [
        {
            "group": group.name,
            "counts": group.counts,
            "changes": [
                {"address": change.address, "type": change.kind, "action": change.action}
                for change in group.changes
            ],
        }
        for group in parts
    ]


def _short(value: Any) -> str:  # noqa: ANN401 - what Terraform holds
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
