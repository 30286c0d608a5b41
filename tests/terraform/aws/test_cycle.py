"""A platform's whole life on the fake, driven by the tool: in `make proof`.

Not AWS: moto with an EKS of our own. kubectl is a stand-in here, which says in which order it was
asked; what a real cluster makes of it is tried in the lab.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chart.rendering import render_files
from tests.terraform.aws.account import WHAT
from tests.terraform.aws.estate import BUCKET, Estate, estate, left
from tests.unit.tool.command import MORROW

CANARY = "canary-7f3b9c-never-to-be-seen"
LOCK = {
    "ID": "0a1b2c3d-0000-4000-8000-000000000000",
    "Operation": "OperationTypeApply",
    "Who": "somebody@elsewhere",
    "Version": "1.11.4",
    "Created": "2026-11-28T12:00:00Z",
    "Path": f"{BUCKET}/platform/live.tfstate",
}
# Knows an Ingress's controller: when the last route goes, so does its load balancer.
KUBECTL = """#!{python}
import json, os, subprocess, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    print(*words, file=log)
if "api-resources" in words:
    print("ingresses.networking.k8s.io\\nnodepools.karpenter.sh\\nnodeclaims.karpenter.sh")
elif "services" in words:
    print(json.dumps({{"items": []}}))
elif "delete" in words and "ingresses.networking.k8s.io" in words:
    arn = {balancer!r}
    subprocess.run([os.environ["MORROW_AWS"], "elbv2", "delete-load-balancer",
                    "--load-balancer-arn", arn], check=True)
"""


@pytest.fixture
def live(tmp_path: Path, record_property: Any) -> Iterator[Estate]:
    record_property("account", WHAT)
    with estate(tmp_path, "dev") as found:
        yield found


@pytest.mark.full
@pytest.mark.timeout(7200)
def test_a_platform_s_life(live: Estate) -> None:
    before = live.account.inventory()
    told = live.platform("plan", "live", "--detailed-exitcode", "--json")
    assert told.code == 2, told.err
    counts = {one["group"]: one["counts"] for one in told.answer["groups"]}
    assert all(set(found) == {"create"} for found in counts.values())
    assert {"network", "cluster", "roles", "keys", "secrets", "names"} <= set(counts)
    first = told.answer["month"]["usd"]
    assert 150 < first < 300
    assert told.answer["month"]["missing"] == []

    told = live.platform("up", "live")
    assert told.code == 0, told.err[-6000:]
    told = live.platform("plan", "live", "--detailed-exitcode", "--json")
    assert (told.code, told.answer["empty"]) == (0, True), told.out[-4000:]
    assert told.answer["difference_usd"] == 0
    _hands_over(live)

    # A value that only the account knows must come by no way of ours.
    live.account.ask(
        "secretsmanager", "put_secret_value", SecretId="live/hello", SecretString=CANARY
    )
    live.tell(r"logs = 30", "logs = 60")
    live.tell(r"services = \{ hello = \{\} \}", "services = { hello = {}, shop = {} }")
    _locked(live)
    told = live.platform("up", "live", "--json")
    assert told.code == 0, told.err[-6000:]
    assert round(told.answer["difference_usd"], 2) == 0.40, "one secret more"
    assert live.platform("plan", "live", "--detailed-exitcode").code == 0

    _guarded(live)
    _canary(live)
    _taken_down(live)
    assert left(before, live.account.inventory()) == []
    print(f"on {WHAT}:", {what: round(time) for what, time in live.seconds.items()})


def _hands_over(live: Estate) -> None:
    told = live.platform("write", "live")
    assert told.code == 0, told.err
    folder = live.folder / "environments"
    shown = live.morrow("env", "show", "live", "--json")
    assert shown.code == 0, shown.out
    values = shown.answer["values"]
    assert values["target"]["context"] == "arn:aws:eks:eu-west-1:123456789012:cluster/live"
    assert values["secrets"]["external"]["key"] == "live/hello"
    files = [folder / name for name in ("base.yaml", "live.platform.yaml", "live.yaml")]
    objects = {one["kind"]: one for one in render_files(*files)}
    assert objects["Ingress"]["spec"]["ingressClassName"] == "alb"
    assert objects["Ingress"]["spec"]["rules"][0]["host"] == "hello.live.example.com"
    image = objects["Deployment"]["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.startswith("123456789012.dkr.ecr.eu-west-1.amazonaws.com/live/hello")
    told = live.platform("status", "live", "--json")
    assert (told.code, told.answer["status"]) == (0, "ACTIVE")


def _locked(live: Estate) -> None:
    key = "platform/live.tfstate.tflock"
    live.account.ask("s3", "put_object", Bucket=BUCKET, Key=key, Body=json.dumps(LOCK))
    told = live.platform("up", "live", "--json")
    assert (told.code, told.problem["code"]) == (2, "terraform-locked")
    assert "somebody@elsewhere" in told.problem["cause"]
    live.account.ask("s3", "delete_object", Bucket=BUCKET, Key=key)


def _guarded(live: Estate) -> None:
    """A network that would be replaced is not, and nothing was touched."""
    there = live.account.inventory()
    live.tell(r"10\.20\.0\.0/16", "10.40.0.0/16")
    told = live.platform("up", "live", "--json")
    assert told.code == 2, told.out
    found = {one["object"] for one in told.answer["problems"]}
    assert "module.network.aws_vpc.this" in found
    assert {one["code"] for one in told.answer["problems"]} == {"platform-guarded"}
    assert live.account.inventory() == there
    live.tell(r"10\.40\.0\.0/16", "10.20.0.0/16")


def _canary(live: Estate) -> None:
    held = live.account.ask("secretsmanager", "get_secret_value", SecretId="live/hello")
    assert held["SecretString"] == CANARY, "the control: it is there to be found"
    state = live.terraform("state", "pull").stdout
    assert "aws_secretsmanager_secret" in state
    plan = json.dumps(live.planned())
    for text in (state, plan, *live.said):
        assert CANARY not in text
    for file in live.folder.rglob("*"):
        if file.is_file() and "providers" not in file.parts:
            assert CANARY.encode() not in file.read_bytes(), file


def _interrupted(live: Estate) -> int:
    """Press Ctrl-C once Terraform has begun to delete; what it had begun it ends."""
    words = [*MORROW, "platform", "down", "live", "--confirm", "live"]
    with subprocess.Popen(
        words,
        cwd=live.folder,
        env=os.environ | live.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Who runs the tests in the background may have it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("delete module."):
                process.send_signal(signal.SIGINT)
                break
        lines += process.stdout.readlines()
    live.said.append("".join(lines))
    assert "error interrupted: terraform" in live.said[-1], live.said[-1]
    return process.returncode


def _taken_down(live: Estate) -> None:
    """Routes go first, or their load balancer stays for ever."""
    subnets = live.account.ask("ec2", "describe_subnets")["Subnets"]
    public = [one["SubnetId"] for one in subnets if one["CidrBlock"].startswith("10.20.")][:2]
    made = live.account.ask(
        "elbv2",
        "create_load_balancer",
        Name="k8s-live",
        Subnets=public,
        Tags=[{"Key": "elbv2.k8s.aws/cluster", "Value": "live"}],
    )
    log, kubectl = live.folder / "kubectl.log", live.folder / "kubectl"
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    kubectl.write_text(KUBECTL.format(python=sys.executable, log=str(log), balancer=balancer))
    kubectl.chmod(0o755)
    # The release itself needs a cluster: taking one down is tried in tests/e2e.
    (live.folder / "environments" / "live.yaml").unlink()
    told = live.platform("down", "live", "--json")
    assert (told.code, told.problem["code"]) == (2, "confirm-needed")
    assert not log.exists(), "nothing is touched before the name is given"
    assert _interrupted(live) == 1
    told = live.platform("down", "live", "--confirm", "live", "--json")
    assert told.code == 0, told.err[-6000:] + told.out
    assert (told.answer["removed"] > 0, told.answer["left"]) == (True, [])
    told = live.platform("down", "live", "--json")
    assert (told.code, told.answer["removed"], told.answer["left"]) == (0, 0, []), "all is gone"
    asked = log.read_text()
    places = [asked.index(f"delete {kind}") for kind in ("ingresses", "nodepools")]
    assert places == sorted(places)
    assert asked.index("get nodeclaims") > places[1]
