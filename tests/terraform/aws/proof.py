"""`make aws-proof`: the dev size on a real account, hello on it, an update under load, and its end.

    python -m tests.terraform.aws.proof ACCOUNT REGION ZONE [--fake]

Asks nothing of an account before the price was shown and the account's number was typed. With
`--fake` the account is the one on loopback, and the run goes as far as that has parts: it has no
API server, so nothing is deployed there. The state stays in the folder that is printed: a run that
was cut off is ended with `morrow platform down proof --confirm proof` in it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from tests.terraform import aws_provider
from tests.terraform.aws import account as accounts
from tests.terraform.aws.account import REPOSITORY
from tests.terraform.aws.estate import SHIPPED
from tests.unit.tool.command import MORROW

NAME = "proof"
LOCAL = 'terraform {\n  backend "local" {}\n}\n'


@dataclass
class Proof:
    """A copy of the project, and what the programs are run with."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, what: str, *words: str, stdin: str = "") -> None:
        """Run one step; end with its exit code when it fails."""
        print(f"\n== {what}\n$ {' '.join(words)}", flush=True)
        began = time.monotonic()
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=os.environ | self.environment,
            input=stdin,
            text=True,
            check=False,
        )
        print(f"-- {time.monotonic() - began:.0f} s, exit {done.returncode}", flush=True)
        if done.returncode:
            raise SystemExit(f"{what} failed")

    def morrow(self, what: str, *words: str) -> None:
        """Run `morrow`."""
        self.run(what, *MORROW, *words)

    def ask(self, *words: str) -> str:
        """Return what `aws` says."""
        program = self.environment.get("MORROW_AWS", "aws")
        done = subprocess.run(
            [program, *words],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"aws {words[0]} {words[1]}: {done.stderr.strip()}")
        return done.stdout.strip()


def prepare(proof: Proof, account: str, region: str, zone: str, address: str) -> str:
    """Make the environment in the copy; return who is asking, who becomes its administrator."""
    for shipped in SHIPPED:
        if (REPOSITORY / shipped).is_dir():
            ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "tests")
            shutil.copytree(REPOSITORY / shipped, proof.folder / shipped, ignore=ignored)
        else:
            shutil.copy(REPOSITORY / shipped, proof.folder / shipped)
    proof.morrow("make the environment", "env", "new", NAME, "--on", "aws", "--from", "dev")
    caller = json.loads(proof.ask("sts", "get-caller-identity", "--output", "json"))
    if caller["Account"] != account:
        raise SystemExit(f"the credentials are of account {caller['Account']}, not {account}")
    # Of a session arn:aws:sts::N:assumed-role/NAME/… EKS wants the role.
    role = re.sub(r":sts::(\d+):assumed-role/([^/]+)/.*", r":iam::\1:role/\2", caller["Arn"])
    if role.endswith(":user/moto"):  # the fake's caller
        role = f"arn:aws:iam::{account}:role/platform"
    if ":role/" not in role:
        raise SystemExit(f"{role} is no role, and EKS's administrator must be one: assume a role")
    known = zone_id(proof, zone)
    for kind in ("platform", "cluster"):
        root = proof.folder / "terraform" / kind / NAME
        (root / "backend.tf").write_text(LOCAL)
        values = root / "terraform.tfvars"
        text = values.read_text().replace("111122223333", account).replace("eu-west-1", region)
        text = text.replace(f"{NAME}.example.com", zone).replace("203.0.113.0/24", address)
        text = text.replace("create = true", f'id = "{known}"')
        values.write_text(re.sub(r"arn:aws:iam::\d+:role/platform", role, text))
    return role


def zone_id(proof: Proof, zone: str) -> str:
    """Return the id of a zone that the account has; a new one's servers nobody names yet."""
    words = ("route53", "list-hosted-zones-by-name", "--dns-name", zone, "--max-items", "1")
    for found in json.loads(proof.ask(*words, "--output", "json"))["HostedZones"]:
        if found["Name"] == f"{zone}." and not found["Config"]["PrivateZone"]:
            return str(found["Id"]).removeprefix("/hostedzone/")
    raise SystemExit(
        f"the account has no public zone {zone}: make it, and let its parent name its servers,"
        " or the certificate is never issued"
    )


def own_address() -> str:
    """Return the network of this machine as AWS sees it: the cluster's API is open to no other."""
    with urlopen("https://checkip.amazonaws.com", timeout=10) as answer:
        return f"{answer.read().decode().strip()}/32"


def deploy(proof: Proof, region: str) -> None:
    """Build, push, fill the secret, deploy, and prove an update behind the load balancer."""
    raw = proof.ask(
        "ssm", "get-parameter", "--name", f"/morrow/{NAME}/platform", "--output", "json"
    )
    platform = json.loads(json.loads(raw)["Parameter"]["Value"])
    hello = platform["services"]["hello"]
    image = f"{hello['repository']}:proof"
    password = proof.ask("ecr", "get-login-password", "--region", region)
    registry = hello["repository"].partition("/")[0]
    login = ("docker", "login", "--username", "AWS", "--password-stdin", registry)
    proof.run("log in to the registry", *login, stdin=password)
    build = ("docker", "buildx", "build", "--platform", "linux/arm64", "--push", "--tag", image)
    source = ("--file", str(REPOSITORY / "apps/hello/Dockerfile"), str(REPOSITORY))
    proof.run("build and push hello", *build, *source)
    values = proof.folder / "environments" / f"{NAME}.yaml"
    values.write_text(values.read_text() + 'image: {tag: "proof"}\n')
    value = json.dumps({key: os.urandom(24).hex() for key in ("SECRET_KEY", "DB_PASSWORD")})
    put = ("secretsmanager", "put-secret-value", "--secret-id", hello["secret"])
    proof.run("fill the secret", "aws", *put, "--secret-string", "file:///dev/stdin", stdin=value)
    proof.morrow("deploy hello", "up", NAME)
    url = f"https://{hello['host']}"
    load = ("--during", "update", "--load", "50", "--for", "120s", "--url", url)
    proof.morrow("an update under load, behind the load balancer", "verify", NAME, *load)


def main() -> None:
    """Run the proof, and take everything away at its end."""
    parser = argparse.ArgumentParser(prog="make aws-proof", description=__doc__)
    parser.add_argument("account")
    parser.add_argument("region")
    parser.add_argument("zone", help="a public zone of the account")
    parser.add_argument("--fake", action="store_true", help="the account on loopback")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="aws-proof-"))
    print(f"working in {folder}; it holds the state", flush=True)
    with contextlib.ExitStack() as stack:
        environment: dict[str, str] = {}
        if given.fake:
            fake = stack.enter_context(accounts.running(folder / "account"))
            aws_provider.configuration(folder / "terraform.rc")
            environment = fake.environment | {
                "TF_CLI_CONFIG_FILE": str(folder / "terraform.rc"),
                "MORROW_AWS": str(accounts.programs() / "aws"),
            }
        proof = Proof(folder, environment)
        if given.fake:
            made = ("--name", given.zone, "--caller-reference", NAME)
            proof.ask("route53", "create-hosted-zone", *made)
        address = "203.0.113.7/32" if given.fake else own_address()
        role = prepare(proof, given.account, given.region, given.zone, address)
        if given.fake:
            shutil.rmtree(folder / "terraform" / "cluster")  # needs a cluster that answers
        proof.morrow("what it makes and costs", "platform", "plan", NAME)
        if not given.fake:
            print(f"\nAdministrator: {role}. It costs money until its end, about an hour from now.")
            if not sys.stdin.isatty() or input("Type the account's number: ") != given.account:
                raise SystemExit("not confirmed: nothing was made")
        try:
            proof.morrow("make it", "platform", "up", NAME)
            if given.fake:
                print("\nThe fake has no API server: image, deploy and load were not tried.")
            else:
                deploy(proof, given.region)
        finally:
            if given.fake:
                root = f"-chdir={folder / 'terraform' / 'platform' / NAME}"
                proof.run("its end", "terraform", root, "destroy", "-auto-approve", "-no-color")
            else:
                proof.morrow("its end", "platform", "down", NAME, "--confirm", NAME)
    if given.fake:
        shutil.rmtree(folder)  # its state is of nothing
    print("\nproved, and taken away" if not given.fake else "\ndry run done")


if __name__ == "__main__":
    main()
