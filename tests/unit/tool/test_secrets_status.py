"""`morrow secrets status` before a cluster or a store that cannot be asked, or lacks something."""

from __future__ import annotations

import json
import os
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.serving import serving
from tests.terraform.aws import account as accounts
from tests.unit.tool.command import MAIN, Told, morrow
from tests.unit.tool.stand_in import StandIn, thing

STATUS = ("secrets", "status", "dev")
NO_BOTO = "import sys; sys.modules['boto3'] = None; "
NOBODY = "http://127.0.0.1:9"
SEALED = """\
TOKEN: ENC[AES256_GCM,data:aaaa,iv:aaaa,tag:aaaa,type:str]
sops: {mac: "ENC[AES256_GCM,data:aaaa]", age: [{recipient: age1aaaa}]}
"""
CLUSTERS = ["values", "ages", "pods", "left"]


def holding(secret: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "shop"}
    volume = {"name": "secrets", "secret": {"secretName": secret}}
    spec = {"containers": [{"name": "shop"}], "volumes": [volume]}
    return thing("Pod", "shop-1-a", metadata={"labels": labels}, spec=spec, status={})


def store(ready: bool) -> dict[str, Any]:
    spec = {"provider": {"aws": {"service": "SecretsManager", "region": "eu-west-1"}}}
    state = {"type": "Ready", "status": str(ready), "reason": "Invalid", "message": "no login"}
    return thing("SecretStore", "aws", spec=spec, status={"conditions": [state]})


@pytest.fixture
def dev(cluster: StandIn, project_folder: Path) -> StandIn:
    """A pod that holds the Secret of the present revision."""
    cluster.says(objects=[*cluster.world["objects"], holding("shop-1")])
    return cluster


def provider(folder: Path, kind: str, **more: object) -> None:
    file = folder / "environments" / "dev.yaml"
    secrets = {"provider": kind, "revision": "1", "keys": ["TOKEN"], **more}
    text = file.read_text().replace("secrets: {keys: [TOKEN]}", f"secrets: {json.dumps(secrets)}")
    file.write_text(text)


def says(folder: Path, script: str) -> dict[str, str]:
    """Put a program before the stand-in for kubectl; it counts how often it is asked."""
    file = folder / "before-kubectl"
    beside = os.environ["MORROW_KUBECTL"]
    file.write_text(f'#!/bin/sh\necho "$*" >>{folder}/count\n{script}\nexec {beside} "$@"\n')
    file.chmod(0o755)
    return {"MORROW_KUBECTL": str(file)}


def status(folder: Path, *words: str, main: str = MAIN, **variables: str) -> Told:
    given = {**accounts.variables(NOBODY), **variables}
    return morrow(*STATUS, *words, folder=folder, main=main, **given)


def test_what_can_be_asked_is_said_whole(dev: StandIn, project_folder: Path) -> None:
    told = status(project_folder, "--json")
    assert told.code == 0, told
    assert (told.answer["unknown"], told.answer["problems"]) == ([], [])
    assert told.answer["pods"] == [{"pod": "shop-1-a", "secret": "shop-1"}]


@pytest.mark.parametrize("kind", ["generated", "existing", "sops", "external"])
def test_a_silent_cluster_is_asked_once_and_the_rest_is_said(
    dev: StandIn, project_folder: Path, kind: str
) -> None:
    more: dict[str, dict[str, Any]] = {
        "existing": {"name": "theirs"},
        "external": {"external": {"store": "aws", "key": "a"}},
    }
    provider(project_folder, kind, **more.get(kind, {}))
    (project_folder / "environments" / "dev.secrets.yaml").write_text(SEALED)
    silent = says(project_folder, "echo 'The connection to the server x was refused' >&2; exit 1")
    told = status(project_folder, "--json", **silent)
    assert (told.code, told.problem["code"]) == (2, "cluster-unreachable"), told
    assert "cluster-info" in told.problem["fix"]
    file = kind == "sops"  # what Git holds is known without it
    store = ["store"] if kind == "external" else []
    assert told.answer["unknown"] == [*CLUSTERS[file:], *store]
    assert (told.answer["revision"], told.answer["pods"], told.answer["left"]) == ("1", None, None)
    (key,) = told.answer["keys"]
    assert (key["name"], key["set"], key["age_days"]) == ("TOKEN", True if file else None, None)
    assert len((project_folder / "count").read_text().splitlines()) <= 2, "the second is the pods"
    told = status(project_folder, **silent)
    assert told.code == 2
    assert "not known: which revision the pods hold" in told.out
    assert f"revision 1, {kind}: " in told.out
    assert "error cluster-unreachable" in told.err
    assert "fix: kubectl" in told.err


def test_who_may_not_read_secrets_learns_what_the_pods_hold(
    dev: StandIn, project_folder: Path
) -> None:
    words = 'secrets is forbidden: User "me" cannot get resource "secrets" in API group ""'
    denied = says(project_folder, f"case $* in *secret*) echo 'Error: {words}' >&2; exit 1;; esac")
    told = status(project_folder, "--json", **denied)
    assert (told.code, told.problem["code"]) == (2, "access-denied"), told
    assert told.answer["unknown"] == ["values", "ages", "left"]
    assert told.answer["pods"] == [{"pod": "shop-1-a", "secret": "shop-1"}]


def test_a_store_that_cannot_be_read_hides_nothing_of_the_pods(
    dev: StandIn, project_folder: Path
) -> None:
    provider(project_folder, "external", external={"store": "aws", "key": "dev/shop"})
    objects = dev.world["objects"]
    for there, main, code, problem, unknown in (
        ([], MAIN, 1, "store-missing", []),
        ([store(False)], MAIN, 1, "store-not-ready", []),
        ([store(True)], MAIN, 2, "aws-unreachable", ["store"]),
        ([store(True)], NO_BOTO + MAIN, 0, "extra-missing", ["store"]),
    ):
        dev.says(objects=[*objects, *there])
        told = status(project_folder, "--json", main=main)
        assert (told.code, told.problem["code"]) == (code, problem), told
        assert told.answer["unknown"] == unknown
        assert told.answer["keys"][0]["set"] is True
        assert told.answer["pods"] == [{"pod": "shop-1-a", "secret": "shop-1"}]
        said = status(project_folder, main=main)
        assert said.code == code
        assert "shop-1-a holds shop-1" in said.out
        assert told.problem["cause"] in said.out + said.err
        assert told.problem["fix"] in said.out + said.err


class Denies(BaseHTTPRequestHandler):
    """A Secrets Manager that lets this login read nothing."""

    def do_POST(self) -> None:
        told = "User: a is not authorized to perform: secretsmanager:DescribeSecret on resource: b"
        body = json.dumps({"__type": "AccessDeniedException", "message": told}).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_who_may_not_read_the_store_is_told_so_and_deploys_all_the_same(
    dev: StandIn, project_folder: Path
) -> None:
    provider(project_folder, "external", external={"store": "aws", "key": "dev/shop"})
    dev.says(objects=[*dev.world["objects"], store(True)])
    with serving(Denies) as address:
        told = status(project_folder, "--json", AWS_ENDPOINT_URL=f"http://{address}")
    assert (told.code, told.problem["code"]) == (0, "aws-denied"), told
    assert told.answer["unknown"] == ["store"]


def test_a_file_that_is_not_there_is_named(dev: StandIn, project_folder: Path) -> None:
    provider(project_folder, "sops")
    told = status(project_folder, "--json")
    assert (told.code, told.problem["code"]) == (1, "secrets-file-missing"), told
    assert told.answer["pods"], "the pods are known all the same"
