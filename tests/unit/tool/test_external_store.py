"""The store `external`, before a stand-in for the cluster and its operator.

With the real operator: tests/e2e/test_external_secrets.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.cluster.site import Site
from morrow.tool.rules.open import VALID, open_site
from morrow.tool.secrets.change import move
from morrow.tool.stores import objects as objects_of
from morrow.tool.stores import operator
from morrow.tool.stores.store import store_of
from tests.unit.tool.stand_in import StandIn, thing

VERSION = "uuid/11111111-2222-3333-4444-555555555555"
AWS = {"service": "SecretsManager", "region": "eu-west-1"}


def store(*conditions: dict[str, str]) -> dict[str, Any]:
    spec = {"provider": {"aws": AWS}}
    return thing("SecretStore", "aws", spec=spec, status={"conditions": list(conditions)})


READY = {"type": "Ready", "status": "True"}
UNREADY = {"type": "Ready", "status": "False", "reason": "InvalidProviderConfig", "message": "no"}


@pytest.fixture
def site(project_folder: Path, cluster: StandIn, helm: Path, monkeypatch: Any) -> Site:
    file = project_folder / "environments" / "dev.yaml"
    secrets = {
        "provider": "external", "revision": "2", "version": VERSION, "keys": ["TOKEN"],
        "external": {"store": "aws", "key": "dev/shop"},
    }  # fmt: skip
    text = file.read_text().replace("secrets: {keys: [TOKEN]}", f"secrets: {json.dumps(secrets)}")
    file.write_text(text)
    monkeypatch.setenv("MORROW_HELM", str(helm))
    cluster.says(objects=[*cluster.world["objects"], store(READY)])
    monkeypatch.setattr(operator, "PATIENCE", 1.0)
    return open_site("dev", None, VALID)


def objects(cluster: StandIn, kind: str) -> list[dict[str, Any]]:
    found = json.loads(cluster.file.read_text())["objects"]
    return [one for one in found if one["kind"] == kind]


def test_the_version_is_pinned_and_helm_takes_it_over(site: Site, cluster: StandIn) -> None:
    cluster.says(operator={"TOKEN": "one"})
    store_of(site.environment).check(site)
    store_of(site.environment).make(site)
    (made,) = objects(cluster, "ExternalSecret")
    metadata = made["metadata"]
    assert metadata["name"] == "shop-2"
    assert metadata["labels"]["app.kubernetes.io/managed-by"] == "Helm"
    assert metadata["annotations"]["meta.helm.sh/release-name"] == "shop"
    remote = {"key": "dev/shop", "property": "TOKEN", "version": VERSION}
    assert made["spec"]["data"] == [{"secretKey": "TOKEN", "remoteRef": remote}]
    delivered = objects(cluster, "Secret")[-1]
    assert "TOKEN" in json.loads(delivered["metadata"]["annotations"]["secrets.morrow/changed"])
    assert not any("one" in line for line in cluster.asked), "no value is an argument"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("error processing spec.data[0], err: Secret does not exist", "entry-missing"),
        ("err: key TOKEN does not exist in secret dev/shop", "property-missing"),
        ("AccessDeniedException: User: x is not authorized to perform: y", "aws-denied"),
        ("AccessDeniedException: Access to KMS is not allowed", "kms-denied"),
        ("(key: dev/kms-proxy), err: Secret does not exist", "entry-missing"),
        ("something else", "store-refused"),
    ],
)  # fmt: skip
def test_a_refusal_is_named_and_taken_away(
    site: Site, cluster: StandIn, said: str, code: str
) -> None:
    cluster.says(operator=said)
    with pytest.raises(Failure) as caught:
        store_of(site.environment).make(site)
    found = caught.value.problems[0]
    assert (found.code, said in found.cause, "dev/shop" in found.object) == (code, True, True)
    assert found.object.startswith("y on dev/shop" if code == "aws-denied" else "dev/shop")
    assert objects(cluster, "ExternalSecret") == []


def test_of_two_keys_the_one_that_is_named_is_blamed(
    site: Site, cluster: StandIn, project_folder: Path
) -> None:
    file = project_folder / "environments" / "dev.yaml"
    file.write_text(file.read_text().replace('["TOKEN"]', '["TOKEN", "API_TOKEN"]'))
    cluster.says(operator="err: key API_TOKEN does not exist in secret dev/shop")
    both = open_site("dev", None, VALID)
    with pytest.raises(Failure) as caught:
        store_of(both.environment).make(both)
    assert "set dev API_TOKEN <" in caught.value.problems[0].fix


def test_an_empty_value_is_named_and_taken_away(site: Site, cluster: StandIn) -> None:
    cluster.says(operator={"TOKEN": ""})
    with pytest.raises(Failure) as caught:
        store_of(site.environment).make(site)
    found = caught.value.problems[0]
    assert (found.code, "for TOKEN" in found.cause) == ("secret-incomplete", True)
    assert objects(cluster, "ExternalSecret") == []
    left = {one["metadata"]["name"] for one in objects(cluster, "Secret")}
    assert left == {"shop-1"}, "the Secret that was made of it is gone, and no other"


def test_what_is_missing_before_is_named(site: Site, cluster: StandIn) -> None:
    chosen = store_of(site.environment)
    others = [one for one in cluster.world["objects"] if one["kind"] != "SecretStore"]
    for given, code in (
        ([], "store-missing"),
        ([store(UNREADY)], "store-not-ready"),
        ([store()], "operator-missing"),
    ):
        cluster.says(objects=[*others, *given])
        with pytest.raises(Failure) as caught:
            chosen.check(site)
        assert caught.value.problems[0].code == code
        assert caught.value.exit_code == 2
    cluster.says(objects=[*others, store(READY)], operator=None)
    with pytest.raises(Failure) as caught:
        chosen.make(site)
    assert caught.value.problems[0].code == "operator-missing", "nobody looks at it"
    assert objects(cluster, "ExternalSecret") == []


def test_more_than_a_secret_holds_is_refused_by_its_largest_key(
    site: Site, cluster: StandIn
) -> None:
    for write in (objects_of.create, objects_of.patch):
        with pytest.raises(Failure) as caught:
            write(site, "shop-3", {"SMALL": b"a", "TOKEN": b"b" * 1_048_576})
        found = caught.value.problems[0]
        assert (found.code, found.object, caught.value.exit_code) == (
            "secret-too-large", "TOKEN", 2,
        )  # fmt: skip
        assert not [line for line in cluster.asked if " create" in line]
    assert objects_of.create(site, "shop-3", {"TOKEN": b"b" * 1_048_576}), "the control"


def test_a_move_to_a_store_that_the_file_does_not_describe_is_refused(
    site: Site, cluster: StandIn, project_folder: Path
) -> None:
    file = project_folder / "environments" / "dev.yaml"
    lines = [line for line in file.read_text().splitlines() if "secrets" not in line]
    file.write_text("\n".join([*lines, "secrets: {keys: [TOKEN]}"]) + "\n")
    before = file.read_bytes()
    with pytest.raises(Failure) as caught:
        move(open_site("dev", None, VALID), "external", None)
    found = caught.value.problems[0]
    assert (found.code, "secrets.external names none" in found.cause) == ("store-missing", True)
    assert "dev.yaml:" in found.fix, found
    assert file.read_bytes() == before
