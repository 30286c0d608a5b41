"""doctor, secrets, rollback and refusals, held against what a stand-in for a cluster answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tool.command import morrow
from tests.unit.tool.stand_in import KINDS, StandIn, revision, secret, thing


def doctor() -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """Return the exit code and the lines of `morrow doctor dev`, by their name."""
    code, out, err = morrow("doctor", "dev", "--json")
    assert out, err
    lines: dict[str, list[dict[str, Any]]] = {}
    for check in json.loads(out)["checks"]:
        lines.setdefault(check["name"], []).append(check)
    return code, lines


def test_doctor_finds_nothing_in_a_good_cluster(cluster: StandIn) -> None:
    code, lines = doctor()
    states = {name: [one["state"] for one in found] for name, found in lines.items()}
    wanted = ("environment", "kubectl", "helm", "cluster", "access", "kinds", "namespace")
    assert states == {name: ["ok"] for name in (*wanted, "image", "secrets", "release")}
    assert code == 0
    assert not [line for line in cluster.asked if " apply " in line or "replace" in line]


def world(**changed: object) -> Callable[[StandIn], None]:
    return lambda cluster: cluster.says(**changed)


def without(kind: str) -> Callable[[StandIn], None]:
    def remove(cluster: StandIn) -> None:
        cluster.says(objects=[one for one in cluster.world["objects"] if one["kind"] != kind])

    return remove


def besides(*objects: dict[str, Any]) -> Callable[[StandIn], None]:
    return lambda cluster: cluster.says(objects=[*cluster.world["objects"], *objects])


def ends(cluster: StandIn) -> None:
    cluster.world["objects"][0]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    cluster.says()


def no_level(cluster: StandIn) -> None:
    cluster.world["objects"][0]["metadata"]["labels"] = {}
    cluster.says()


def half_a_secret(cluster: StandIn) -> None:
    cluster.says(objects=[cluster.world["objects"][0], secret("shop-1", OTHER="x")])


def other_tag(cluster: StandIn) -> None:
    file = Path("environments/dev.yaml")
    file.write_text(file.read_text() + 'image: {tag: "2"}\n')


QUOTA = thing(
    "ResourceQuota", "small", status={"hard": {"memory": "1Gi"}, "used": {"memory": "1024Mi"}}
)
ROOM = thing("ResourceQuota", "large", status={"hard": {"pods": "10"}, "used": {"pods": "9"}})
RULE = thing("PrometheusRule", "shop", "monitoring.coreos.com/v1")
RULES = "/apis/monitoring.coreos.com/v1"

# What is changed; the line that must tell it; its state; code; a part of the fix.
WRONG = [
    (world(kubectl="v1.27.9"), "kubectl", "fail", "program-old", "install kubectl 1.28 or newer"),
    (world(helm="v3.17.4"), "helm", "fail", "program-old", "MORROW_HELM=/path/to/helm"),
    (world(helm="v5.0.0"), "helm", "fail", "helm-unsupported", "install Helm 3.18 to 4"),
    (world(helm="odd"), "helm", "warn", "", ""),
    (world(server="1.29"), "cluster", "fail", "cluster-old", "1.30 or newer"),
    (world(denied=["services"]), "access", "fail", "access-denied",
     "kubectl --context dev -n shop-dev auth can-i create services"),
    (world(denied=["pods/portforward"]), "access", "warn", "access-denied",
     "auth can-i create pods/portforward"),
    (world(manifest=RULE), "kinds", "fail", "resource-kind-missing", "PrometheusRule"),
    (world(manifest=RULE, kinds=f"{KINDS}x y monitoring.coreos.com/v1 true PrometheusRule"),
     "kinds", "ok", "", ""),
    (world(manifest=RULE, served={RULES: "ServiceUnavailable"}),
     "kinds", "warn", "resource-kind-missing", ""),
    (world(manifest=RULE, served={RULES: ["PrometheusRule"]}), "kinds", "ok", "", ""),
    (world(manifest=RULE, served={RULES: ["Other"]}),
     "kinds", "fail", "resource-kind-missing", "PrometheusRule"),
    (world(served={RULES: "ServiceUnavailable"}), "kinds", "ok", "", ""),
    (ends, "namespace", "fail", "namespace-terminating",
     "kubectl --context dev -n shop-dev wait --for=delete"),
    (no_level, "namespace", "warn", "", ""),
    (without("Namespace"), "namespace", "ok", "", ""),
    (besides(QUOTA), "quota", "fail", "quota-exceeded", "describe resourcequota small"),
    (besides(ROOM), "quota", "ok", "", ""),
    (other_tag, "image", "fail", "image-not-found", "push "),
    (half_a_secret, "secrets", "fail", "secret-incomplete", "morrow secrets rotate dev TOKEN"),
    (without("Secret"), "secrets", "ok", "", ""),
    (world(history=[revision(1, "deployed"), revision(2, "pending-upgrade")]),
     "release", "fail", "release-stuck", "morrow doctor dev --fix"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "name", "state", "code", "fix"), WRONG)
def test_doctor_names_what_is_wrong_in_a_line_with_its_fix(
    cluster: StandIn,
    change: Callable[[StandIn], None],
    name: str,
    state: str,
    code: str,
    fix: str,
) -> None:
    change(cluster)
    exit_code, lines = doctor()
    line, *more = lines[name]
    assert all(name == "access" and one["state"] == "warn" for one in more), lines
    assert line["state"] == state, lines
    assert exit_code == (1 if state == "fail" else 0)
    assert ((line["problem"] or {}).get("code", "")) == code
    assert fix in ((line["problem"] or {}).get("fix", "")), line
    bad = {one["name"] for found in lines.values() for one in found if one["state"] == "fail"}
    others = bad - {name}
    assert others == set(), "one cause, one line"


def test_doctors_table_has_each_fix_and_fits_80_columns(cluster: StandIn) -> None:
    cluster.says(denied=["services", "secrets"], server="1.33", helm="v3.17.4")
    code, out, _ = morrow("doctor", "dev")
    assert code == 1
    assert all(len(line) <= 80 for line in out.splitlines()), out
    text = " ".join(out.split())
    for fix in ("auth can-i create services", "auth can-i list secrets", "install helm 3.18"):
        assert fix in text
    assert out.count("\nfail") == 4, out


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (world(denied=["services"]), "access-denied"),
        (ends, "namespace-terminating"),
        (other_tag, "image-not-found"),
        (half_a_secret, "secret-incomplete"),
        (world(manifest=RULE), "resource-kind-missing"),
        (world(helm="v5.0.0"), "helm-unsupported"),
    ],
)
def test_up_asks_first_and_stops_before_it_touches_anything(
    cluster: StandIn, change: Callable[[StandIn], None], code: str
) -> None:
    change(cluster)
    before = cluster.names
    exit_code, out, err = morrow("up", "dev", "--json")
    assert (exit_code, json.loads(out)["problems"][0]["code"]) == (2, code), err
    assert cluster.names == before
    looks = ("get", "template", "version", "api-resources")
    asked = [line for line in cluster.asked if line.split()[1] not in looks]
    # A review of rights is a question, though kubectl calls it `create`.
    assert [line for line in asked if " -o json" not in line] == []


@pytest.mark.parametrize(
    "words", [("up", "dev"), ("plan", "dev"), ("secrets", "rotate", "dev")], ids=" ".join
)
def test_a_mistake_in_a_file_is_told_before_the_cluster_is_asked(
    cluster: StandIn, words: tuple[str, ...]
) -> None:
    file = Path("environments/dev.yaml")
    file.write_text(file.read_text() + "replcias: 1\nenv: {A: 12:30}\n")
    cluster.says()
    code, out, _ = morrow(*words, "--json")
    problems = json.loads(out)["problems"]
    assert (code, {one["code"] for one in problems}) == (
        2,
        {"environment-key", "environment-ambiguous"},
    )
    assert all("environments/dev.yaml:" in one["fix"] for one in problems)
    assert [line for line in cluster.asked if line.startswith("kubectl")] == []
