"""The fake's EKS: a cluster's life in the order that AWS takes."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any

import pytest

from tests.terraform.aws.account import Account, Refusal
from tests.terraform.aws.stage import Stage, build

POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"


@pytest.fixture(scope="module")
def stage(account: Account) -> Stage:
    return build(account)


def test_a_life(stage: Stage) -> None:
    before = stage.account.inventory()
    stage.cluster("life")
    stage.eks("create_nodegroup", **stage.group("life", "a"))
    stage.settled("describe_nodegroup", clusterName="life", nodegroupName="a")
    stage.eks("create_addon", clusterName="life", addonName="coredns")
    stage.settled("describe_addon", clusterName="life", addonName="coredns")

    stage.eks("update_cluster_version", name="life", version="1.36")
    stage.settled("describe_cluster", name="life")
    stage.eks("update_nodegroup_version", clusterName="life", nodegroupName="a", version="1.36")
    stage.settled("describe_nodegroup", clusterName="life", nodegroupName="a")

    # One change at a time.
    logging = {"clusterLogging": [{"types": ["api"], "enabled": True}]}
    stage.eks("update_cluster_config", name="life", logging=logging)
    with pytest.raises(Refusal, match="UPDATING"):
        stage.eks("update_cluster_config", name="life", deletionProtection=True)
    found = stage.settled("describe_cluster", name="life")["cluster"]
    assert found["logging"]["clusterLogging"][0] == {"types": ["api"], "enabled": True}
    assert found["version"] == "1.36"

    # Another subnet in a zone that it was made with is taken, before the first one goes.
    places = {"subnetIds": [stage.subnets[2], stage.subnets[1]]}
    stage.eks("update_cluster_config", name="life", resourcesVpcConfig=places)
    found = stage.settled("describe_cluster", name="life")["cluster"]
    assert found["resourcesVpcConfig"]["subnetIds"] == places["subnetIds"]

    # One in a further zone is not.
    further = {"subnetIds": [*places["subnetIds"], stage.subnets[4]]}
    with pytest.raises(Refusal, match="exact set of AZs"):
        stage.eks("update_cluster_config", name="life", resourcesVpcConfig=further)

    # What EKS itself writes to is there, whoever forgot to make it.
    groups = {one for one in stage.account.inventory() if one.startswith("logs/")}
    assert "logs/eu-west-1/groups//aws/eks/life/cluster" in groups

    stage.eks("update_cluster_config", name="life", deletionProtection=True)
    stage.settled("describe_cluster", name="life")
    stage.eks("delete_addon", clusterName="life", addonName="coredns")
    stage.eks("delete_nodegroup", clusterName="life", nodegroupName="a")
    for _ in range(5):
        stage.eks("list_nodegroups", clusterName="life")
    with pytest.raises(Refusal, match="No node group"):
        stage.settled("describe_nodegroup", clusterName="life", nodegroupName="a")
    with pytest.raises(Refusal, match="deletion protection"):
        stage.eks("delete_cluster", name="life")
    stage.eks("update_cluster_config", name="life", deletionProtection=False)
    stage.settled("describe_cluster", name="life")

    # Its interfaces hold the subnet until it is gone.
    with pytest.raises(Refusal, match="DependencyViolation"):
        stage.account.ask("ec2", "delete_subnet", SubnetId=stage.subnets[0])
    stage.account.ask("logs", "delete_log_group", logGroupName="/aws/eks/life/cluster")
    stage.eks("delete_cluster", name="life")
    with pytest.raises(Refusal, match="No cluster"):
        stage.settled("describe_cluster", name="life")
    left = stage.account.inventory() - before
    assert left == {"logs/eu-west-1/groups//aws/eks/life/cluster"}, "deleted too early, it is back"
    assert before - stage.account.inventory() == set()


def test_a_token_that_comes_twice_makes_one(stage: Stage) -> None:
    stage.cluster("twice")
    given: dict[str, Any] = {
        "clusterName": "twice",
        "addonName": "vpc-cni",
        "clientRequestToken": "once",
    }
    first, second = (stage.eks("create_addon", **given)["addon"] for _ in range(2))
    assert first["addonArn"] == second["addonArn"]
    with pytest.raises(Refusal, match="Addon already exists"):
        stage.eks("create_addon", **{**given, "clientRequestToken": "another"})
    with pytest.raises(Refusal, match="other parameters"):
        stage.eks("create_addon", **{**given, "addonName": "kube-proxy"})


def test_an_arn_in_a_path_is_one_segment(stage: Stage) -> None:
    """The SDK writes its slash as %2F."""
    stage.cluster("arn")
    at: dict[str, Any] = {"clusterName": "arn", "principalArn": stage.roles["admin"]}
    stage.eks("create_access_entry", **at)
    stage.eks("associate_access_policy", **at, policyArn=POLICY, accessScope={"type": "cluster"})
    found = stage.eks("list_associated_access_policies", **at)
    assert [one["policyArn"] for one in found["associatedAccessPolicies"]] == [POLICY]
    stage.eks("disassociate_access_policy", **at, policyArn=POLICY)
    stage.eks("delete_access_entry", **at)
    with pytest.raises(Refusal, match="No access entry"):
        stage.eks("describe_access_entry", **at)
    # A managed group's role was let in by EKS itself, so an entry declared for it is a second one.
    stage.eks("create_nodegroup", **stage.group("arn", "nodes", nodeRole=stage.roles["other_node"]))
    with pytest.raises(Refusal, match="already in use"):
        stage.eks("create_access_entry", **at | {"principalArn": stage.roles["other_node"]})


def test_an_account_has_one_role(stage: Stage) -> None:
    stage.cluster("pods")
    given: dict[str, Any] = {
        "clusterName": "pods",
        "namespace": "shop",
        "serviceAccount": "web",
        "roleArn": stage.roles["pod"],
    }
    made = stage.eks("create_pod_identity_association", **given)["association"]
    with pytest.raises(Refusal, match="Association already exists"):
        stage.eks("create_pod_identity_association", **given)
    at: dict[str, Any] = {"clusterName": "pods", "associationId": made["associationId"]}
    stage.eks("delete_pod_identity_association", **at)
    stage.eks("create_pod_identity_association", **given)


def test_what_crashes_answers_400_and_is_seen(account: Account) -> None:
    """500 would make a client try again for minutes."""
    connection = HTTPConnection(account.address.removeprefix("http://"), timeout=30)
    connection.putrequest("POST", "/clusters")
    connection.putheader("Authorization", "Credential=a/20261128/eu-west-1/eks/aws4_request")
    connection.putheader("Content-Length", "many")
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (400, "InternalFailure")
    assert "ValueError" in account.crashes()
    account.log.unlink()  # this one was wanted
