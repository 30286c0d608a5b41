"""The repository's Terraform, chart and environments, copied and pointed at a test's namespace."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from morrow.tool.base.project import Project
from morrow.tool.environment.model import Environment
from tests.e2e.cluster import Cluster, Image
from tests.environments import load
from tests.terraform.fixtures import PROPERTY, REPOSITORY, SHIPPED
from tests.terraform.helm_provider import Provider

CANARY = "canary-5d1f0c7e-never-to-be-seen"
DOCS = (REPOSITORY / "docs" / "terraform.md").read_text()
NO_IMAGE = "sha256:" + "0" * 64


@dataclass
class LabProject:
    """A project of its own, with the environment `dev` in the test's namespace."""

    folder: Path
    cluster: Cluster
    namespace: str
    image: Image
    variables: dict[str, str]

    @property
    def root(self) -> Path:
        """The root of dev."""
        return self.folder / "terraform" / "environments" / "dev"

    def describe(self, **more: Any) -> None:
        """Write environments/dev.yaml."""
        values: dict[str, Any] = {
            "environment": "dev",
            "target": {
                "kind": "kubernetes",
                "context": self.cluster.context,
                "namespace": self.namespace,
                "delivery": "terraform",
            },
            "image": {"repository": self.image.repository, "digest": self.image.digest},
            "replicas": 1,
            "resources": {"requests": {"cpu": "10m"}},
            "drain": 0,
            "probes": {"startup": {"failureThreshold": 25}},
        }
        file = self.folder / "environments" / "dev.yaml"
        file.write_text(yaml.safe_dump({**values, **more}))

    def environment(self) -> Environment:
        """The environment as the tool reads it."""
        return load(Project.find(self.folder), "dev")

    def type(self, beginning: str) -> str:
        """Run the one command of docs/terraform.md that begins so, for this namespace; say yes."""
        (line,) = (line for line in DOCS.splitlines() if line.startswith(beginning))
        line = line.replace("-n hello", f"-n {self.namespace}").replace(
            "hello/hello", f"{self.namespace}/hello"
        )
        done = subprocess.run(
            ["bash", "-euc", line],
            cwd=self.folder,
            env=self.cluster.environment() | self.variables,
            input="yes\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start terraform in the root, in a process group of its own."""
        return subprocess.Popen(
            ["terraform", f"-chdir={self.root}", *arguments],
            env={**os.environ, **self.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run terraform in the root to its end."""
        with self.start(*arguments) as running:
            said, _ = running.communicate()
        return subprocess.CompletedProcess(arguments, running.returncode, said, "")

    def ok(self, *arguments: str) -> str:
        """Run terraform and return what it says; it must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def init(self) -> None:
        """Initialise the root."""
        self.ok("init", "-input=false", "-no-color")

    def apply(self, *arguments: str) -> str:
        """Apply without asking."""
        return self.ok("apply", "-auto-approve", "-input=false", "-no-color", *arguments)

    def plans_nothing(self) -> bool:
        """Whether a plan is empty, as far as Terraform can see."""
        done = self.run("plan", "-detailed-exitcode", "-input=false", "-no-color")
        assert done.returncode in (0, 2), done.stdout
        return done.returncode == 0

    @contextmanager
    def impatient(self) -> Iterator[tuple[str, ...]]:
        """Give the arguments of an apply that fails soon: no such image, and a short budget."""
        file = self.folder / "environments" / "dev.yaml"
        kept = file.read_text()
        values = {**yaml.safe_load(kept), "probes": {"startup": {"failureThreshold": 9}}}
        file.write_text(yaml.safe_dump(values))
        where = ("-auto-approve", "-input=false", "-no-color", "-var=timeout=10")
        yield (*where, f"-var=image_digest={NO_IMAGE}")
        file.write_text(kept)

    def fail(self) -> None:
        """Apply an image that is not there."""
        with self.impatient() as arguments:
            done = self.run("apply", *arguments)
        assert done.returncode == 1, done.stdout

    def history(self) -> list[dict[str, Any]]:
        """The release's revisions, oldest first."""
        done = self.cluster.command(
            *("helm", "--kube-context", self.cluster.context, "history", "hello"),
            *("-n", self.namespace, "-o", "json"),
        )
        if "not found" in done.stderr:
            return []
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = yaml.safe_load(done.stdout)
        return found

    def kill_apply(self, when: Callable[[], bool]) -> None:
        """Kill an apply that cannot end well, its provider and its Helm, when `when` holds.

        Again, where the moment was over before they were dead: a rollback may be quick.
        """
        for _ in range(5):
            self._kill_apply(when)
            if when():
                return
        raise AssertionError("each time the moment was over before it was dead")

    def _kill_apply(self, when: Callable[[], bool]) -> None:
        with self.impatient() as arguments:
            running = self.start("apply", *arguments)
            ends = time.monotonic() + 90
            while not when():
                assert running.poll() is None, running.communicate()[0]
                assert time.monotonic() < ends, "the moment did not come"
                time.sleep(0.05)
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()


@pytest.fixture
def project(
    cluster: Cluster,
    namespace: str,
    hello_image: Image,
    provider: Provider,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> LabProject:
    """A project in the test's namespace, with its Secret made as the documentation says."""
    request.node.user_properties.append((PROPERTY, provider.name))
    for name in SHIPPED:
        shutil.copytree(
            REPOSITORY / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*_override.tf"),
        )
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    variables = {
        **provider.environment,
        "TF_VAR_kubeconfig": str(cluster.kubeconfig),
        "TF_CLI_ARGS": "-no-color",
    }
    for name, value in (cluster.environment() | provider.environment).items():
        monkeypatch.setenv(name, value)
    made = LabProject(tmp_path, cluster, namespace, hello_image, variables)
    made.describe()
    (tmp_path / "secrets.env").write_text(f"SECRET_KEY={CANARY}\nDB_PASSWORD={CANARY}\n")
    made.type("kubectl create secret generic hello-1")
    return made
