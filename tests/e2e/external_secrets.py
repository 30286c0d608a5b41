"""The External Secrets Operator in a cluster, over an AWS Secrets Manager that is moto's.

moto decides by its own IAM who may; the words of its no are a stand-in's (refusing_moto.py).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import images
from lab.layout import HOST
from lab.shell import run
from tests.e2e.cluster import ROOT, Cluster, eventually
from tests.terraform.aws import account as accounts
from tools.build import program, version
from tools.sources import sources

MODULE = "github.com/external-secrets/external-secrets"
NAMESPACE = "external-secrets"
REGION = accounts.REGION


@dataclass
class Service:
    """moto's Secrets Manager, which pods and this machine reach."""

    address: str

    @property
    def variables(self) -> dict[str, str]:
        """What this machine's boto3 needs."""
        return {**accounts.variables(self.address), "NO_PROXY": f"127.0.0.1,{HOST}"}

    def ask(self, operation: str, /, client: str = "secretsmanager", **given: Any) -> Any:
        """Do one operation."""
        done = subprocess.run(
            [accounts.programs() / "python", "-c", ASK, client, operation, json.dumps(given)],
            env=os.environ | self.variables, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return json.loads(done.stdout)

    def user(self, name: str) -> tuple[str, str]:
        """Make a user of IAM, who may do nothing yet; return its access key."""
        self.ask("create_user", client="iam", UserName=name)
        key = self.ask("create_access_key", client="iam", UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def allow(self, name: str, *actions: str) -> None:
        """Let a user do these operations of Secrets Manager, and no other."""
        statement = {"Effect": "Allow", "Action": [f"secretsmanager:{one}" for one in actions],
                     "Resource": "*"}  # fmt: skip
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.ask("put_user_policy", client="iam", UserName=name, PolicyName="own",
                 PolicyDocument=policy)  # fmt: skip


ASK = """
import boto3, json, sys
client = boto3.client(sys.argv[1])
answer = getattr(client, sys.argv[2])(**json.loads(sys.argv[3]))
print(json.dumps(answer, default=str))
"""


@contextmanager
def service(folder: Path, port: int) -> Iterator[Service]:
    """Run moto where the cluster's pods reach it."""
    with (folder / "moto.log").open("w") as log:
        python = str(accounts.programs() / "python")
        words = [python, "-m", "tests.e2e.refusing_moto", HOST, str(port)]
        server = subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=log)
    try:
        made = Service(f"http://{HOST}:{port}")

        def answers() -> bool:
            try:
                made.ask("list_secrets")
            except subprocess.CalledProcessError:
                return False
            return True

        eventually("moto answers", answers, within=120, every=0.5)
        yield made
    finally:
        server.kill()
        server.wait()


@contextmanager
def operator(cluster: Cluster, folder: Path, address: str) -> Iterator[None]:
    """Install the operator from its module: definitions, its own chart, an image of its program."""
    tag = version("external-secrets", MODULE)
    image = f"{cluster.registry}/lab/external-secrets:{tag}"
    images.push_program(image, program("external-secrets"))
    module = sources("external-secrets", MODULE)
    definitions = module / "config" / "crds" / "bases"
    kinds = [str(file) for file in sorted(definitions.glob("*.io_*.yaml"))]
    files = [word for file in kinds for word in ("-f", file)]
    cluster.kubectl("apply", "--server-side", *files)
    chart = folder / "chart"
    shutil.copytree(module / "deploy" / "charts" / "external-secrets", chart)
    run("chmod", "-R", "u+w", str(chart))
    about = chart / "Chart.yaml"
    about.write_text(re.sub(r"dependencies:\n(?:[ -].*\n?)+", "", about.read_text()))
    (chart / "Chart.lock").unlink(missing_ok=True)
    repository, _, _ = image.rpartition(":")
    values = {
        "installCRDs": False,
        "image": {"repository": repository, "tag": tag},
        "webhook": {"create": False},
        "certController": {"create": False},
        "extraEnv": [
            {"name": "AWS_SECRETSMANAGER_ENDPOINT", "value": address},
            {"name": "AWS_STS_ENDPOINT", "value": address},
        ],
    }
    file = folder / "operator.json"
    file.write_text(json.dumps(values))
    where = ["-n", NAMESPACE, "--create-namespace"]
    cluster.helm("upgrade", "--install", "external-secrets", str(chart), *where,
                 "-f", str(file), "--wait", "--timeout=120s")  # fmt: skip
    try:
        yield
    finally:
        # Whole: a definition that is half deleted is no definition to the next run.
        cluster.kubectl("delete", *files, "--ignore-not-found", "--timeout=60s")
        cluster.helm("uninstall", "external-secrets", "-n", NAMESPACE, "--wait")
        # Gone when this returns: the next run installs into it at once.
        cluster.kubectl("delete", "namespace", NAMESPACE, "--timeout=90s")


def store(
    name: str = "aws", region: str = REGION, key: tuple[str, str] = ("testing", "testing")
) -> list[dict[str, Any]]:
    """Return a SecretStore over the service, and the Secret that it logs in with."""
    keys = {f"{part}SecretRef": {"name": "aws-login", "key": part.lower()}
            for part in ("accessKeyID", "secretAccessKey")}  # fmt: skip
    aws = {"service": "SecretsManager", "region": region, "auth": {"secretRef": keys}}
    login = dict(zip(("accesskeyid", "secretaccesskey"), key, strict=True))
    return [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "aws-login"},
         "stringData": login},
        {"apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
         "metadata": {"name": name}, "spec": {"provider": {"aws": aws}}},
    ]  # fmt: skip
