"""The chart, rendered by Helm, as data."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tools.build import program

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "chart"
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
# How people use other charts, written for this one.
GOOD = sorted((Path(__file__).parent / "good").glob("*.yaml"))
# The same by people who thought of no test.
STRANGERS = sorted((Path(__file__).parent / "strangers").glob("*.yaml"))
ENVIRONMENTS = ROOT / "environments"
NAMESPACE = "somewhere"
DIGEST = "sha256:" + "a" * 64

Object = dict[str, Any]
Values = Mapping[str, Any]

SMALLEST: Values = {"name": "shop", "image": {"repository": "ghcr.io/example/shop", "tag": "1.0"}}
FOREIGN: Values = {**SMALLEST, "ports": {"admin": None}}


def helm(
    files: Sequence[Path], *more: str, chart: Path = CHART, tool: str = "helm"
) -> subprocess.CompletedProcess[str]:
    """Run `helm template`; the release has another name than the service, on purpose."""
    words = [str(program(tool, "helm")), "template", "some-release", str(chart)]
    words += ["--namespace", NAMESPACE, *more]
    for file in files:
        words += ["--values", str(file)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def documents(text: str) -> list[Object]:
    """Return the objects of a stream of YAML."""
    # The reader in C: most of what a rendering takes beside Helm is the reading of it.
    return [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]


@lru_cache
def _rendered(files: tuple[Path, ...], more: tuple[str, ...]) -> str:
    done = helm(files, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def render_files(*files: Path, more: tuple[str, ...] = ()) -> list[Object]:
    """Return the objects that values files render, hooks and tests too."""
    return documents(_rendered(files, more))


@lru_cache(maxsize=1024)
def _with_file(values: str, more: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(values)
        file.flush()
        return helm([Path(file.name)], *more)


def written(values: Values) -> str:
    """Return values as a file that Helm reads: it does not know the halves of a rune in JSON."""
    return json.dumps(values, ensure_ascii=False)


def render(values: Values, *more: str) -> list[Object]:
    """Return the objects that values render."""
    done = _with_file(written(values), more)
    assert done.returncode == 0, done.stderr
    return documents(done.stdout)


def refusal(values: Values, *more: str) -> str:
    """Return what Helm says when it refuses values; fail when it takes them."""
    done = _with_file(written(values), more)
    assert done.returncode != 0, f"taken, but should be refused: {json.dumps(values)[:400]}"
    return done.stderr


def over(values: Values, more: Values) -> dict[str, Any]:
    """Return values with others laid over them, as an overlay file would be."""
    merged = dict(values)
    for key, value in more.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = over(old, value) if both else value  # type: ignore[arg-type]
    return merged


def one(objects: Sequence[Object], kind: str, name: str = "") -> Object:
    """Return the one object of a kind (and name)."""
    found = every(objects, kind)
    found = [o for o in found if not name or o["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} objects of kind {kind} {name}"
    return found[0]


def every(objects: Sequence[Object], kind: str) -> list[Object]:
    """Return all objects of a kind."""
    return [o for o in objects if o["kind"] == kind]


def pod_templates(objects: Sequence[Object]) -> list[tuple[str, Object]]:
    """Return the pods of all workloads: what each belongs to, its metadata and spec."""
    found = []
    for o in objects:
        if o["kind"] == "Pod":
            found.append((f"Pod {o['metadata']['name']}", o))
        elif o["kind"] == "CronJob":
            template = o["spec"]["jobTemplate"]["spec"]["template"]
            found.append((f"CronJob {o['metadata']['name']}", template))
        elif "template" in o.get("spec", {}):
            found.append((f"{o['kind']} {o['metadata']['name']}", o["spec"]["template"]))
    return found


def containers(pod: Object) -> list[Object]:
    """Return all containers of a pod, those that start first too."""
    spec = pod["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def service_container(objects: Sequence[Object]) -> Object:
    """Return the service's own container."""
    return dict(one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0])


def variables(container: Object) -> dict[str, str]:
    return {v["name"]: v["value"] for v in container.get("env", []) if "value" in v}
