"""The releases beside the services: what they are told, in which order they come and go.

The charts of others cannot be fetched here. In their place stand charts of the same name and
version with a closed schema, made from the keys that their repositories show: a value that they do
not know fails the plan. The charts of this repository are the real ones, rendered.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.terraform.fixtures import KUBECONFIG, REPOSITORY
from tests.terraform.helm_provider import Provider
from tests.terraform.test_module import ok, refused
from tools.build import program

HERE = Path(__file__).resolve().parent
MODULE = REPOSITORY / "terraform" / "modules" / "controllers"
KEYS: dict[str, Any] = yaml.safe_load((HERE / "chart_keys.yaml").read_text())
PIN = re.compile(r'^    ([a-z-]+) += \{ version = "([0-9.]+)", chart = "([^"]+)" \}$', re.MULTILINE)


def pins() -> dict[str, tuple[str, str]]:
    """Return each chart's version and address, from the one file that has them."""
    return {name: (version, chart) for name, version, chart in PIN.findall(
        (MODULE / "charts.tf").read_text())}  # fmt: skip


def schema(example: Any) -> dict[str, Any]:
    """Make a schema that is closed wherever the example names keys."""
    if isinstance(example, dict) and example:
        properties = {key: schema(value) for key, value in example.items()}
        return {"type": "object", "additionalProperties": False, "properties": properties}
    kinds = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}
    return {"type": kinds[type(example)]}


def charts(folder: Path) -> dict[str, dict[str, str]]:
    """Lay the stand-ins out; return them as the module's input."""
    given = {}
    for name, (version, _) in pins().items():
        place = folder / name
        (place / "templates").mkdir(parents=True)
        described = f"apiVersion: v2\nname: {name}\nversion: {version}\n"
        (place / "Chart.yaml").write_text(described)
        closed = schema(KEYS[name]) | ({"additionalProperties": False} if not KEYS[name] else {})
        if "properties" in closed:
            closed["properties"]["global"] = {"type": "object"}
        (place / "values.schema.json").write_text(json.dumps(closed))
        (place / "templates" / "empty.yaml").write_text("")
        given[name] = {"chart": str(place), "version": version}
    return given


@dataclass
class Cluster:
    """The releases' root in a copy of the repository, with charts that stand in."""

    root: Path
    environment: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        words = ["terraform", f"-chdir={self.root}", *arguments]
        environment = os.environ | self.environment | {"TF_IN_AUTOMATION": "1"}
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    def releases(self, *arguments: str) -> dict[str, dict[str, Any]]:
        """Plan; return each release by its name."""
        ok(self.run("plan", "-input=false", "-out=test.tfplan", *arguments))
        plan = json.loads(ok(self.run("show", "-json", "test.tfplan")))
        planned = [change["change"]["after"] for change in plan["resource_changes"]]
        return {release["name"]: release for release in planned}

    def rendered(self, release: dict[str, Any]) -> list[dict[str, Any]]:
        """Render one of this repository's charts as Helm does."""
        file = self.root / f"{release['name']}.yaml"
        file.write_text(release["values"][0])
        words = [str(program("helm")), "template", release["name"], release["chart"]]
        words += ["--namespace", release["namespace"], "--values", str(file)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=self.root)
        return [document for document in yaml.safe_load_all(ok(done)) if document]


@pytest.fixture(scope="module")
def cluster(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    top = tmp_path_factory.mktemp("controllers")
    shutil.copytree(MODULE, top / "terraform" / "modules" / "controllers")
    root = top / "tests" / "terraform" / "native" / "controllers"
    shutil.copytree(HERE / "controllers", root)
    (top / "kubeconfig").write_text(KUBECONFIG)
    given = {"charts": charts(top / "stand-ins"), "kubeconfig": str(top / "kubeconfig")}
    (root / "terraform.tfvars.json").write_text(json.dumps(given))
    made = Cluster(root, provider.environment)
    ok(made.run("init", "-input=false"))
    return made


Releases = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def karpenter(cluster: Cluster) -> Releases:
    """Return the releases of a cluster with Karpenter and Ingresses: the most there are."""
    return cluster.releases()


@pytest.fixture(scope="module")
def auto(cluster: Cluster) -> Releases:
    """Return the releases of a cluster in Auto Mode with a Gateway, and with Argo CD."""
    return cluster.releases(
        "-var=mode=auto_mode", "-var=route=gateway", "-var=argocd=true", "-var=receiver=pager"
    )


def values(release: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(release["values"][0])
    return found


def test_each_mode_has_its_releases(karpenter: Releases, auto: Releases) -> None:
    always = {"metrics-server", "morrow-base", "external-dns", "external-secrets", "secret-store"}
    always |= {"kube-prometheus-stack"}
    assert set(auto) == always | {"argocd", "public"}
    assert set(karpenter) == always | {
        *("aws-load-balancer-controller", "karpenter", "karpenter-crd", "karpenter-pools")
    }


def test_what_the_releases_are_told(karpenter: Releases) -> None:
    dns = values(karpenter["external-dns"])
    assert (dns["policy"], dns["txtOwnerId"]) == ("upsert-only", "dev")
    assert dns["domainFilters"] == ["dev.example.com"]
    assert dns["extraArgs"] == {"zone-id-filter": "Z1"}
    assert dns["txtPrefix"] == "%{record_type}-owner."
    assert values(karpenter["aws-load-balancer-controller"])["enableServiceMutatorWebhook"] is False
    assert values(karpenter["external-secrets"])["webhook"]["failurePolicy"] == "Ignore"
    stack = values(karpenter["kube-prometheus-stack"])
    assert stack["prometheusOperator"]["admissionWebhooks"]["failurePolicy"] == "Ignore"
    for nobody in ("kubeControllerManager", "kubeEtcd", "kubeProxy", "kubeScheduler"):
        assert stack[nobody] == {"enabled": False}, f"{nobody} would be told of as down for ever"
    assert stack["grafana"]["sidecar"]["dashboards"]["searchNamespace"] == "ALL"
    for name, release in karpenter.items():
        assert (release["atomic"], release["wait"], release["lint"]) == (True,) * 3, name


def test_alerts_go_to_the_address_in_a_secret_and_nowhere_unless_asked(
    karpenter: Releases, auto: Releases
) -> None:
    assert "alertmanager" not in values(karpenter["kube-prometheus-stack"])
    told = values(auto["kube-prometheus-stack"])["alertmanager"]
    assert told["alertmanagerSpec"]["secrets"] == ["pager"]
    route, receivers = told["config"]["route"], told["config"]["receivers"]
    (hook,) = next(one for one in receivers if one["name"] == route["receiver"])["webhook_configs"]
    assert hook == {"url_file": "/etc/alertmanager/secrets/pager/url"}
    assert {one["receiver"] for one in route["routes"]} <= {one["name"] for one in receivers}


def test_what_our_charts_make(karpenter: Releases, cluster: Cluster) -> None:
    (store,) = cluster.rendered(karpenter["secret-store"])
    assert store["spec"]["conditions"] == [{"namespaces": ["hello"]}]
    assert "auth" not in store["spec"]["provider"]["aws"]
    node, pool = cluster.rendered(karpenter["karpenter-pools"])
    assert node["spec"]["instanceProfile"] == "dev-karpenter-node"
    assert node["spec"]["metadataOptions"]["httpPutResponseHopLimit"] == 1
    assert pool["spec"]["limits"] == {"cpu": "64"}
    kinds = {document["kind"] for document in cluster.rendered(karpenter["morrow-base"])}
    assert kinds == {"StorageClass", "ClusterRole", "Namespace", "RoleBinding"}


def test_a_gateway_is_the_platform_s_load_balancer(auto: Releases, cluster: Cluster) -> None:
    made = {document["kind"]: document for document in cluster.rendered(auto["public"])}
    gateway, balancer = made["Gateway"], made["LoadBalancerConfiguration"]
    assert made["GatewayClass"]["spec"]["controllerName"] == "eks.amazonaws.com/gateway-alb"
    assert gateway["spec"]["listeners"][0]["hostname"] == "*.dev.example.com"
    assert balancer["spec"]["securityGroups"] == ["sg-2"]
    assert "wafV2" not in balancer["spec"]
    assert values(auto["external-dns"])["sources"] == ["gateway-httproute"]
    kinds = {document["kind"] for document in cluster.rendered(auto["morrow-base"])}
    assert "IngressClass" in kinds


def test_auto_mode_is_told_to_enforce_network_policies(auto: Releases, cluster: Cluster) -> None:
    (told,) = (one for one in cluster.rendered(auto["morrow-base"]) if one["kind"] == "ConfigMap")
    assert told["metadata"] == {"name": "amazon-vpc-cni", "namespace": "kube-system"}
    assert told["data"] == {"enable-network-policy-controller": "true"}


def test_pods_wait_for_their_target_whoever_makes_the_load_balancer(
    karpenter: Releases, auto: Releases, cluster: Cluster
) -> None:
    for releases, maker in ((karpenter, "elbv2.k8s.aws"), (auto, "eks.amazonaws.com")):
        made = cluster.rendered(releases["morrow-base"])
        (space,) = (one["metadata"] for one in made if one["kind"] == "Namespace")
        gates = [label for label in space["labels"] if label.endswith("/pod-readiness-gate-inject")]
        assert gates == [f"{maker}/pod-readiness-gate-inject"]


def test_the_roles_are_for_the_accounts_that_the_releases_make(karpenter: Releases) -> None:
    text = (REPOSITORY / "terraform/modules/identity/locals.tf").read_text()
    line = re.compile(r'^    ([a-z-]+) += \{ namespace = "([a-z-]+)", account = "([a-z-]+)"', re.M)
    for name, namespace, account in line.findall(text):
        if name in ("aws-ebs-csi-driver", "vpc-cni"):
            continue  # add-ons, whose accounts are EKS's
        release = {"load-balancer": "aws-load-balancer-controller"}.get(name, name)
        assert karpenter[release]["namespace"] == namespace
        assert values(karpenter[release])["serviceAccount"]["name"] == account


def test_what_must_be_first_is_first_and_goes_last() -> None:
    text = "".join(file.read_text() for file in sorted(MODULE.glob("*.tf")))
    blocks = re.split(r'^resource "helm_release" ', text, flags=re.MULTILINE)[1:]
    after = {
        block.split('"')[1]: set(re.findall(r"helm_release\.(\w+)", block.split("\n}\n")[0]))
        for block in blocks
    }
    assert {"external_dns", "external_secrets", "monitoring", "gateway"} <= {
        name for name, needs in after.items() if "load_balancer" in needs
    }
    assert after["store"] == {"external_secrets"}
    assert after["karpenter"] == {"karpenter_crd"}
    assert after["pools"] == {"karpenter"}


def test_a_value_that_a_chart_does_not_know_is_refused(cluster: Cluster) -> None:
    file = cluster.root.parents[3] / "terraform/modules/controllers/values/metrics-server.yaml"
    before = file.read_text()
    file.write_text(before + "replicaCount: 2\n")
    only = "-target=module.controllers.helm_release.metrics_server"
    said = refused(cluster.run("plan", "-input=false", "-no-color", only))
    file.write_text(before)
    assert "Lint Error" in said
    assert "replicaCount" in said


def test_every_chart_is_pinned_and_known() -> None:
    assert set(pins()) == set(KEYS)
    for name, (version, chart) in pins().items():
        assert chart.startswith("oci://") or chart.endswith(f"-{version}.tgz"), name
    used = {file.stem for file in (MODULE / "values").iterdir()}
    assert used == set(pins())
