"""What would stop a platform in its account: who asks, quotas, rights, the age of its Kubernetes.

Asked before anything is made too, so it reads `terraform.tfvars` as the roots here write it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.doctor.check import Check
from morrow.tool.platform import support
from morrow.tool.platform.roots import Platform, Wanted
from morrow.tool.programs.aws import Aws

PLACEHOLDER = "111122223333"  # a root that nobody has edited is nobody's platform
EXAMPLE = "example/"  # whose repository every root names until somebody edits it
# One right for each kind of thing; who has these has been given a role for it.
RIGHTS = (
    *("ec2:CreateVpc", "ec2:CreateNatGateway", "eks:CreateCluster", "eks:CreateNodegroup"),
    *("iam:CreateRole", "iam:PassRole", "kms:CreateKey", "route53:ChangeResourceRecordSets"),
    *("acm:RequestCertificate", "ecr:CreateRepository", "secretsmanager:CreateSecret"),
    *("logs:CreateLogGroup", "ssm:PutParameter", "wafv2:CreateWebACL", "s3:GetObject"),
)
# By their ids, because each account names its zones anew: EKS makes no cluster in these.
WITHOUT_EKS = {"cac1-az3", "use1-az3", "usw1-az2"}
# What is counted: the quota's service and code, then the question for what is there, and its list.
QUOTAS = {
    "vCPUs": ("ec2", "L-1216C47A", "ec2", "describe-instances", "Reservations"),
    "public addresses": ("ec2", "L-0263D0A3", "ec2", "describe-addresses", "Addresses"),
    "VPCs": ("vpc", "L-F678F1CE", "ec2", "describe-vpcs", "Vpcs"),
    "clusters": ("eks", "L-1194D53C", "eks", "list-clusters", "clusters"),
}


def check(platform: Platform, today: date) -> Iterator[Check]:
    """Yield the doctor's lines; none for a root that nobody has made his own."""
    wanted = Wanted.of(platform)
    if not wanted.region or wanted.account in ("", PLACEHOLDER):
        return
    aws = Aws(wanted.region)
    looks: dict[str, Callable[[], Iterator[Check]]] = {
        "aws account": lambda: _caller(aws, wanted, platform),
        "aws zones": lambda: _zones(aws, wanted, platform),
        "aws quotas": lambda: _quotas(aws, wanted, platform),
        "kubernetes": lambda: _age(aws, wanted, today),
        "add-ons": lambda: _addons(aws, wanted),
        "names": lambda: _names(aws, wanted, platform),
        "access": lambda: _access(wanted),
    }
    for name, look in looks.items():
        try:
            yield from look()
        except Failure as failure:
            for one in failure.problems:
                yield Check(name, "warn", f"cannot be asked: {one.cause}", one)
            if name == "aws account":
                return  # nobody is logged in: the others would say the same


def require_room(platform: Platform, today: date) -> None:
    """Refuse what the account cannot hold, before the first of it is made and paid for."""
    terminal.status(f"asking the account whether it can hold {platform.name} …")
    lines = list(check(platform, today))
    for line in lines:
        if line.state == "warn":
            terminal.warn(f"{line.name}: {line.text}")
    wrong = [line.problem for line in lines if line.state == "fail" and line.problem is not None]
    if wrong:
        raise Failure(*wrong, refused=True)


def _caller(aws: Aws, wanted: Wanted, platform: Platform) -> Iterator[Check]:
    caller = aws.ask("sts", "get-caller-identity")
    if caller["Account"] != wanted.account:
        cause = f"{caller['Arn']} is of {caller['Account']}, the root says {wanted.account}"
        wrong = problem("aws-account", "AWS", cause, root=platform.root)
        yield Check("aws account", "fail", cause, wrong)
        return
    yield Check("aws account", "ok", f"{caller['Arn']} in {wanted.region}")
    # Of a session IAM knows the role alone.
    who = re.sub(r":sts::(\d+):assumed-role/([^/]+)/.*", r":iam::\1:role/\2", caller["Arn"])
    words = ("--policy-source-arn", who, "--action-names", *RIGHTS)
    try:
        found = aws.ask("iam", "simulate-principal-policy", *words)["EvaluationResults"]
    except Failure as failure:
        one = failure.problems[0]
        yield Check("aws rights", "warn", f"cannot be asked: {one.cause}", one)
        return
    lacking = [one["EvalActionName"] for one in found if one["EvalDecision"] != "allowed"]
    if lacking:
        # Only a denial is certain: what is allowed of some objects, or on a condition, is not
        # allowed of all, which is what was asked.
        denied = any(one["EvalDecision"] == "explicitDeny" for one in found)
        cause = f"{who} may not {', '.join(lacking)}" + ("" if denied else " of every object")
        state = "fail" if denied else "warn"
        yield Check("aws rights", state, cause, problem("aws-denied", lacking[0], cause))
    else:
        yield Check("aws rights", "ok", f"{len(RIGHTS)} asked for, all allowed")


def _zones(aws: Aws, wanted: Wanted, platform: Platform) -> Iterator[Check]:
    """Yield whether the account has the zones, and the zones the machines."""
    there = {
        one["ZoneName"]: one.get("ZoneId", "")
        for one in aws.ask("ec2", "describe-availability-zones")["AvailabilityZones"]
        if one["State"] == "available"
    }
    known = {zone for zone, number in there.items() if number not in WITHOUT_EKS}
    lacking = {
        zone: f"EKS makes no cluster in {there[zone]}"
        if zone in there
        else "the account has no such zone"
        for zone in {*wanted.zones} - known
    }
    if wanted.machine:
        kind = ("--location-type", "availability-zone", "--filters")
        only = f"Name=instance-type,Values={wanted.machine}"
        found = aws.ask("ec2", "describe-instance-type-offerings", *kind, only)
        having = {one["Location"] for one in found["InstanceTypeOfferings"]}
        without = {*wanted.zones} & known - having
        lacking |= dict.fromkeys(without, f"it has no {wanted.machine}")
    for zone, cause in sorted(lacking.items()):
        others = ", ".join(sorted(known - {*wanted.zones})) or "none"
        wrong = problem(
            "aws-zone", f"zone {zone}", cause, details=(f"others: {others}",), root=platform.root
        )
        yield Check("aws zones", "fail", f"{zone}: {cause}", wrong)
    if wanted.zones and not lacking:
        yield Check("aws zones", "ok", f"{', '.join(wanted.zones)} are there")


def _quotas(aws: Aws, wanted: Wanted, platform: Platform) -> Iterator[Check]:
    made = aws.cluster(platform.name) is not None
    needs = {"vCPUs": wanted.machines * _processors(aws, wanted.machine)}
    if not made:  # what is there is counted as used
        needs |= {"public addresses": wanted.addresses(), "VPCs": 1, "clusters": 1}
    for what, (service, code, *question) in QUOTAS.items():
        needed = needs.get(what, 0)
        if not needed:
            continue
        words = ("--service-code", service, "--quota-code", code)
        limit = int(aws.ask("service-quotas", "get-service-quota", *words)["Quota"]["Value"])
        # The machines that run may be the platform's own, which its bound counts already.
        used = 0 if what == "vCPUs" and made else _used(aws, *question)
        text = f"{what}: {used} used, up to {needed} more, {limit} allowed"
        total = str(used + needed)
        wrong = problem("aws-quota", what, text, service=service, quota=code, wanted=total)
        enough = used + needed <= limit
        yield Check("aws quotas", "ok" if enough else "fail", text, None if enough else wrong)


def _used(aws: Aws, service: str, question: str, key: str) -> int:
    there = aws.ask(service, question)[key]
    if key != "Reservations":
        return len(there)
    machines = [one for group in there for one in group["Instances"]]
    run = [one["CpuOptions"] for one in machines if one["State"]["Name"] in ("pending", "running")]
    return sum(one["CoreCount"] * one["ThreadsPerCore"] for one in run)


def _processors(aws: Aws, machine: str) -> int:
    if not machine:
        return 0
    found = aws.ask("ec2", "describe-instance-types", "--instance-types", machine)
    return int(found["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"])


def _age(aws: Aws, wanted: Wanted, today: date) -> Iterator[Check]:
    version = wanted.kubernetes
    if not version:
        return
    ends = aws.support_ends(version) or str(support.ends().get(version, ""))
    text = f"{version} has standard support until {ends or 'a day that AWS does not say yet'}"
    soon = bool(ends) and date.fromisoformat(ends) - today < support.SOON
    yield Check("kubernetes", "warn" if soon else "ok", text)


def _addons(aws: Aws, wanted: Wanted) -> Iterator[Check]:
    """Yield whether EKS offers what is pinned: else it refuses when the cluster is there."""
    if not wanted.addons:
        return
    words = ("--kubernetes-version", wanted.kubernetes, "--owners", "aws")
    offered = {
        one["addonName"]: [each["addonVersion"] for each in one["addonVersions"]]
        for one in aws.ask("eks", "describe-addon-versions", *words)["addons"]
    }
    lacking = {name for name, pin in wanted.addons.items() if pin not in offered.get(name, [])}
    for name in sorted(lacking):
        newest = ", ".join(offered.get(name, [])[:3]) or "none"
        text = f"{name} {wanted.addons[name]} is not offered for {wanted.kubernetes}: {newest} are"
        yield Check("add-ons", "warn", text)
    if not lacking:
        text = f"{len(wanted.addons)} pinned, all offered for {wanted.kubernetes}"
        yield Check("add-ons", "ok", text)


def _names(aws: Aws, wanted: Wanted, platform: Platform) -> Iterator[Check]:
    """Yield each other platform here with the same names: only one can have a name."""
    said = aws.ask("ssm", "get-parameters-by-path", "--path", "/morrow", "--recursive")
    others = [
        json.loads(one["Value"])
        for one in said["Parameters"]
        if re.fullmatch(r"/morrow/[^/]+/platform", one["Name"])
    ]
    for other in others:
        if other["name"] != platform.name and other["dns"]["suffix"] == wanted.suffix:
            text = (
                f"{other['name']} has {wanted.suffix} too: a name stays with who had it first, and"
                " the one that ends first takes the certificate's proof along"
            )
            yield Check("names", "warn", text)


def _access(wanted: Wanted) -> Iterator[Check]:
    """Yield whether strangers' workflows would be let in."""
    if wanted.repository.startswith(EXAMPLE):
        text = f"{wanted.repository} may push images and deploy: name your repository, or none"
        yield Check("access", "warn", text)
