"""Helm: typed arguments in, parsed results or a named error out.

How others use it: `helm = Helm.of(environment)`, then its methods. A release that does
not exist is None or an empty list, not an error. Arguments are Helm 3's; what Helm 4 calls
otherwise is put into its words here and nowhere else.

What it stored of each revision is read in one look (`records`): manifest, values and chart.
`helm get` reads one revision a call and cannot give the chart back.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Json
from morrow.tool.programs import runner
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result

if TYPE_CHECKING:
    from morrow.tool.environment.model import Environment

# Helm 4 has three ways to wait; Helm 3's is `legacy`: it asks again and again, and needs no right
# to watch. By itself Helm 4 lets the server merge, by the owner of each field; the plan is
# computed for Helm 3's merge of three sides, which Helm 4 does on this word, also for a release
# that was installed the other way.
HELM_4 = {"--atomic": "--rollback-on-failure", "--wait": "--wait=legacy"}
Record = dict[str, Any]  # what is stored of one revision
MERGES = ("upgrade", "rollback")
THREE_SIDES = "--server-side=false"
# What Helm 4 logs to stderr beside the error itself.
LOG = re.compile(r"^level=(DEBUG|INFO|WARN|ERROR) msg=.*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Revision:
    """One line of a release's history."""

    number: int
    status: str  # deployed, superseded, failed, pending-install, pending-upgrade, …
    chart: str
    description: str
    updated: str


def served(history: list[Revision]) -> list[int]:
    """Return the revisions that served; not what a rollback left, which did not last."""
    good = [one for one in history if one.status in ("deployed", "superseded")]
    pairs = [(before.number, rolled_back_to(one)) for before, one in pairwise(good)]
    left = [number for number, goal in pairs if goal not in (0, number)]
    return [one.number for one in good if one.number not in left]


def rolled_back_to(revision: Revision) -> int:
    """Return the revision that a rollback copied into this one, else 0."""
    back = re.fullmatch(r"Rollback to (\d+)", revision.description)
    return int(back[1]) if back else 0


@dataclass(frozen=True)
class Helm:
    """Helm against one context and namespace."""

    context: str
    namespace: str

    @classmethod
    def of(cls, environment: Environment) -> Helm:
        """Return helm where an environment lives."""
        return cls(environment.context, environment.namespace)

    @property
    def where(self) -> tuple[str, ...]:
        """The arguments that lead there."""
        context = ("--kube-context", self.context) if self.context else ()
        return (*context, "--namespace", self.namespace)

    def run(self, *arguments: str, timeout: float | None = 60) -> Result:
        """Run any helm command here; the caller judges the exit code."""
        words = list(arguments)
        if words[0] in MERGES or not HELM_4.keys().isdisjoint(words):
            words = in_words_of(_version(runner.find("helm")), words)
        done = runner.run("helm", *words, *self.where, timeout=timeout)
        return replace(done, err=LOG.sub("", done.err) or done.err)

    def upgrade(
        self,
        release: str,
        chart: Path,
        values: Sequence[Path],
        *,
        arguments: Sequence[str] = (),
        timeout: float | None = None,
    ) -> Result:
        """Install or upgrade; the caller judges the result and adds --wait, --atomic, …."""
        require_supported()
        words = ("upgrade", release, str(chart), "--install", *value_arguments(values))
        return self.run(*words, *arguments, timeout=timeout)


def template(environment: Environment, *more: str) -> Result:
    """Render the chart for an environment; no cluster is asked."""
    files = value_arguments(environment.files)
    words = (environment.name, str(environment.project.chart), *files, *more)
    return Helm("", environment.namespace).run("template", *words)


def value_arguments(values: Sequence[Path]) -> list[str]:
    """Return the arguments that name the values files."""
    return [word for file in values for word in ("-f", str(file))]


def in_words_of(version: str, arguments: Sequence[str]) -> list[str]:
    """Return Helm 3's arguments as the Helm takes them that printed this `version --short`."""
    words = list(arguments)
    if _major(version) != 4:
        return words
    words = [HELM_4.get(word, word) for word in words]
    return [*words, THREE_SIDES] if words[0] in MERGES else words


def require_supported() -> None:
    """Refuse a Helm of which nobody knows how it merges."""
    if wrong := unsupported(_version(runner.find("helm"))):
        raise Failure(wrong, refused=True)


def unsupported(version: str) -> Problem | None:
    """Judge what `helm version --short` printed; what cannot be read is let through."""
    if _major(version) <= 4:
        return None
    cause = f"it is {version.partition('+')[0]}, and `plan` and `up` know how Helm 3 and 4 merge"
    return problem("helm-unsupported", "helm", cause)


def _major(version: str) -> int:
    """Return the generation; 0 where it cannot be read."""
    match = re.match(r"v(\d+)\.", version)
    return int(match[1]) if match else 0


@cache
def _version(path: str) -> str:
    """Return the version of the program at `path`; asked once."""
    return runner.run("helm", "version", "--short", timeout=20).out.strip()


def records(kubectl: Kubectl, release: str) -> dict[int, Record]:
    """Return every revision that Helm holds, by its number."""
    label = f"owner=helm,name={release}"
    records: dict[int, Record] = {}
    for secret in kubectl.list("secrets", label):
        record = _unpacked(secret, kubectl)
        records[int(record["version"])] = record
    return records


def _unpacked(secret: Json, kubectl: Kubectl) -> Record:
    """Return what a Secret of Helm holds; raise where it is no record, for Helm too."""
    name = secret["metadata"]["name"]
    try:
        packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
        record: Record = json.loads(gzip.decompress(packed))
        int(record["version"])
    except (ValueError, KeyError, TypeError, EOFError, OSError, zlib.error) as wrong:
        cause = f"it holds no record of a release ({type(wrong).__name__}: {wrong})"
        where = f"Secret {name}"
        broken = problem("release-record-broken", where, cause, kubectl=kubectl.typed, what=name)
        raise Failure(broken, refused=True) from None
    return record


def manifest_of(record: Record) -> str:
    """Return the manifest and the hooks of a revision."""
    hooks = (hook["manifest"] for hook in record.get("hooks") or [])
    return "\n---\n".join([record["manifest"], *hooks])


def revision_of(record: Record) -> Revision:
    """Return the line that `helm history` has for a revision."""
    info, chart = record["info"], (record.get("chart") or {}).get("metadata") or {}
    return Revision(
        number=int(record["version"]),
        status=info["status"],
        chart=f"{chart.get('name')}-{chart.get('version')}",
        description=info.get("description") or "",
        updated=info.get("last_deployed") or "",
    )


def write_chart(record: Record, folder: Path) -> Path:
    """Write the chart of a revision as files, as it was deployed."""
    chart = record["chart"]
    folder.mkdir(parents=True, exist_ok=True)
    # JSON is YAML: no writer of YAML can change what was stored.
    (folder / "Chart.yaml").write_text(json.dumps(chart["metadata"], indent=2))
    (folder / "values.yaml").write_text(json.dumps(chart.get("values") or {}, indent=2))
    if chart.get("schema"):
        (folder / "values.schema.json").write_bytes(base64.b64decode(chart["schema"]))
    for entry in [*(chart.get("templates") or []), *(chart.get("files") or [])]:
        file = folder / entry["name"]
        if not file.resolve().is_relative_to(folder.resolve()):
            continue  # a chart's own names never lead out of it
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(entry["data"]))
    return folder
