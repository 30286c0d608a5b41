"""`morrow platform down` on a real API server, with the releases of terraform/modules/controllers.

The API server is this test's own. The releases are installed by Terraform: this repository's charts
as they are, others' as empty ones of the same name and version. In place of the controllers and of
AWS stands a loop that does what they do to objects with their finalizers: it takes a load balancer
away, then lets its route go; ends machines, then lets their claims and their pool go. What real
controllers take for it is not tried.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import acted, api_server
from tests.e2e.acted import Account, Controllers
from tests.e2e.api_server import ApiServer
from tests.terraform.fixtures import REPOSITORY, provider
from tests.terraform.helm_provider import Provider
from tests.terraform.native.releases import charts
from tests.terraform.test_module import ok
from tests.unit.tool.command import Told, morrow
from tools.build import program
from tools.environments import BASE_PYTHON

__all__ = ["provider"]

ARN = "arn:aws-us-gov:eks:us-gov-west-1:123456789012:cluster/live"
ROOT = """\
terraform {
  backend "local" {}
}
resource "terraform_data" "network" {}
output "platform" {
  value = { aws = { region = "us-gov-west-1" }, cluster = { name = "live" } }
}
"""
AWS = """#!{python}
import json, sys
words, account = sys.argv[1:], json.load(open({account!r}))
if words[:2] == ["eks", "describe-cluster"]:
    found = {{"name": "live", "arn": {arn!r}, "status": "ACTIVE"}}
    answer = {{"cluster": found}}
elif words[0] == "resourcegroupstaggingapi":
    arns = ["arn:aws-us-gov:elb:::loadbalancer/" + one for one in account["balancers"]]
    answer = {{"ResourceTagMappingList": [{{"ResourceARN": arn}} for arn in arns]}}
elif words[1] == "describe-network-interfaces":
    found = account["interfaces"]
    open({account!r}.replace(".json", ".asked"), "a").close()
    answer = {{"NetworkInterfaces": [{{"NetworkInterfaceId": one}} for one in found]}}
    if "terraform_data" in open({state!r}).read():  # the control plane's own
        own = {{"NetworkInterfaceId": "eni-of-eks", "Description": "Amazon EKS live"}}
        answer["NetworkInterfaces"].append(own)
else:
    answer = {{"Reservations": [], "Volumes": [], "logGroups": []}}
print(json.dumps(answer))
"""


@dataclass
class Live:
    """A cluster full of what controllers hold, and a project with its roots."""

    server: ApiServer
    account: Account
    project: Path
    environment: dict[str, str]

    def down(self, **variables: str) -> Told:
        words = ("platform", "down", "live", "--confirm", "live", "--json")
        return morrow(*words, folder=self.project, **(self.environment | variables))

    def terraform(self, root: str, *words: str) -> str:
        chdir = f"-chdir={self.project / 'terraform' / root / 'live'}"
        environment = os.environ | self.environment
        return ok(
            subprocess.run(
                ["terraform", chdir, *words],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        )

    def helm(self) -> set[str]:
        kubeconfig = f"--kubeconfig={self.environment['KUBECONFIG']}"
        words = [str(program("helm")), "list", "--all-namespaces", "--short", kubeconfig]
        return {*subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()}


def lay_out(project: Path) -> None:
    """Make the project with both roots."""
    shipped = REPOSITORY / "terraform" / "modules" / "controllers"
    text = (REPOSITORY / "tests/terraform/native/controllers/main.tf").read_text()
    text = text.replace(f'"../../../../{shipped.relative_to(REPOSITORY)}"', f'"{shipped}"')
    text = text.replace('config_context = "dev"', "config_context = var.context")
    text += 'variable "context" {\n  type = string\n}\n'
    for place, content in (("platform", ROOT), ("cluster", text)):
        root = project / "terraform" / place / "live"
        root.mkdir(parents=True)
        (root / "main.tf").write_text(content)
    given = {
        "charts": charts(project / "stand-ins"),
        "route": "gateway",
        "kubeconfig": str(project / "kubeconfig"),
        "context": ARN,
    }
    (root / "terraform.tfvars.json").write_text(json.dumps(given))
    (project / "environments").mkdir()
    (project / "environments" / "base.yaml").write_text("name: hello\n")
    (project / "pyproject.toml").write_text("[tool.morrow]\n")


@pytest.fixture
def live(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Live]:
    made_by: Provider = request.getfixturevalue("provider")
    project = tmp_path / "project"
    lay_out(project)
    account = Account(tmp_path / "account.json")
    account.keep()
    aws = tmp_path / "aws"
    state = str(project / "terraform" / "platform" / "live" / "terraform.tfstate")
    given = {"python": BASE_PYTHON, "account": str(account.file), "arn": ARN, "state": state}
    aws.write_text(AWS.format(**given))
    aws.chmod(0o755)
    environment = made_by.environment | {
        "MORROW_AWS": str(aws),
        "MORROW_KUBECTL": str(program("kubernetes", "kubectl")),
        "KUBECONFIG": str(project / "kubeconfig"),
        "TF_IN_AUTOMATION": "1",
    }
    with api_server.running(tmp_path / "server") as server:
        server.kubeconfig(project / "kubeconfig", ARN)
        acted.make_kinds(server)
        made = Live(server, account, project, environment)
        for root in ("platform", "cluster"):
            made.terraform(root, "init", "-input=false")
            made.terraform(root, "apply", "-auto-approve", "-input=false")
        acted.fill(server, account)
        yield made


@contextmanager
def acting(live: Live) -> Iterator[Controllers]:
    """Let the controllers act until the end of the block."""
    ended = threading.Event()
    controllers = Controllers(live.server, live.account)

    def loop() -> None:
        while not ended.wait(0.3):
            controllers.turn()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield controllers
    finally:
        ended.set()
        thread.join()


def test_it_ends_in_the_order_in_which_nothing_is_left(live: Live) -> None:
    assert {"morrow-base", "karpenter-pools", "public", "secret-store", "karpenter"} <= live.helm()
    with acting(live) as controllers:
        told = live.down()
    assert told.code == 0, told.err[-3000:] + told.out
    assert (told.answer["removed"], told.answer["left"]) == (1, [])
    assert live.helm() == set()
    # Interfaces were waited for before the releases went: what holds them was still there.
    assert controllers.saw == ["interface gone, pools' release there"]
    asked = live.server.deleted()
    order = ["ingresses shop", "gateways public", "services tcp", "nodepools general"]
    places = [asked.index(one) for one in order]
    assert places == sorted(places), asked
    releases = [index for index, one in enumerate(asked) if re.match(r"secrets sh\.helm", one)]
    assert min(releases) > places[-1]
    assert "services plain" not in asked, "what asked for no load balancer goes with its cluster"


def test_nothing_more_goes_while_a_load_balancer_stays(live: Live, monkeypatch: Any) -> None:
    from morrow.tool.base.errors import Failure
    from morrow.tool.base.project import Project
    from morrow.tool.platform.operate import down
    from morrow.tool.platform.roots import Platform

    live.account.balancers.append("somebody-s")
    live.account.keep()
    before = live.helm()
    for name, value in live.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(live.project)
    with acting(live), pytest.raises(Failure) as refused:
        down(Platform.find(Project.find(), "live"), "live", None, patience=20)
    (problem,) = refused.value.problems
    assert (problem.code, problem.object) == ("platform-left", "load balancer somebody-s")
    assert live.helm() == before
    assert not any(one.startswith("nodepools") for one in live.server.deleted())


@pytest.mark.full  # by the tool, the same order is held in every check: the first test here
def test_by_terraform_alone_karpenter_ends_its_machines_before_it_goes(live: Live) -> None:
    """The way of docs/aws-upgrade.md: its third step, without the command."""
    with acting(live):
        live.terraform("cluster", "destroy", "-auto-approve", "-input=false")
    assert live.helm() == set()
    asked = live.server.deleted()
    order = ["nodepools general", "nodeclaims general-1", "secrets sh.helm.release.v1.karpenter.v1"]
    places = [asked.index(one) for one in order]
    assert places == sorted(places), asked
