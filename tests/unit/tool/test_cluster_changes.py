"""What up, secrets and rollback do to a cluster that answers as a stand-in."""

from __future__ import annotations

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
from tests.unit.tool.stand_in import StandIn, deployment, release, revision, secret, thing


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
