"""A person who may not read Secrets is still told what of the release is gone."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from morrow.tool.deliver.look import look_at_declared
from morrow.tool.programs.runner import Result

MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers: [{name: web, image: "shop:1", envFrom: [{secretRef: {name: web-1}}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
"""
FORBIDDEN = (
    'Error from server (Forbidden): secrets "web-1" is forbidden: User "people" cannot get resource'
    ' "secrets" in API group "" in the namespace "shop"'
)


@pytest.mark.parametrize("may_read_secrets", [True, False])
def test_who_may_not_read_secrets_still_sees_the_rest(may_read_secrets: bool) -> None:
    asked: list[str] = []

    def live(manifests: str) -> Result:
        asked.append(manifests)
        refused = '"Secret"' in manifests and not may_read_secrets
        there = json.dumps({"items": [{"kind": "Deployment", "metadata": {"name": "web"}}]})
        return Result(("kubectl",), int(refused), there, FORBIDDEN if refused else "")

    site: Any = SimpleNamespace(
        records={3: {"manifest": MANIFEST}},
        deployed=3,
        kubectl=SimpleNamespace(live=live),
        environment=SimpleNamespace(namespace="demo"),
    )
    declared, there = look_at_declared(site)
    assert [one["kind"] for one in there] == ["Deployment"]
    kinds = ["Deployment", "Service", *(["Secret"] if may_read_secrets else [])]
    assert [one["kind"] for one in declared] == kinds, "the Service is gone, and that is told"
    assert len(asked) == 1, "what is hidden is known from the one answer"
