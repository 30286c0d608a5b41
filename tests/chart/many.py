"""Many values files rendered by one run of Helm: each is one subchart of a chart made for it.

A `helm template` of its own costs each of them a process and a reading of the schema.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from tests.chart.rendering import CHART, NAMESPACE, Object, documents, written
from tools.build import program


def describe(folder: Path, names: Iterable[str]) -> None:
    """Make a folder a chart that has the one in `charts/one` once for each name."""
    one = yaml.safe_load((CHART / "Chart.yaml").read_text())
    own = {"name": one["name"], "version": one["version"]}
    parts = [{**own, "alias": name} for name in names]
    whole = {"apiVersion": "v2", "name": "many", "version": "0.0.0", "dependencies": parts}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(whole))


def render_many(files: Sequence[Path], folder: Path, tool: str = "helm") -> dict[str, list[Object]]:
    """Return the objects of each values file, by the file's name without its ending."""
    shutil.copytree(CHART, folder / "charts" / "one")
    named = {file.stem: yaml.safe_load(file.read_text()) for file in files}
    describe(folder, named)
    # JSON: PyYAML leaves `y` and 1e3 unquoted, which Go takes for a boolean and a number.
    (folder / "given.yaml").write_text(written(named))
    words = [str(program(tool, "helm")), "template", "some-release", str(folder)]
    done = subprocess.run(
        [*words, "--namespace", NAMESPACE, "--values", str(folder / "given.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[Object]] = {name: [] for name in named}
    for part in re.split(r"^---$", done.stdout, flags=re.MULTILINE):
        source = re.search(r"^# Source: many/charts/([^/]+)/", part, re.MULTILINE)
        if source:
            found[source[1]] += documents(part)
    return found
