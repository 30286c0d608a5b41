"""The releases beside the services: what they are told, in which order they come and go."""

from __future__ import annotations

import json
import re
import shutil

import pytest
import yaml

from tests.terraform.fixtures import KUBECONFIG, REPOSITORY
from tests.terraform.helm_provider import Provider
from tests.terraform.native.releases import (
    HERE,
    KEYS,
    MODULE,
    Cluster,
    Releases,
    charts,
    pins,
    values,
)
from tests.terraform.test_module import ok, refused


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
    assert dns["extraArgs"] == {"zone-id-filter": "Z1", "aws-zone-match-parent": True}
    assert dns["txtPrefix"] == "%{record_type}-owner."
    balancer = values(karpenter["aws-load-balancer-controller"])
    assert balancer["enableServiceMutatorWebhook"] is False
    assert balancer["webhookConfig"] == {"ingressValdationFailurePolicy": "Ignore"}
    assert values(karpenter["karpenter"])["controller"]["env"] == [
        {"name": "AWS_REGION", "value": "eu-central-1"}
    ]
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
    (listener,) = balancer["spec"]["listenerConfigurations"]
    assert listener["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06", "else TLS 1.0 is spoken"
    targets = made["TargetGroupConfiguration"]
    named = balancer["spec"]["defaultTargetGroupConfiguration"]
    assert named == {"name": targets["metadata"]["name"]}
    assert targets["metadata"]["namespace"] == balancer["metadata"]["namespace"]
    assert "targetReference" not in targets["spec"], "a default is of no Service"
    told = targets["spec"]["defaultConfiguration"]
    assert (told["targetType"], told["healthCheckConfig"]["healthCheckPath"]) == ("ip", "/alive")
    assert told["targetGroupAttributes"] == [
        {"key": "deregistration_delay.timeout_seconds", "value": "31"}
    ]
    assert balancer["spec"]["scheme"] == "internal"
    assert balancer["spec"]["loadBalancerAttributes"] == [
        {"key": "idle_timeout.timeout_seconds", "value": "61"},
        {"key": "routing.http.drop_invalid_header_fields.enabled", "value": "true"},
        {"key": "access_logs.s3.prefix", "value": "env=dev"},
    ]
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


def test_where_irsa_gives_the_roles_the_accounts_name_them(
    karpenter: Releases, cluster: Cluster
) -> None:
    marked = {"external-dns", "external-secrets", "karpenter", "aws-load-balancer-controller"}
    for name, release in cluster.releases("-var=irsa=true").items():
        laid = [yaml.safe_load(values) for values in release["values"]]
        named = [one["serviceAccount"]["annotations"] for one in laid[1:]]
        role = name.removeprefix("aws-").removesuffix("-controller")
        mark = {"eks.amazonaws.com/role-arn": f"arn:aws:iam::111122223333:role/dev-{role}"}
        assert named == ([mark] if name in marked else []), name
    assert {len(release["values"]) for release in karpenter.values()} == {1}, "the control"


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
    assert "gateway" in after["external_dns"], "it looks for the kinds that a Gateway needs"
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
