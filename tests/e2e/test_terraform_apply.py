"""Plain Terraform against a real cluster: apply, change, fail, destroy, and no secret anywhere."""

from __future__ import annotations

import json
import zipfile
from base64 import b64decode
from gzip import decompress
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.programs.terraform import Terraform
from tests.e2e.cluster import Cluster
from tests.terraform.chart_registry import push, registry
from tests.terraform.fixtures import provider
from tests.terraform.lab_project import CANARY, LabProject, project

__all__ = ["project", "provider", "registry"]

pytestmark = pytest.mark.timeout(900)  # several rollouts each, on a machine that may be busy


def image_of(cluster: Cluster, namespace: str) -> str:
    """The image that the ready pods run."""
    (pod,) = [
        pod
        for pod in cluster.get("pods", "-n", namespace)["items"]
        if not pod["metadata"].get("deletionTimestamp")
        and all(
            status["ready"] for status in pod["status"].get("containerStatuses", [{"ready": 0}])
        )
    ]
    image: str = pod["spec"]["containers"][0]["image"]
    return image


def test_from_the_first_apply_to_destroy(project: LabProject, cluster: Cluster) -> None:
    project.type("terraform -chdir=terraform/environments/dev init")
    said = project.type("terraform -chdir=terraform/environments/dev apply")
    assert "Apply complete! Resources: 1 added" in said
    assert "Warning" not in said
    first = image_of(cluster, project.namespace)
    assert project.plans_nothing()

    # A changed byte in a template is a diff, and applied it is none.
    template = project.folder / "chart" / "templates" / "service.yaml"
    template.write_text(template.read_text() + "\n")
    assert not project.plans_nothing()
    assert "1 changed" in project.apply()
    assert project.plans_nothing()

    # A newer chart and other values. (Without a stated `version` the provider would plan the
    # installed one and end with an inconsistent result.)
    chart = project.folder / "chart" / "Chart.yaml"
    chart.write_text(chart.read_text().replace("version: 0.1.0", "version: 0.2.0", 1))
    project.describe(config={"LOG_LEVEL": "DEBUG"})
    assert "1 changed" in project.apply()
    assert project.plans_nothing()
    revision = project.history()[-1]["revision"]
    assert json.loads(project.ok("output", "-json"))["revision"]["value"] == revision == 3

    # An image that is not there: the old version serves, and nothing is left to do but to know
    # that the revision moved on.
    project.fail()
    assert image_of(cluster, project.namespace) == first
    assert project.history()[-1]["status"] == "deployed"
    said = project.ok("plan", "-input=false", "-no-color")
    assert "revision = 3 -> 5" in said
    assert "Plan:" not in said

    said = project.ok("destroy", "-auto-approve", "-input=false", "-no-color")
    assert "1 destroyed" in said
    assert project.history() == []
    left = cluster.get("all,ingress,hpa,pdb,networkpolicy", "-n", project.namespace)["items"]
    assert [item["kind"] for item in left if item["kind"] != "Pod"] == []
    assert json.loads((project.root / "terraform.tfstate").read_text())["resources"] == []
    kept = cluster.get("configmaps", "-n", project.namespace)["items"]
    assert [one["metadata"]["name"] for one in kept] == ["kube-root-ca.crt"]


def test_a_release_is_imported_and_goes_on_with_a_chart_of_a_registry(
    project: LabProject, cluster: Cluster, registry: str, tmp_path: Path
) -> None:
    chart = project.folder / "chart"
    files = [f"-f={project.folder}/environments/{name}.yaml" for name in ("base", "dev")]
    cluster.helm("install", "hello", str(chart), "-n", project.namespace, "--wait", *files)
    project.init()
    project.type("terraform -chdir=terraform/environments/dev import")

    for version in ("1.0.0", "1.1.0"):
        push(chart, registry, version, tmp_path)
        (project.root / "chart_override.tf").write_text(
            f"""
            module "service" {{
              chart         = "oci://{registry}/charts/morrow"
              chart_version = "{version}"
            }}
            """
        )
        said = project.apply()
        assert "0 added, 1 changed" in said
        assert f"/charts/morrow:{version}" in said
        assert project.plans_nothing()
    assert [one["chart"] for one in project.history()] == [
        *("morrow-0.1.0", "morrow-1.0.0", "morrow-1.1.0")
    ]


def test_no_secret_value_is_anywhere(project: LabProject, cluster: Cluster) -> None:
    planted = "planted-5d1f0c7e-always-to-be-seen"
    project.describe(config={"PLANTED": planted})
    project.init()
    text = project.ok("plan", "-out=test.tfplan", "-input=false")
    applied = project.ok("apply", "test.tfplan")
    with zipfile.ZipFile(project.root / "test.tfplan") as plan:
        parts = {name: plan.read(name) for name in plan.namelist()}
    releases = cluster.get("secrets", "-n", project.namespace, "-l", "owner=helm")["items"]
    (release,) = (decompress(b64decode(b64decode(one["data"]["release"]))) for one in releases)
    pods = cluster.kubectl("logs", "-n", project.namespace, "deployment/hello")
    places = {
        "plan file": b"".join(parts.values()),
        "plan as JSON": project.ok("show", "-json", "test.tfplan").encode(),
        "plan's text": text.encode(),
        "state": (project.root / "terraform.tfstate").read_bytes(),
        "state as JSON": project.ok("show", "-json").encode(),
        "release": release,
        "apply's text": applied.encode(),
        "log": pods.encode(),
    }
    # The control: what is planted beside the secrets is seen by the same look.
    seen = {place for place, said in places.items() if planted.encode() in said}
    assert seen == places.keys() - {"apply's text", "log"}
    assert b"Apply complete!" in places["apply's text"]
    assert b'"level"' in places["log"]
    for place, said in places.items():
        assert CANARY.encode() not in said, place


def test_a_wrong_place_is_named(project: LabProject) -> None:
    def refused() -> Problem:
        with pytest.raises(Failure) as caught:
            Terraform.of(project.environment()).apply()
        (wrong,) = caught.value.problems
        return wrong

    file = project.folder / "environments" / "dev.yaml"
    right = file.read_text()
    file.write_text(right.replace(f"context: {project.cluster.context}", "context: nowhere"))
    assert refused().code == "context-missing"
    file.write_text(right.replace(project.namespace, "tf-nowhere"))
    wrong = refused()
    assert (wrong.code, wrong.object) == ("namespace-missing", "namespace tf-nowhere")
