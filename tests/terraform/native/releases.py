"""Stand-ins for charts of others, and the root that plans the releases of them.

The charts of others cannot be fetched here. In their place stand charts of the same name and
version with a closed schema, made from the keys that their repositories show: a value that they do
not know fails the plan. The charts of this repository are the real ones, rendered.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.terraform.fixtures import REPOSITORY
from tests.terraform.test_module import ok
from tools.build import program

HERE = Path(__file__).resolve().parent
MODULE = REPOSITORY / "terraform" / "modules" / "controllers"
KEYS: dict[str, Any] = yaml.safe_load((HERE / "chart_keys.yaml").read_text())
PIN = re.compile(r'^    ([a-z-]+) += \{ version = "([0-9.]+)", chart = "([^"]+)" \}$', re.MULTILINE)


def pins() -> dict[str, tuple[str, str]]:
    """Return each chart's version and address, from the one file that has them."""
    return {name: (version, chart) for name, version, chart in PIN.findall(
        (MODULE / "charts.tf").read_text())}  # fmt: skip


def schema(example: Any) -> dict[str, Any]:
    """Make a schema that is closed wherever the example names keys."""
    if isinstance(example, dict) and example:
        properties = {key: schema(value) for key, value in example.items()}
        return {"type": "object", "additionalProperties": False, "properties": properties}
    kinds = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}
    return {"type": kinds[type(example)]}


def charts(folder: Path) -> dict[str, dict[str, str]]:
    """Lay the stand-ins out; return them as the module's input."""
    given = {}
    for name, (version, _) in pins().items():
        place = folder / name
        (place / "templates").mkdir(parents=True)
        described = f"apiVersion: v2\nname: {name}\nversion: {version}\n"
        (place / "Chart.yaml").write_text(described)
        closed = schema(KEYS[name]) | ({"additionalProperties": False} if not KEYS[name] else {})
        if "properties" in closed:
            closed["properties"]["global"] = {"type": "object"}
        (place / "values.schema.json").write_text(json.dumps(closed))
        (place / "templates" / "empty.yaml").write_text("")
        given[name] = {"chart": str(place), "version": version}
    return given


@dataclass
class Cluster:
    """The releases' root in a copy of the repository, with charts that stand in."""

    root: Path
    environment: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        words = ["terraform", f"-chdir={self.root}", *arguments]
        environment = os.environ | self.environment | {"TF_IN_AUTOMATION": "1"}
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    def releases(self, *arguments: str) -> dict[str, dict[str, Any]]:
        """Plan; return each release by its name."""
        ok(self.run("plan", "-input=false", "-out=test.tfplan", *arguments))
        plan = json.loads(ok(self.run("show", "-json", "test.tfplan")))
        planned = [change["change"]["after"] for change in plan["resource_changes"]]
        return {release["name"]: release for release in planned}

    def rendered(self, release: dict[str, Any]) -> list[dict[str, Any]]:
        """Render one of this repository's charts as Helm does."""
        file = self.root / f"{release['name']}.yaml"
        file.write_text(release["values"][0])
        words = [str(program("helm")), "template", release["name"], release["chart"]]
        words += ["--namespace", release["namespace"], "--values", str(file)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=self.root)
        return [document for document in yaml.safe_load_all(ok(done)) if document]


Releases = dict[str, dict[str, Any]]


def values(release: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(release["values"][0])
    return found
