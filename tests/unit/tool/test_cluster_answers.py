"""doctor, secrets, rollback and refusals, held against what a stand-in for a cluster answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.base.project import Project
from morrow.tool.cluster.site import Site
from morrow.tool.deliver import rollback
from morrow.tool.deliver.look import look
from morrow.tool.deliver.take_back import choose
from morrow.tool.stores import objects
from morrow.tool.stores.store import store_of
from morrow.tool.targets.kubernetes.target import _naming
from tests.environments import load
from tests.unit.tool.command import morrow
from tests.unit.tool.stand_in import KINDS, StandIn, deployment, release, revision, secret, thing


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


def loaded() -> Site:
    return Site(load(Project.find(), "dev"))


def swept() -> list[str]:
    site = loaded()
    view = look(site.kubectl, site.place)
    return store_of(site.environment).sweep(site, _naming(site, view))


def test_an_old_secret_stays_until_nothing_names_it(cluster: StandIn) -> None:
    kept = {"annotations": {"helm.sh/resource-policy": "keep"}}
    labels = {"app.kubernetes.io/name": "shop"}
    config = [
        thing("ConfigMap", name, metadata={**kept, "labels": labels}, immutable=True, data={})
        for name in ("shop-a", "shop-b")
    ]
    theirs = secret("theirs", A="x")
    theirs["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "ann"
    old = deployment("x:1", "shop-1")
    replicaset = thing(
        "ReplicaSet", "shop-5d4f", metadata={"labels": labels}, spec=deployment("x:2", "shop-2")
    )
    all_of_them = [*(secret(f"shop-{n}", TOKEN="x") for n in (1, 2, 3, 4, 11)), *config, theirs]
    site = loaded()
    assert site.environment.secrets.object_name == "shop-1"

    cluster.says(objects=[*all_of_them, replicaset, release(7, "superseded", old),
                          release(8, "deployed", deployment("x:3", "shop-3"))])  # fmt: skip
    gone = swept()
    assert set(gone) == {"Secret shop-4", "Secret shop-11", "ConfigMap shop-b"}
    assert cluster.names >= {"Secret/shop-1", "Secret/shop-2", "Secret/shop-3", "Secret/theirs"}

    cluster.says(objects=[one for one in all_of_them if one["kind"] == "Secret"])
    assert set(swept()) == {f"Secret shop-{n}" for n in (2, 3, 4, 11)}
    assert cluster.names == {"Secret/shop-1", "Secret/theirs"}, "the file's own stays"


def test_a_secrets_value_goes_by_standard_input_only(cluster: StandIn) -> None:
    site = loaded()
    objects.create(site, "shop-9", {"TOKEN": b"canary"})
    assert "Secret/shop-9" in cluster.names
    held = objects.values_of(site.kubectl.get("secret", "shop-9"))
    assert held == {"TOKEN": b"canary"}, "the control"
    assert "canary" not in cluster.log.read_text()
    assert "Y2FuYXJ5" not in cluster.log.read_text()
    assert "kubectl create --validate=false -f -" in cluster.asked


def test_a_rollback_goes_to_the_last_good_release_that_is_another_one(cluster: StandIn) -> None:
    first, second = deployment("x:1", "shop-1"), deployment("x:2", "shop-2")
    stored = [
        release(1, "superseded", first),
        release(2, "superseded", second),
        release(3, "failed", deployment("x:bad", "shop-2")),
        release(4, "deployed", second),
    ]
    history = [
        revision(n, s) for n, s in enumerate(("superseded",) * 2 + ("failed", "deployed"), 1)
    ]
    cluster.says(objects=[*stored, secret("shop-1", TOKEN="x")], history=history)
    goal = choose(loaded(), None)
    assert (goal.revision, goal.image, goal.config, goal.secret) == (1, "x:1", "shop-a", "shop-1")

    for to, code, said in (
        (2, "revision-secret-gone", "release 2 reads it"),
        (9, "revision-missing", "no revision 9 to go back to from 4; good ones: 1"),
        (4, "revision-missing", "no revision 4"),
    ):
        with pytest.raises(Failure) as caught:
            choose(loaded(), to)
        (found,) = caught.value.problems
        assert (found.code, caught.value.exit_code) == (code, 2)
        assert said in found.cause

    cluster.says(objects=stored)
    with pytest.raises(Failure) as caught:
        choose(loaded(), None)
    assert caught.value.problems[0].object == "Secret shop-1"
    cluster.says(objects=[], history=[])
    with pytest.raises(Failure) as caught:
        choose(loaded(), None)
    assert caught.value.problems[0].code == "release-missing"


def test_a_rollback_says_what_it_goes_back_to_before_it_goes(
    cluster: StandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.says(
        objects=[release(1, "superseded", deployment("x:1", "shop-1")),
                 release(2, "deployed", deployment("x:2", "shop-1")),
                 secret("shop-1", TOKEN="x")],
        history=[revision(1, "superseded"), revision(2, "deployed")],
    )  # fmt: skip
    told: list[str] = []
    monkeypatch.setattr(
        rollback, "_apply", lambda *_: told.append(capsys.readouterr().err.partition("→")[2])
    )
    monkeypatch.setattr(rollback, "smoke", lambda *_: None)
    outcome = rollback.roll_back(loaded(), None, None)
    assert told == [" as release 1 was\n  image x:1\n  config shop-a, secrets shop-1\n"]
    assert outcome.text.startswith("shop serves as release 1 did: x:1\n")
    assert outcome.text.endswith("the files still say what was left: morrow plan dev")
    assert (outcome.data["from"], outcome.data["to"]) == (2, 1)
