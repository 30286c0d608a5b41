"""What Helm and the API server say, in the tool's codes; Kubernetes' quantities."""

from __future__ import annotations

import pytest

from morrow.tool.diagnose_view import Place
from morrow.tool.doctor_cluster import quantity
from morrow.tool.programs import Result
from morrow.tool.target_kubernetes_apply import helm_problem

PLACE = Place("test", "environments/test.yaml", "web", "demo", "lab")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (
            "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
            "release-stuck",
        ),
        (
            'Error: Unable to continue with install: Service "web" in namespace "demo" exists and'
            " cannot be imported into the current release: invalid ownership metadata",
            "name-taken",
        ),
        (
            'Error: unable to build kubernetes objects: resource mapping not found for name: "odd"'
            ' namespace: "" from "": no matches for kind "Strange" in version "x/v1"\n'
            "ensure CRDs are installed first",
            "resource-kind-missing",
        ),
        (
            'Error: services "web" is forbidden: unable to create new content in namespace demo'
            " because it is being terminated",
            "namespace-terminating",
        ),
        (
            "Error: UPGRADE FAILED: pre-upgrade hooks failed: 1 error occurred:\n"
            "\t* job web-migrate failed: BackoffLimitExceeded",
            "job-failed",
        ),
        ("Error: values don't meet the specifications of the schema(s)", "release-refused"),
        ('Error: Service "web" is invalid: spec.ports: Required value', "release-refused"),
        ("Error: UPGRADE FAILED: context deadline exceeded", "rollout-slow"),
        ("Error: something that nobody has seen", "program-failed"),
    ],
)
def test_helms_words(said: str, code: str) -> None:
    found = helm_problem(Result(("helm", "upgrade"), 1, "", said), PLACE, 600)
    assert found.code == code
    assert found.mend
    assert "timed out" not in found.cause
    if code == "job-failed":
        assert (found.object, "BackoffLimitExceeded" in found.cause) == ("Job web-migrate", True)
    if code == "resource-kind-missing":
        assert "Strange" in found.cause


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("100m", 0.1), ("2Ki", 2048), ("1.5Gi", 1.5 * 2**30), ("3k", 3000), ("", 0)],
)
def test_quantities(text: str, number: float) -> None:
    assert quantity(text) == pytest.approx(number)
