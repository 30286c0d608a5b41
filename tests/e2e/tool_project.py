"""A project of a test's own: a folder with environments, and the command `morrow` in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.e2e.cluster import ROOT, Cluster, Image
from tests.e2e.pods import names, ready
from tests.unit.tool.command import MORROW

if TYPE_CHECKING:
    from tests.terraform.lab_project import LabProject

RECORDS = """#!/bin/sh
printf '%s\\n' "$*" >>{told}
exec {program} "$@"
"""

SERVICE = Path(__file__).with_name("bent_service.py").read_text()
# A version that cannot start.
CRASHES = {"command": ["/usr/bin/python3", "-c", "raise SystemExit(3)"]}


@dataclass(frozen=True)
class Told:
    """What one run of the command said."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def answer(self) -> dict[str, Any]:
        """The JSON on stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict), self.out
        return found

    @property
    def problem(self) -> dict[str, Any]:
        """The first problem that it named."""
        assert self.problems, f"no problem named: {self}"
        return self.problems[0]

    @property
    def problems(self) -> list[dict[str, Any]]:
        """All that it named."""
        return list(self.answer.get("problems") or [])

    def __str__(self) -> str:
        return f"exit {self.code} after {self.seconds:.1f} s\n{self.out}\n{self.err}"


@dataclass
class ToolProject:
    """A project folder whose environment `test` lives in one namespace of the cluster."""

    folder: Path
    cluster: Cluster
    namespace: str
    image: Image
    variables: dict[str, str] = field(default_factory=dict)  # further ones for the command

    def __post_init__(self) -> None:
        (self.folder / "environments").mkdir(parents=True, exist_ok=True)
        table = f'[tool.morrow]\nchart = "{ROOT / "chart"}"\n'
        (self.folder / "pyproject.toml").write_text(table)

    def ready_pods(self) -> set[str]:
        """The names of the pods that are ready and are to stay."""
        pods = self.cluster.get("pods", "-n", self.namespace)["items"]
        return names(p for p in pods if ready(p) and not p["metadata"].get("deletionTimestamp"))

    def base(self) -> dict[str, Any]:
        """Return what every service here has in common."""
        return {
            "name": "web",
            "environment": "test",
            "image": {"repository": self.image.repository, "digest": self.image.digest},
            "target": {
                "kind": "kubernetes",
                "context": self.cluster.context,
                "namespace": self.namespace,
                "delivery": "helm",
            },
            "replicas": 1,
            "drain": 0,
            "grace": 1,
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
            "rollout": {"minReadySeconds": 0},
        }

    def simple(self, **more: object) -> dict[str, Any]:
        """Return the values of a small service without the kit, with `more` laid over them."""
        values = {
            **self.base(),
            "command": ["/usr/bin/python3", "-u", "-c", SERVICE],
            "args": [],
            "ports": {"admin": None},
            "probes": {"startup": {"path": "/"}, "readiness": {"path": "/", "periodSeconds": 1}},
        }
        return laid_over(values, more)

    def hello(self, **more: object) -> dict[str, Any]:
        """Return the values of hello, with `more` laid over them."""
        values = {
            **self.base(),
            "config": {"API_BASE_URL": "https://api.example.com"},
            "secrets": {"keys": ["SECRET_KEY", "DB_PASSWORD"]},
        }
        return laid_over(values, more)

    def write(self, values: dict[str, Any], label: str = "test") -> Path:
        """Write the environment's file."""
        file = self.folder / "environments" / f"{label}.yaml"
        file.write_text(yaml.safe_dump(values, sort_keys=False))
        return file

    def filled(self, text: str) -> str:
        """Return a text with what only the cluster at hand knows, for IMAGE and the like."""
        space, name = self.cluster.gateway.split("/")
        image = f"{self.image.repository}@{self.image.digest}"
        known = {"GATEWAYSPACE": space, "GATEWAYNAME": name, "IMAGE": image}
        known["NAMESPACE"] = self.namespace
        for word, value in {**known, "REGISTRY": self.cluster.registry}.items():
            text = text.replace(word, value)
        return text

    def environment(self) -> dict[str, str]:
        """Return the variables that the command runs with."""
        return self.cluster.environment() | self.variables

    def morrow(self, *words: str, stdin: str | None = None, within: float = 500) -> Told:
        """Run the command to its end."""
        began = time.monotonic()
        done = subprocess.run(
            [*MORROW, *words],
            input=stdin or "",
            capture_output=True,
            text=True,
            env=self.environment(),
            cwd=self.folder,
            timeout=within,
            check=False,
        )
        return Told(done.returncode, done.stdout, done.stderr, time.monotonic() - began)

    def killed_at(self, step: int, *words: str) -> tuple[str, list[int]]:
        """Kill the command as it begins its program number `step`; return it, and what runs on."""
        child = self.start(*words, "--show-commands")
        assert child.stdout is not None
        seen = 0
        for line in child.stdout:
            seen += line.startswith("$ ")
            if seen == step:
                return line.strip(), kill(child)
        child.wait(10)
        return "", []

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the command and return at once; its group can be killed."""
        return subprocess.Popen(
            [*MORROW, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(),
            cwd=self.folder,
        )

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl in the namespace."""
        return self.cluster.kubectl("-n", self.namespace, *words, stdin=stdin)

    def make(self, *objects: dict[str, Any]) -> None:
        """Create objects, in the namespace when they have one."""
        for made in objects:
            self.kubectl("create", "-f", "-", stdin=json.dumps(made))


def tool_of(project: LabProject) -> ToolProject:
    """Return the folder of a test of Terraform with the command `morrow` in it."""
    table = (project.folder / "pyproject.toml").read_text()
    tool = ToolProject(
        project.folder, project.cluster, project.namespace, project.image, project.variables
    )
    (project.folder / "pyproject.toml").write_text(table)
    return tool


def recording(told: Path, path: str, *names: str) -> dict[str, str]:
    """Return the variables that let programs write down their arguments, wherever PATH has them."""
    variables = {}
    for name in names:
        recorder = told.with_name(f"recording-{name}")
        program = shutil.which(name, path=path)
        recorder.write_text(RECORDS.format(told=told, program=program))
        recorder.chmod(0o755)
        variables[f"MORROW_{name.upper()}"] = str(recorder)
    return variables


def laid_over(lower: dict[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Return `upper` laid over `lower`, table by table."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = laid_over(below, value) if both else value  # type: ignore[arg-type]
    return merged


def kill(child: subprocess.Popen[str]) -> list[int]:
    """Kill a command as a crash would, without a last word; return the programs that run on."""
    os.kill(child.pid, signal.SIGSTOP)  # so that it starts no other meanwhile
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(child.pid)], stdout=subprocess.PIPE)
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    return [int(word) for word in listed.stdout.split()]


def end(program: int) -> None:
    """End a killed command's program: Terraform dies unread, and its provider would run on."""
    with suppress(ProcessLookupError):
        os.killpg(program, signal.SIGKILL)
