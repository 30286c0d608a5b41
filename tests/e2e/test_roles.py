"""The roles of gitops/rbac: the pipeline's is enough for a release, and not more than that."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.cluster import ROOT, Cluster, Image
from tests.e2e.tool_project import ToolProject

pytestmark = pytest.mark.timeout(900)
WHO = "somebody"


def role(name: str) -> dict[str, Any]:
    """One of the roles as it is shipped."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "gitops" / "rbac" / f"{name}.yaml").read_text())
    return found


def bind(cluster: Cluster, namespace: str, given: dict[str, Any]) -> None:
    """Let a ServiceAccount of the namespace do what the role says, and nothing else."""
    name = given["metadata"]["name"]
    rbac = "rbac.authorization.k8s.io"
    who = {"kind": "ServiceAccount", "name": WHO, "namespace": namespace}
    cluster.apply(
        namespace,
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": WHO}},
        given,
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name},
            "subjects": [who],
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": name},
        },
    )


def as_them(cluster: Cluster, namespace: str, folder: Path) -> Cluster:
    """The same cluster, seen with that ServiceAccount's token."""
    told = yaml.safe_load(cluster.kubectl("config", "view", "--raw", "--minify"))
    token = cluster.kubectl("-n", namespace, "create", "token", WHO).strip()
    told["users"] = [{"name": WHO, "user": {"token": token}}]
    for context in told["contexts"]:
        context["context"]["user"] = WHO
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(told))
    return replace(cluster, kubeconfig=file)


def access(project: ToolProject) -> list[tuple[str, str]]:
    """What `doctor` says of rights."""
    checks = project.morrow("doctor", "test", "--json").answer["checks"]
    return [(one["state"], one["text"]) for one in checks if one["name"] == "access"]


def test_the_pipelines_role_is_enough_and_each_missing_verb_is_named(
    cluster: Cluster, namespace: str, hello_image: Image, tmp_path: Path
) -> None:
    given = role("pipeline")
    bind(cluster, namespace, given)
    theirs = as_them(cluster, namespace, tmp_path)
    project = ToolProject(tmp_path / "project", theirs, namespace, hello_image)
    with pytest.raises(AssertionError, match="forbidden"):
        project.cluster.kubectl("get", "secrets", "-n", "kube-system")

    project.write(project.simple(config={"LEVEL": "one"}))
    told = project.morrow("up", "test", "--json")
    assert told.code == 0, told
    ((state, text),) = access(project)
    assert state == "ok", text
    project.write(project.simple(config={"LEVEL": "two"}))
    for words in (("plan", "test"), ("up", "test"), ("status", "test"), ("logs", "test")):
        told = project.morrow(*words)
        assert told.code == 0, told
    told = project.morrow("rollback", "test")
    assert told.code == 0, told
    assert "forbidden" not in told.err, told
    assert "not allowed" not in told.err, told

    # Less of it: each verb that is gone is named, and those without which nothing is deployed
    # are a refusal.
    lacking = json.loads(json.dumps(given))
    gone = {"deployments": {"patch", "create"}, "pods/log": {"get"}, "leases": {"delete"}}
    for rule in lacking["rules"]:
        for resource in rule["resources"]:
            rule["verbs"] = [v for v in rule["verbs"] if v not in gone.get(resource, ())]
    lacking["rules"] = [rule for rule in lacking["rules"] if rule["verbs"]]
    cluster.apply(namespace, lacking)
    assert set(access(project)) == {
        ("warn", f"not allowed to patch deployments in {namespace}"),
        ("fail", f"not allowed to create deployments in {namespace}"),
        ("warn", f"not allowed to get pods/log in {namespace}"),
        ("warn", f"not allowed to delete leases in {namespace}"),
    }
    told = project.morrow("up", "test", "--json")
    assert (told.code, told.problem["code"]) == (2, "access-denied"), told


@pytest.mark.parametrize("name", ["people", "read-only"])
def test_who_only_looks_sees_what_runs_and_no_secret(
    cluster: Cluster, namespace: str, hello_image: Image, tmp_path: Path, name: str
) -> None:
    bind(cluster, namespace, role(name))
    theirs = as_them(cluster, namespace, tmp_path)

    def may(verb: str, resource: str) -> bool:
        asked = theirs.command(
            "kubectl", "--context", theirs.context, "-n", namespace, "auth", "can-i", verb, resource
        )
        return asked.returncode == 0

    assert all(may("list", one) for one in ("pods", "deployments.apps", "events", "services"))
    assert may("get", "pods/log")
    for resource in ("secrets", "roles.rbac.authorization.k8s.io"):
        assert not any(may(verb, resource) for verb in ("get", "list", "create", "delete"))
    assert not may("create", "pods/exec")
    assert not may("create", "deployments.apps")
    assert may("patch", "deployments.apps") == (name == "people")
    del hello_image
