"""The policy of gitops/admission: the API server refuses images by tag, where it is asked to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster import ROOT, Cluster, Image, eventually
from tests.e2e.tool_project import ToolProject

pytestmark = pytest.mark.timeout(600)
POLICY = ROOT / "gitops" / "admission" / "images.yaml"
ASKED = "morrow.example.com/admission=images"


@pytest.fixture
def policy(cluster: Cluster, namespace: str) -> Iterator[None]:
    """The policy in the cluster; it binds none but namespaces with its label."""
    cluster.kubectl("apply", "-f", str(POLICY))
    cluster.kubectl("label", "namespace", namespace, ASKED)
    yield
    cluster.kubectl("delete", "-f", str(POLICY), "--ignore-not-found")


def workload(image: str, *, kind: str = "Deployment", **more: Any) -> dict[str, Any]:
    """A small workload; `more` is laid over its pod's spec."""
    labels = {"app.kubernetes.io/name": "shop"}
    pod = {"containers": [{"name": "shop", "image": image}], "restartPolicy": "Always", **more}
    template = {"metadata": {"labels": labels}, "spec": pod}
    head = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "shop", "labels": labels}}
    if kind == "CronJob":
        job = {"spec": {"template": {**template, "spec": {**pod, "restartPolicy": "Never"}}}}
        return {**head, "apiVersion": "batch/v1",
                "spec": {"schedule": "0 0 1 1 *", "jobTemplate": job}}  # fmt: skip
    return {**head, "spec": {"selector": {"matchLabels": labels}, "template": template}}


def refused(project: ToolProject, given: dict[str, Any]) -> str:
    """Return the policy's sentence about an object that is only asked for; "" where it is taken."""
    where = ("-n", project.namespace, "--dry-run=server", "-f", "-")
    try:
        project.cluster.kubectl("create", *where, stdin=json.dumps(given))
    except AssertionError as told:
        sentence = str(told)
    else:
        return ""
    assert "ValidatingAdmissionPolicy 'morrow-images'" in sentence
    return sentence


@pytest.mark.usefixtures("policy")
def test_an_image_without_a_digest_is_refused_by_the_api_server(
    cluster: Cluster, namespace: str, hello_image: Image, tmp_path: Path
) -> None:
    project = ToolProject(tmp_path, cluster, namespace, hello_image)
    project.write(project.simple())
    told = project.morrow("up", "test", "--json")
    assert told.code == 0, told
    serving = project.ready_pods()
    assert serving

    pinned, by_tag = f"{hello_image.repository}@{hello_image.digest}", "registry.example.com/shop:2"
    eventually("the policy holds", lambda: bool(refused(project, workload(by_tag))), within=30)
    for kind in ("Deployment", "StatefulSet", "CronJob"):
        assert by_tag in refused(project, workload(by_tag, kind=kind))
        assert refused(project, workload(pinned, kind=kind)) == ""
    first = {"name": "first", "image": by_tag}
    assert by_tag in refused(project, workload(pinned, initContainers=[first]))
    half = f"{by_tag}@sha256:12"
    assert half in refused(project, workload(half))
    nobody = workload(pinned)
    nobody["metadata"].pop("labels")
    assert "says of no service that it belongs to it" in refused(project, nobody)

    project.write(
        project.simple(image={"repository": by_tag.rpartition(":")[0], "digest": "", "tag": "2"})
    )
    told = project.morrow("up", "test", "--json")
    assert (told.code, told.problem["code"]) == (1, "admission-refused"), told
    assert ":2: name the image by @sha256:" in told.problem["cause"]
    assert project.ready_pods() == serving, "the old ones serve"

    cluster.kubectl("label", "namespace", namespace, f"{ASKED.partition('=')[0]}-")
    eventually("who does not ask for it may use a tag",
               lambda: not refused(project, workload(by_tag)), within=30)  # fmt: skip
