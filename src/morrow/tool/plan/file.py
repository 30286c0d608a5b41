"""A plan as a file that binds: chart, values, and what the plan was computed from.

How others use it: `bound = open_plan(project, "prod", file)`; then, holding the lock,
`bound.require()` raises what has changed since the plan was computed; else apply
`bound.environment`: its chart and values files are the file's own copies
(`bound.environment.project.chart`, `bound.environment.files`). With delivery: terraform,
`bound.terraform_plan` is Terraform's saved plan.

The file is a tar archive: plan.json, chart/, environments/, terraform.tfplan.
"""

from __future__ import annotations

import atexit
import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.files import draft_of
from morrow.tool.base.outcome import Json
from morrow.tool.base.project import Project
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of
from morrow.tool.environment.model import Environment
from morrow.tool.plan.diff import differences, shown
from morrow.tool.plan.inputs import (
    comparable,
    namespace_identity,
    objects,
    read_live,
    secret_identity,
    stored,
)
from morrow.tool.plan.model import Plan
from morrow.tool.plan.objects import Key, by_key
from morrow.tool.plan.show import as_json
from morrow.tool.rules.open import VALID, open_site

FORMAT = 1


@dataclass(frozen=True)
class Bound:
    """An opened plan: apply exactly this, while it holds."""

    site: Site
    terraform_plan: Path | None
    file: Path
    project: Project  # the one in the working tree
    record: dict[str, Any]  # what the plan was computed from

    @property
    def environment(self) -> Environment:
        """What the plan was made for."""
        return self.site.environment

    def require(self, *, namespace_made: bool = False) -> None:
        """Raise everything that has changed since it was computed.

        `namespace_made`: by this very command, for a plan made before there was one.
        """
        changed = _changed(self, namespace_made)
        if changed:
            several, file, label = len(changed) > 1, str(self.file), self.environment.label
            cause = f"{len(changed)} things changed since" if several else changed[0]
            details = tuple(changed) if several else ()
            stale = problem(
                "plan-stale", file, cause, details=details, environment=label, file=file
            )
            raise Failure(stale, refused=not namespace_made)


def write(plan: Plan, file: Path) -> None:
    """Write the plan; it holds no secret's value."""
    environment = plan.environment
    members = sources(environment)
    if plan.terraform is not None:
        members["terraform.tfplan"] = plan.terraform.file.read_bytes()
    record = {
        "format": FORMAT,
        "environment": environment.label,
        "context": environment.context,
        "namespace": environment.namespace,
        "cluster": plan.cluster,
        "revision": plan.revision,
        "status": plan.status,
        "manifest": plan.manifest,
        "secret": plan.secret,
        "watched": list(plan.watched),
        "live": list(plan.live.values()),
        "sums": {name: _sum(content) for name, content in members.items()},
        "plan": as_json(plan),
    }
    members = {"plan.json": json.dumps(record, indent=1).encode(), **members}
    with draft_of(file) as draft, tarfile.open(draft, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def sources(environment: Environment) -> dict[str, bytes]:
    """Return the chart's files and the values files, by their name in the archive."""
    chart = environment.project.chart
    files = {f"chart/{file.relative_to(chart)}": file for file in sorted(chart.rglob("*"))}
    files |= {f"environments/{file.name}": file for file in environment.files}
    return {name: file.read_bytes() for name, file in files.items() if file.is_file()}


def open_plan(project: Project, label: str, file: Path, context: str | None = None) -> Bound:
    """Open a plan's file; raise what is wrong with the file itself."""
    folder, record = _open(file, label)
    copied = replace(project, chart=folder / "chart", environments=folder / "environments")
    site = open_site(label, context or record["context"], VALID, copied)
    saved = folder / "terraform.tfplan"
    return Bound(site, saved if saved.is_file() else None, file, project, record)


def _open(file: Path, label: str) -> tuple[Path, dict[str, Any]]:
    def unreadable(cause: str) -> Failure:
        return Failure(
            problem("plan-unreadable", str(file), cause, environment=label, file=str(file))
        )

    folder = Path(tempfile.mkdtemp(prefix="morrow-plan-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        with tarfile.open(file, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        record = json.loads((folder / "plan.json").read_text())
    except (OSError, tarfile.TarError, EOFError, ValueError) as wrong:
        raise unreadable(str(wrong) or type(wrong).__name__) from None
    if record.get("format") != FORMAT:
        raise unreadable(f"its format is {record.get('format')}, this tool reads {FORMAT}")
    if record["environment"] != label:
        raise unreadable(f"it was made for the environment {record['environment']}")
    for name, expected in record["sums"].items():
        member = folder / name
        if not member.is_file() or _sum(member.read_bytes()) != expected:
            raise unreadable(f"{name} inside is damaged")
    return folder, record


def _changed(bound: Bound, namespace_made: bool) -> list[str]:
    """Name everything that is not as it was when the plan was computed."""
    environment, record = bound.environment, bound.record
    site = Site(environment)  # facts read before the lock was held may be outdated
    kubectl = site.kubectl
    at = "" if namespace_made else namespace_identity(site)
    if environment.namespace != record["namespace"] or at != record["cluster"]:
        return [f"the namespace {environment.namespace} of {environment.context} is another one"]
    changed = []
    now = stored(site)
    if now.revision != record["revision"]:
        was = f"release {record['revision']}" if record["revision"] else "no release"
        changed.append(f"the plan was made over {was}; now {now.revision or 'none'} is deployed")
    elif now.status != record["status"]:
        changed.append(f"the release's last revision is {now.status}; it was {record['status']}")
    manifest, hooks = delivery_of(environment).render(site)
    if manifest != record["manifest"]:
        changed.append("the chart renders differently: the cluster's version or kinds changed")
    changed += _secret_changes(record["secret"], site)
    new = objects(environment, manifest, hooks)
    live = read_live(kubectl, record["watched"])
    after = {key: comparable(item, new.get(key)) for key, item in live.items()}
    changed += _live_changes(by_key(record["live"], environment.namespace), after)
    if delivery_of(environment).reads_again:
        # Terraform's saved plan reads chart and values again, and Git takes the files themselves.
        working = open_site(environment.label, environment.context, VALID, bound.project)
        for name, content in sources(working.environment).items():
            if record["sums"].get(name) != _sum(content):
                changed.append(f"{name} changed, and is read again where it stands")
    return changed


def _secret_changes(was: str, site: Site) -> list[str]:
    """Name what happened to the Secret; not what it holds."""
    secrets = site.environment.secrets
    name, now = secrets.object_name, secret_identity(site.secret) if secrets.keys else was
    if now == was:
        return []
    return [f"the Secret {name} was {'changed' if now and was else 'made' if now else 'removed'}"]


def _live_changes(was: dict[Key, Json], now: dict[Key, Json]) -> list[str]:
    changed = []
    for key in sorted({*was, *now}):
        if key not in now:
            changed.append(f"{key} was removed")
        elif key not in was:
            changed.append(f"{key} was made")
        else:
            for one in differences(was[key], now[key]):
                values = f"{shown(one.before)} -> {shown(one.after)}"
                changed.append(f"{key}: {one.field}: {values}")
    return changed


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
