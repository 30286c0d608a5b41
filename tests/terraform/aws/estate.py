"""The repository's Terraform in a folder of its own, pointed at an account on loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.terraform import aws_provider
from tests.terraform.aws import account as accounts
from tests.terraform.aws.account import REPOSITORY, Account
from tests.unit.tool.command import MORROW, Told

NUMBER = "123456789012"  # the account that moto is
BUCKET = "states"
SHIPPED = ("terraform", "environments", "chart", "pyproject.toml")

# What moto keeps of things that are gone: no service of AWS would show or charge it.
REMAINS = (
    r"acm/[\w-]+/_idempotency_tokens/",
    r"ec2/[\w-]+/launch_template_insert_order/",
    r"ec2/[\w-]+/network_acls/",  # a VPC's own, which goes with it on AWS
    r"ec2/.* \(deleted\)$",
    r"kms/[\w-]+/keys/[\w-]+ \(PendingDeletion\)$",  # AWS too keeps a key for its window
    r"route53/aws/(delegation_sets|resource_tags)/",
    r"secretsmanager/.* \(deleted\)$",
    r"sqs/[\w-]+/.*",
    r"events/[\w-]+/.*",
)


@dataclass
class Estate:
    """A project with a platform's root, its state in a bucket of the account."""

    folder: Path
    account: Account
    name: str
    said: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The platform's root."""
        return self.folder / "terraform" / "platform" / self.name

    @property
    def environment(self) -> dict[str, str]:
        """What Terraform and the tool are run with."""
        return self.account.environment | {
            "TF_CLI_CONFIG_FILE": str(self.folder / "terraform.rc"),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "MORROW_AWS": str(accounts.programs() / "aws"),
            "MORROW_KUBECTL": str(self.folder / "kubectl"),
            "KUBECONFIG": str(self.folder / "kubeconfig"),
        }

    def terraform(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run terraform in the root."""
        return self._timed(words[0], ["terraform", f"-chdir={self.root}", *words], variables)

    def _timed(
        self, what: str, words: list[str], variables: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        began = time.monotonic()
        done = subprocess.run(
            words,
            env=os.environ | self.environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        self.seconds[what] = time.monotonic() - began
        self.said += [done.stdout, done.stderr]
        return done

    def platform(self, *words: str) -> Told:
        """Run `morrow platform` in the project."""
        return self.morrow("platform", *words)

    def morrow(self, *words: str) -> Told:
        """Run `morrow` in the project."""
        began = time.monotonic()
        done = subprocess.run(
            [*MORROW, *words],
            cwd=self.folder,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        self.seconds[" ".join(words[:2])] = time.monotonic() - began
        self.said += [done.stdout, done.stderr]
        return Told(done.returncode, done.stdout, done.stderr)

    def tell(self, old: str, new: str) -> None:
        """Change the root's values."""
        values = self.root / "terraform.tfvars"
        text = values.read_text()
        assert re.search(old, text), f"{old} is not in {values.name}"
        values.write_text(re.sub(old, new, text))

    def apply(self) -> None:
        """Apply, and see that the next plan is empty."""
        done = self.terraform("apply", "-auto-approve", "-no-color")
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        self.settled()

    def settled(self) -> None:
        """See that a plan is empty."""
        done = self.terraform("plan", "-detailed-exitcode", "-no-color")
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]

    def planned(self, *words: str) -> dict[str, Any]:
        """Return a plan as Terraform's JSON."""
        file = self.folder / "plan"
        done = self.terraform("plan", f"-out={file}", *words)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        shown = self.terraform("show", "-json", str(file))
        found: dict[str, Any] = json.loads(shown.stdout)
        return found


def copied(folder: Path, source: Path = REPOSITORY) -> None:
    """Lay the repository's project in a folder of its own, and point Terraform to the provider."""
    for shipped in SHIPPED:
        if (source / shipped).is_dir():
            ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "tests")
            shutil.copytree(source / shipped, folder / shipped, ignore=ignored)
        else:
            shutil.copy(source / shipped, folder / shipped)
    # What runs in the cluster needs one that answers; the fake's has no API server.
    shutil.rmtree(folder / "terraform" / "cluster", ignore_errors=True)
    aws_provider.configuration(folder / "terraform.rc")


@contextmanager
def estate(folder: Path, original: str, source: Path = REPOSITORY) -> Iterator[Estate]:
    """Make the environment `live` on AWS in a copy of the repository, its state in the account."""
    copied(folder, source)
    before = os.times().children_user + os.times().children_system
    with accounts.running(folder / "account") as account:
        found = Estate(folder, account, "live")
        account.ask(
            "s3",
            "create_bucket",
            Bucket=BUCKET,
            CreateBucketConfiguration={"LocationConstraint": accounts.REGION},
        )
        made = found.morrow("env", "new", "live", "--on", "aws", "--from", original)
        assert made.code == 0, made.err
        values = found.root / "terraform.tfvars"
        values.write_text(values.read_text().replace("111122223333", NUMBER))
        backend = found.root / "backend.tf"
        text = re.sub(r'bucket( *)= "[^"]*"', rf'bucket\1= "{BUCKET}"', backend.read_text())
        backend.write_text(text)
        done = found.terraform("init", "-no-color")
        assert done.returncode == 0, done.stdout + done.stderr
        yield found
        assert not account.crashes(), account.crashes()
    used = os.times()
    cpu = used.children_user + used.children_system - before
    print(f"{original}: {cpu:.0f} s of CPU;", {at: round(of) for at, of in found.seconds.items()})


def left(before: set[str], after: set[str]) -> list[str]:
    """Name what a destroy left in any of the account's services."""
    new = {one for one in after - before if f"/{BUCKET}" not in one}
    return sorted(one for one in new if not any(re.match(remains, one) for remains in REMAINS))
