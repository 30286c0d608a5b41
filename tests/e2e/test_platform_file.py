"""What a platform hands over deploys: its written file between base.yaml and the environment's.

The cluster, the registry and the Ingress's class are the lab's, not AWS's: they say so here by the
root's output, which is Terraform's own and needs no account.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.cluster import Cluster, Image
from tests.e2e.tool_project import ToolProject
from tests.terraform.test_platform_command import PLATFORM, ROOT
from tests.unit.frame.skips import cannot

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def ingress_class(cluster: Cluster, namespace: str) -> Iterator[str]:
    """A class by a name of the test's own; nothing in the lab routes for it."""
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass"}
    text = json.dumps(kind | {"metadata": {"name": namespace}, "spec": {"controller": "x.test/x"}})
    cluster.kubectl("create", "-f", "-", stdin=text)
    yield namespace
    cluster.kubectl("delete", "ingressclass", namespace)


def test_the_written_file_is_planned_and_deployed(
    cluster: Cluster, hello_image: Image, namespace: str, ingress_class: str, tmp_path: Path
) -> None:
    if shutil.which("terraform") is None:
        cannot("the written file", "it is not on PATH", "terraform")
    project = ToolProject(tmp_path, cluster, namespace, hello_image, {"TF_CLI_CONFIG_FILE": ""})
    where = "-o=jsonpath={.clusters[0].cluster.server}"
    server = cluster.kubectl("config", "view", "--minify", where)
    handed = PLATFORM | {
        "cluster": PLATFORM["cluster"] | {"context": cluster.context, "server": server.strip()},
        "route": PLATFORM["route"]
        | {"class_name": ingress_class, "ingress_cidrs": {"eu-west-1a": "10.20.128.0/22"}},
        "services": {
            "web": {"namespace": namespace, "host": "web.example.com", "secret": None}
            | {"repository": hello_image.repository}
        },
    }
    root = tmp_path / "terraform" / "platform" / "test"
    root.mkdir(parents=True)
    (root / "main.tf").write_text(ROOT)
    (root / "platform.json").write_text(json.dumps(handed))
    values = project.hello()
    values["target"] = {"kind": "kubernetes", "delivery": "helm"}
    values["image"] = {"digest": hello_image.digest}
    project.write(values)

    made = project.morrow("platform", "up", "test", "--json")
    assert made.code == 0, made
    written = yaml.safe_load((tmp_path / "environments" / "test.platform.yaml").read_text())
    assert written["target"] == {
        "context": cluster.context, "namespace": namespace, "server": server.strip()
    }  # fmt: skip
    planned = project.morrow("plan", "test", "--json")
    assert planned.code == 0, planned
    told = project.morrow("up", "test", "--json")
    assert told.code == 0, told
    ingress = json.loads(project.kubectl("get", "ingress", "web", "-o=json"))["spec"]
    assert (ingress["ingressClassName"], ingress["rules"][0]["host"]) == (
        namespace,
        "web.example.com",
    )
    deployment = json.loads(project.kubectl("get", "deployment", "web", "-o=json"))
    (first,) = deployment["spec"]["template"]["spec"]["containers"]
    assert first["image"] == f"{hello_image.repository}@{hello_image.digest}"
    assert len(project.ready_pods()) == 1
    # The control: without the written file nobody knows the cluster or the registry.
    (tmp_path / "environments" / "test.platform.yaml").unlink()
    assert project.morrow("plan", "test", "--json").code != 0
