"""An AWS account on loopback: moto with an EKS of our own in front. Not AWS, and it says so."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.request import urlopen

from tools.environments import BASE_PYTHON, environment

REPOSITORY = Path(__file__).resolve().parents[3]
REGION = "eu-west-1"
REGIONS = (REGION, "us-east-1")
WHAT = "moto 5.2.5 with an EKS of our own: not AWS"


class Refusal(Exception):
    """What the account refused."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass
class Account:
    """A running fake, and boto3 to ask it."""

    address: str
    log: Path
    client: subprocess.Popen[str]

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to take the fake for AWS; nothing else is told to it."""
        return variables(self.address)

    def ask(
        self, service: str, operation: str, /, extra: dict[str, Any] | None = None, **given: Any
    ) -> dict[str, Any]:
        """Do one operation by boto3; raise `Refusal`. `extra` goes past boto3's own model."""
        asked = {"service": service, "operation": operation, "given": given, "extra": extra or {}}
        stdin, stdout = _pipes(self.client)
        stdin.write(json.dumps(asked) + "\n")
        stdin.flush()
        said: dict[str, Any] = json.loads(stdout.readline())
        if "code" in said:
            raise Refusal(said["code"], said["message"])
        answer: dict[str, Any] = said["answer"]
        return answer

    def inventory(self) -> set[str]:
        """Name everything that the account holds."""
        with urlopen(f"{self.address}/fake/inventory", timeout=60) as answer:  # noqa: S310
            return set(json.load(answer))

    def crashes(self) -> str:
        """Return what went wrong in the fake itself; empty is well."""
        return self.log.read_text() if self.log.exists() else ""


def variables(address: str) -> dict[str, str]:
    """Return the variables that point AWS's own clients to an address."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
    }


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def programs() -> Path:
    """Return the folder of the fake's own python, and of AWS's command line."""
    return environment(BASE_PYTHON, REPOSITORY / "requirements" / "fake-aws.txt")


@contextmanager
def running(folder: Path) -> Iterator[Account]:
    """Start an account of its own, and stop it."""
    python = str(programs() / "python")
    folder.mkdir(parents=True, exist_ok=True)
    port, log = folder / "port", folder / "crashes.log"
    serve = [python, "-m", "tests.terraform.aws.fake.server", str(port), str(log), *REGIONS]
    with (folder / "output.log").open("w") as output:
        server = subprocess.Popen(serve, cwd=REPOSITORY, stdout=output, stderr=output)
    client: subprocess.Popen[str] | None = None
    try:
        _wait(server, port, folder / "output.log")
        address = f"http://127.0.0.1:{port.read_text()}"
        client = subprocess.Popen(
            [python, "-m", "tests.terraform.aws.client"],
            cwd=REPOSITORY,
            env=os.environ | variables(address),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        yield Account(address, log, client)
    finally:
        for process in (client, server):
            if process is not None:
                process.kill()
                process.wait()


def _wait(server: subprocess.Popen[bytes], port: Path, output: Path) -> None:
    for _ in range(9000):  # a busy machine takes minutes
        if port.exists():
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"the fake AWS did not start:\n{output.read_text()[-2000:]}")
