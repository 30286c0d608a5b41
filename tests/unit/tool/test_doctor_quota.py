"""Which quotas leave no room: not those that count other pods."""

from __future__ import annotations

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.doctor.cluster import _full

BY_CLASS = {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "Exists"}]}


@pytest.mark.parametrize(
    ("spec", "full"),
    [
        ({}, True),
        ({"scopes": ["NotTerminating"]}, True),
        ({"scopes": ["Terminating"]}, False),
        ({"scopes": ["BestEffort", "NotTerminating"]}, False),
        ({"scopeSelector": BY_CLASS}, False),
    ],
)
def test_a_quota_that_counts_other_pods_is_in_nobodys_way(spec: Json, full: bool) -> None:
    used = {"hard": {"pods": "0"}, "used": {"pods": "0"}}
    quota = {"metadata": {"name": "few"}, "spec": spec, "status": used}
    assert bool(list(_full(quota, "ClusterIP"))) is full
