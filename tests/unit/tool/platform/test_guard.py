"""What no plan may take away, and how a plan is read."""

from __future__ import annotations

from typing import Any

import pytest

from morrow.tool.platform import guard, meaning
from morrow.tool.programs.terraform_json import Change, changes


def change(kind: str, action: str, address: str = "", **states: dict[str, Any]) -> Change:
    before, after = states.get("before", {}), states.get("after", {})
    return Change(address or f"module.x.{kind}.this", kind, action, before, after)


@pytest.mark.parametrize("kind", guard.PROTECTED)
@pytest.mark.parametrize("action", ["delete", "replace"])
def test_it_is_refused_unless_its_address_is_said(kind: str, action: str) -> None:
    changes = [change(kind, action), change("aws_subnet", action)]
    wrong = guard.refused(changes, [], "prod")
    assert [(one.code, one.object) for one in wrong] == [
        ("platform-guarded", f"module.x.{kind}.this")
    ]
    assert f"--allow-replace 'module.x.{kind}.this'" in wrong[0].fix
    assert guard.refused(changes, [f"module.x.{kind}.this"], "prod") == []


@pytest.mark.parametrize("action", ["create", "update", "no-op", "read"])
def test_all_else_passes(action: str) -> None:
    assert guard.refused([change(kind, action) for kind in guard.PROTECTED], [], "prod") == []


def test_a_permission_covers_one_address_and_must_have_a_use() -> None:
    changes = [
        change("aws_kms_key", "replace", 'k["a"]'),
        change("aws_kms_key", "delete", 'k["b"]'),
    ]
    wrong = guard.refused(changes, ['k["a"]', 'k["c"]'], "prod")
    assert [(one.code, one.object) for one in wrong] == [
        ("platform-guarded", 'k["b"]'),
        ("platform-allowed", 'k["c"]'),
    ]


def test_what_is_only_updated_needs_no_permission() -> None:
    wrong = guard.refused([change("aws_vpc", "update", "v")], ["v"], "prod")
    assert [one.code for one in wrong] == ["platform-allowed"]


def test_auto_mode_is_not_switched_off() -> None:
    on, off = ({"compute_config": [{"enabled": what}]} for what in (True, False))
    leaving = change("aws_eks_cluster", "update", before=on, after=off)
    assert [one.code for one in guard.refused([leaving], [], "prod")] == ["platform-auto-mode"]
    entering = change("aws_eks_cluster", "update", before=off, after=on)
    assert guard.refused([entering], [], "prod") == []


def replaced(address: str, why: str | None, *used: str) -> Change:
    """Read a change as Terraform tells it, beside what depends on it already."""
    change = {"actions": ["delete", "create"], "before": {}, "after": {}}
    state = {"root_module": {"child_modules": [{"resources": [{"depends_on": list(used)}]}]}}
    entry = {"address": address, "type": "aws_kms_key", "change": change, "action_reason": why}
    (read,) = changes({"resource_changes": [entry], "prior_state": {"values": state}})
    return read


def test_what_an_apply_began_and_never_finished_is_made_anew() -> None:
    key = 'module.keys["a"].aws_kms_key.this[0]'
    half = replaced(key, "replace_because_tainted", "module.keys.aws_kms_key.other")
    assert guard.refused([half], [], "dev") == guard.refused([half], [key], "dev") == []
    said = meaning.lines(meaning.groups([half]))
    assert said[1] == f"  replace {key}: it was begun and never finished"
    # The controls: a person tainted what others stand on, or a changed value replaces it.
    tainted = replaced(key, "replace_because_tainted", "module.keys.aws_kms_key.this")
    changed = replaced(key, "replace_because_cannot_update")
    for one in (tainted, changed):
        assert [wrong.code for wrong in guard.refused([one], [], "dev")] == ["platform-guarded"]


def test_changes_are_grouped_by_what_they_are_for() -> None:
    found = meaning.groups(
        [
            change("aws_iam_role", "create"),
            change("aws_subnet", "create", "a"),
            change("aws_subnet", "create", "b"),
            change("aws_vpc", "no-op"),
            change(
                "aws_eks_cluster",
                "update",
                "cluster",
                before={"version": "1.35"},
                after={"version": "1.36"},
            ),
            change("google_thing", "delete", "strange"),
        ]
    )
    assert [(group.name, group.counts) for group in found] == [
        ("network", {"create": 2}),
        ("cluster", {"update": 1}),
        ("roles", {"create": 1}),
        ("other", {"delete": 1}),
    ]
    assert meaning.lines(found) == [
        "network: 2 to create",
        "cluster: 1 to update",
        "  update cluster",
        "    version: 1.35 → 1.36",
        "roles: 1 to create",
        "other: 1 to delete",
        "  delete strange",
    ]
