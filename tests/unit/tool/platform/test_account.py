"""What the doctor asks of an account, with answers as AWS gives them; no account is asked."""

from __future__ import annotations

import json
import re
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.base.project import Project
from morrow.tool.doctor.check import Check
from morrow.tool.platform.account import RIGHTS, check, require_room
from morrow.tool.platform.roots import Platform

TODAY = date(2026, 11, 29)
REPOSITORY = Path(__file__).resolve().parents[4]
PINS = {
    name: {"addonVersion": version}
    for name, version in {
        "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
        "coredns": "v1.14.3-eksbuild.16",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "kube-proxy": "v1.36.0-eksbuild.21",
        "vpc-cni": "v1.22.4-eksbuild.3",
    }.items()
}
PLATFORM = '{"name": "NAME", "dns": {"suffix": "dev.example.com"}}'
ANSWERS: dict[str, Any] = {
    "sts get-caller-identity": {
        "Account": "123456789012",
        "Arn": "arn:aws:sts::123456789012:assumed-role/platform/somebody",
    },
    "iam simulate-principal-policy": {
        "EvaluationResults": [{"EvalActionName": one, "EvalDecision": "allowed"} for one in RIGHTS]
    },
    "ec2 describe-availability-zones": {
        "AvailabilityZones": [
            {"ZoneName": f"eu-west-1{letter}", "ZoneId": f"euw1-{letter}", "State": state}
            for letter, state in zip("abcd", ["available"] * 3 + ["impaired"], strict=True)
        ]
    },
    "ec2 describe-instance-type-offerings": {
        "InstanceTypeOfferings": [{"Location": f"eu-west-1{letter}"} for letter in "abc"]
    },
    "ec2 describe-instance-types": {"InstanceTypes": [{"VCpuInfo": {"DefaultVCpus": 2}}]},
    "ec2 describe-instances": {
        "Reservations": [
            {
                "Instances": [
                    {"CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2}, "State": {"Name": state}}
                    for state in ("running", "stopped")
                ]
            }
        ]
    },
    "ec2 describe-addresses": {"Addresses": [{}, {}]},
    "ec2 describe-vpcs": {"Vpcs": [{}]},
    "eks list-clusters": {"clusters": []},
    "eks describe-cluster-versions": {"clusterVersions": []},
    "eks describe-addon-versions": {
        "addons": [
            {"addonName": name, "addonVersions": [{"addonVersion": "v9.9.9-eksbuild.9"}, pin]}
            for name, pin in PINS.items()
        ]
    },
    "ssm get-parameters-by-path": {
        "Parameters": [
            {"Name": "/morrow/dev/platform", "Value": PLATFORM.replace("NAME", "dev")},
            {"Name": "/morrow/other", "Value": "somebody else's"},
        ]
    },
    "service-quotas get-service-quota": {"Quota": {"Value": 12.0}},
}
PROGRAM = """#!{python}
import json, sys
answers = json.load(open({file!r}))
key = " ".join(sys.argv[1:3])
if key == "eks describe-cluster" and key not in answers:
    sys.exit("An error occurred (ResourceNotFoundException): No cluster found")
if key not in answers:
    action = ":".join(sys.argv[1:3])
    sys.exit(f"An error occurred (AccessDenied): not authorized to perform: {{action}} on x")
answer = answers[key]
with open({file!r} + ".asked", "a") as asked:
    print(*sys.argv[1:], file=asked)
print(json.dumps(answer))
"""


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """The shipped root of dev, made somebody's own."""
    for name in ("dev", "prod"):
        folder = tmp_path / "terraform" / "platform" / name
        folder.mkdir(parents=True)
        shipped = REPOSITORY / "terraform" / "platform" / name / "terraform.tfvars"
        own = shipped.read_text().replace("111122223333", "123456789012")
        own = own.replace("example/hello", "acme/hello")
        (folder / "terraform.tfvars").write_text(own)
    (tmp_path / "pyproject.toml").write_text("[tool.morrow]\n")
    (tmp_path / "environments").mkdir()
    monkeypatch.setenv("MORROW_AWS", str(tmp_path / "aws"))
    monkeypatch.chdir(tmp_path)
    return Platform(Project.find(), "dev")


def look(platform: Platform, name: str = "dev", **changed: Any) -> list[Check]:
    """Ask an account that answers as above, but for what is changed; None: it forbids that."""
    answers = ANSWERS | {key.replace("__", " ").replace("_", "-"): a for key, a in changed.items()}
    file = platform.project.root / "answers.json"
    file.write_text(json.dumps({key: answer for key, answer in answers.items() if answer}))
    program = platform.project.root / "aws"
    program.write_text(PROGRAM.format(python=sys.executable, file=str(file)))
    program.chmod(0o755)
    return list(check(Platform(platform.project, name), TODAY))


def said(lines: list[Check]) -> list[tuple[str, str]]:
    return [(one.name, one.state) for one in lines]


def test_an_account_that_holds_the_platform(platform: Platform) -> None:
    lines = look(platform)
    assert {state for _, state in said(lines)} == {"ok"}
    texts = [one.text for one in lines]
    assert "vCPUs: 4 used, up to 8 more, 12 allowed" in texts
    assert "public addresses: 2 used, up to 1 more, 12 allowed" in texts
    asked = (platform.project.root / "answers.json.asked").read_text()
    assert "arn:aws:iam::123456789012:role/platform " in asked, "IAM knows the role, not a session"


def test_a_quota_that_is_too_small_is_named_with_what_to_ask_for(platform: Platform) -> None:
    lines = look(platform, "prod")  # up to 12 of m7g.large
    (line,) = [one for one in lines if one.state == "fail"]
    assert line.text == "vCPUs: 4 used, up to 24 more, 12 allowed"
    assert line.problem is not None
    assert "--quota-code L-1216C47A --desired-value 28" in line.problem.fix
    # Once the cluster is there, its machines are not counted twice.
    there = {"cluster": {"name": "prod"}}
    (line,) = [one for one in look(platform, "prod", eks__describe_cluster=there) if one.problem]
    assert line.text == "vCPUs: 0 used, up to 24 more, 12 allowed"


def test_a_zone_that_is_not_there_or_has_no_such_machine_is_named(platform: Platform) -> None:
    offered = {"InstanceTypeOfferings": [{"Location": "eu-west-1a"}]}
    file = platform.folder / "terraform.tfvars"
    file.write_text(file.read_text().replace('"eu-west-1b"]', '"eu-west-1b", "eu-west-1d"]'))
    lines = look(platform, ec2__describe_instance_type_offerings=offered)
    failed = [(line.text, line.problem) for line in lines if line.state == "fail"]
    assert [text for text, _ in failed] == [
        "eu-west-1b: it has no t4g.medium",
        "eu-west-1d: the account has no such zone",
    ]
    one = failed[1][1]
    assert one is not None
    assert (one.code, one.object) == ("aws-zone", "zone eu-west-1d")
    assert one.details == ("others: eu-west-1c",)
    with pytest.raises(Failure) as refused:
        require_room(platform, TODAY)
    assert [one.code for one in refused.value.problems] == ["aws-zone", "aws-zone"]
    assert refused.value.exit_code == 2
    # The control: with all of them nothing is refused.
    file.write_text(file.read_text().replace(', "eu-west-1d"]', "]"))
    assert {state for _, state in said(look(platform))} == {"ok"}
    require_room(platform, TODAY)


def test_a_zone_in_which_eks_makes_no_cluster_is_named(platform: Platform) -> None:
    zones = [dict(one) for one in ANSWERS["ec2 describe-availability-zones"]["AvailabilityZones"]]
    zones[0]["ZoneId"] = "use1-az3"
    lines = look(platform, ec2__describe_availability_zones={"AvailabilityZones": zones})
    (failed,) = [line.text for line in lines if line.state == "fail"]
    assert failed == "eu-west-1a: EKS makes no cluster in use1-az3"


def test_another_platform_with_the_same_names_is_named(platform: Platform) -> None:
    other = {"Name": "/morrow/blue/platform", "Value": PLATFORM.replace("NAME", "blue")}
    there = ANSWERS["ssm get-parameters-by-path"]["Parameters"]
    lines = look(platform, ssm__get_parameters_by_path={"Parameters": [*there, other]})
    (line,) = [line for line in lines if line.name == "names"]
    assert line.state == "warn"
    assert line.text.startswith("blue has dev.example.com too:")
    # The control: its names are others.
    other["Value"] = other["Value"].replace("dev.", "blue.")
    lines = look(platform, ssm__get_parameters_by_path={"Parameters": [*there, other]})
    assert "names" not in {line.name for line in lines}


def test_somebody_else_s_repository_is_told(platform: Platform) -> None:
    values = platform.folder / "terraform.tfvars"
    values.write_text(values.read_text().replace("acme/hello", "example/my-shop"))
    assert ("access", "warn") in said(look(platform))


def test_rights_that_lack_and_rights_that_nobody_may_ask_for(platform: Platform) -> None:
    # What is allowed of some objects alone is not allowed of all: no reason to refuse.
    for decision, state in (("explicitDeny", "fail"), ("implicitDeny", "warn")):
        lacking = [{"EvalActionName": "eks:CreateCluster", "EvalDecision": decision}]
        lines = look(platform, iam__simulate_principal_policy={"EvaluationResults": lacking})
        assert ("aws rights", state) in said(lines)
    lines = look(platform, iam__simulate_principal_policy=None)
    assert ("aws rights", "warn") in said(lines)
    (refused,) = [one.problem for one in lines if one.name == "aws rights"]
    assert refused is not None
    assert refused.object == "iam:simulate-principal-policy", "what was refused is named"
    assert ("aws quotas", "ok") in said(lines), "one question that is refused hides no other"


def test_who_is_somebody_else_or_nobody(platform: Platform) -> None:
    other = {"Account": "999999999999", "Arn": "arn:aws:iam::999999999999:user/somebody"}
    assert ("aws account", "fail") in said(look(platform, sts__get_caller_identity=other))
    assert said(look(platform, sts__get_caller_identity=None)) == [("aws account", "warn")]


def test_a_version_that_leaves_support_says_when(platform: Platform) -> None:
    ends = {"clusterVersions": [{"endOfStandardSupportDate": "2027-01-10T00:00:00"}]}
    lines = look(platform, eks__describe_cluster_versions=ends)
    assert Check("kubernetes", "warn", "1.36 has standard support until 2027-01-10") in lines


def test_a_root_that_nobody_has_edited_is_nobody_s(platform: Platform) -> None:
    file = platform.folder / "terraform.tfvars"
    file.write_text(file.read_text().replace("123456789012", "111122223333"))
    assert look(platform) == []


def test_an_add_on_that_is_not_offered_is_named_with_what_is(platform: Platform) -> None:
    offered = ANSWERS["eks describe-addon-versions"]["addons"]
    others = [one for one in offered if one["addonName"] != "coredns"]
    other = {"addonName": "coredns", "addonVersions": [{"addonVersion": "v9.9.9-eksbuild.9"}]}
    lines = look(platform, eks__describe_addon_versions={"addons": [*others, other]})
    (line,) = (one for one in lines if one.name == "add-ons")
    wrong = "coredns v1.14.3-eksbuild.16 is not offered for 1.36: v9.9.9-eksbuild.9 are"
    assert (line.state, line.text) == ("warn", wrong)
    asked = (platform.project.root / "answers.json.asked").read_text()
    assert "describe-addon-versions --kubernetes-version 1.36 --owners aws" in asked


def test_auto_mode_s_add_ons_are_nobody_s_to_ask_for(platform: Platform) -> None:
    values = platform.folder / "terraform.tfvars"
    text = re.sub(r"compute += \{.*\}", 'compute = { mode = "auto_mode" }', values.read_text())
    values.write_text(text)
    assert "add-ons" not in {name for name, _ in said(look(platform))}
