"""What a platform hands over becomes a values file that lies between base and the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from morrow.tool.base.errors import Failure
from morrow.tool.base.project import Project
from morrow.tool.platform import handover
from tests.environments import load
from tests.unit.frame.repository import ROOT

ARN = "arn:aws:eks:eu-west-1:123456789012:cluster/dev"
PLATFORM: dict[str, Any] = {
    "schema": 1,
    "name": "dev",
    "aws": {"account": "123456789012", "region": "eu-west-1", "partition": "aws"},
    "compute": {"mode": "managed_nodes", "karpenter": None},
    "cluster": {
        "name": "dev",
        "version": "1.36",
        "context": ARN,
        "server": "https://x.example.com",
    },
    "route": {
        "mode": "ingress",
        "class_name": "alb",
        "gateway": {"name": "public", "namespace": "gateway"},
        "annotations": {"alb.ingress.kubernetes.io/target-type": "ip"},
        "ingress_cidrs": {"eu-west-1a": "10.20.0.0/20"},
    },
    "secrets": {"provider": "external", "store": "platform", "store_kind": "ClusterSecretStore"},
    "services": {
        "hello": {
            "namespace": "hello",
            "host": "hello.dev.example.com",
            "secret": "dev/hello",
            "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/dev/hello",
        },
        "plain": {"namespace": None, "host": None, "secret": None, "repository": None},
    },
}


def test_a_service_gets_its_own() -> None:
    found = handover.values(PLATFORM, "hello", "root")
    assert found["target"] == {
        "context": ARN,
        "server": "https://x.example.com",
        "namespace": "hello",
    }
    assert found["image"]["repository"].endswith("/dev/hello")
    assert found["route"]["hosts"] == ["hello.dev.example.com"]
    assert found["secrets"]["external"] == {
        "store": "platform",
        "storeKind": "ClusterSecretStore",
        "key": "dev/hello",
    }
    assert found["network"]["ingress"]["cidrs"] == {"eu-west-1a": "10.20.0.0/20"}


def test_what_a_service_has_not_is_left_to_its_own_file() -> None:
    found = handover.values(PLATFORM, "plain", "root")
    assert set(found) == {"target", "route", "network"}


def test_a_role_by_irsa_is_named_at_the_account() -> None:
    own = PLATFORM["services"]["hello"] | {"role_arn": "arn:aws:iam::123456789012:role/dev"}
    found = handover.values(PLATFORM | {"services": {"hello": own}}, "hello", "root")
    named = {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/dev"}
    assert found["serviceAccount"] == {"annotations": named}
    assert "serviceAccount" not in handover.values(PLATFORM, "hello", "root"), "Pod Identity's way"


def test_a_gateway_gets_a_gateway() -> None:
    route = PLATFORM["route"] | {"mode": "gateway"}
    found = handover.values(PLATFORM | {"route": route}, "hello", "root")
    assert found["route"]["gateway"] == {"name": "public", "namespace": "gateway"}
    assert "annotations" not in found["route"], "a certificate of an Ingress is none of a route's"


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(Failure, match="it knows hello, plain"):
        handover.values(PLATFORM, "other", "root")
    with pytest.raises(Failure, match="schema 2"):
        handover.values(PLATFORM | {"schema": 2}, "hello", "root")
    with pytest.raises(Failure, match="schema None"):
        handover.values(None, "hello", "root")


def test_the_file_is_the_same_for_the_same_and_is_yaml() -> None:
    found = handover.values(PLATFORM, "hello", "root")
    text = handover.text(found, "dev", "root")
    again = dict(reversed(list(found.items())))
    assert handover.text(again, "dev", "root") == text
    assert yaml.safe_load(text) == found


def test_it_lies_between_base_and_the_environment(tmp_path: Path) -> None:
    folder = tmp_path / "environments"
    folder.mkdir()
    (tmp_path / "pyproject.toml").write_text(f'[tool.morrow]\nchart = "{ROOT / "chart"}"\n')
    (folder / "base.yaml").write_text("name: hello\nimage: {repository: example.com/hello}\n")
    (folder / "dev.yaml").write_text(
        "environment: dev\ntarget: {kind: kubernetes, namespace: mine}\n"
    )
    project = Project.find(tmp_path)
    before = load(project, "dev")
    assert (before.context, before.namespace) == ("", "mine")
    text = handover.text(handover.values(PLATFORM, "hello", "root"), "dev", "root")
    (folder / "dev.platform.yaml").write_text(text)
    found = load(project, "dev")
    assert [file.name for file in found.files] == ["base.yaml", "dev.platform.yaml", "dev.yaml"]
    assert found.context == ARN
    assert found.namespace == "mine", "its own file has the last word"
    assert found.image.endswith("amazonaws.com/dev/hello")
    assert found.value("route", "hosts") == ["hello.dev.example.com"]
    assert project.environment_names() == ["dev"], "it is no environment"
    with pytest.raises(Failure, match=r"dev\.platform"):
        load(project, "dev.platform")


def test_differences_are_named() -> None:
    one, other = {"a": {"b": 1, "c": 2}, "d": 1}, {"a": {"b": 1, "c": 3}, "e": 1}
    assert handover.differences(one, other) == ["a.c", "d", "e"]
    assert handover.differences(one, one) == []
