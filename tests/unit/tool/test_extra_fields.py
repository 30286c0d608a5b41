"""A field of an object of `extra` that the cluster would leave out, by the API server's words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from morrow.tool.doctor.cluster import fields_check
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result
from tests.unit.tool.around import PLACE, thing

# As kubectl 1.34 printed it.
SAID = (
    'Error from server (BadRequest): error when creating "STDIN": HTTPRoute in version "v1" cannot'
    ' be handled as a HTTPRoute: strict decoding error: unknown field "spec.hostname", unknown'
    ' field "spec.rules[0].matchs"\n'
)
LABELS = {"app.kubernetes.io/component": "extra"}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (SAID, ["spec.hostname", "spec.rules[0].matchs"]),
        ('Error from server (NotFound): namespaces "demo" not found', []),
        ('error: User "ann" cannot create resource "httproutes"', []),
        ("", []),
    ],
)
def test_a_field_that_would_be_left_out(
    said: str, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def run(_: Kubectl, *words: str, input: str) -> Result:
        asked.append(input)
        return Result(words, int(bool(said)), "", said)

    monkeypatch.setattr(Kubectl, "run", run)
    good = thing("HTTPRoute", "good", metadata={"labels": LABELS}, spec={})
    odd = thing("HTTPRoute", "odd", metadata={"labels": LABELS})
    odd["spec"] = {"hostname": ["a"], "rules": [{"matchs": []}]}
    of_chart = thing("HTTPRoute", "web", spec=odd["spec"])
    site: Any = SimpleNamespace(
        objects=[of_chart, good, odd], kubectl=Kubectl("lab", "demo"), place=PLACE
    )
    told = [one.problem for one in fields_check(site)]
    assert [(one.code, one.object) for one in told if one] == [
        ("field-unknown", "HTTPRoute odd")
    ] * (len(found))
    assert all(name in one.cause for name, one in zip(found, told, strict=True) if one)
    assert '"name": "web"' not in asked[0], "what the chart makes is held by its own tests"
    site.objects = [of_chart]
    assert list(fields_check(site)) == []
    assert len(asked) == 1, "without objects of one's own nothing is asked"
