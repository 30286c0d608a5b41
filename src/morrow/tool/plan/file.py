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
    render,
    secret_identity,
    stored,
)
from morrow.tool.plan.model import Plan
from morrow.tool.plan.objects import Key, Object, by_key
from morrow.tool.plan.show import as_json
from morrow.tool.rules.open import VALID, open_site

FORMAT = 1


@dataclass(frozen=True)
class Bound:
    """An opened plan: apply exactly this, while it holds."""

    site: Site
    terraform_plan: Path | None
    file: Path
    project: Project  # the working one
    told: dict[str, Any]  # what the plan was computed from

    @property
    def environment(self) -> Environment:
        """What the plan was made for."""
        return self.site.environment

    def require(self, *, namespace_made: bool = False) -> None:
        """Raise every way in which it does not hold any more.

        `namespace_made`: by this very command, for a plan made before there was one.
        """
        changed = _changed(self, namespace_made)
        if changed:
            raise Failure(
                problem(
                    "plan-stale",
                    str(self.file),
                    changed[0] if len(changed) == 1 else f"{len(changed)} things changed since",
                    details=tuple(changed) if len(changed) > 1 else (),
                    environment=self.environment.label,
                    file=str(self.file),
                ),
                refused=not namespace_made,
            )


def write(plan: Plan, file: Path) -> None:
    """Write the plan; it holds no secret's value."""
    environment = plan.environment
    members = sources(environment)
    if plan.terraform is not None:
        members["terraform.tfplan"] = plan.terraform.file.read_bytes()
    told = {
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
    members = {"plan.json": json.dumps(told, indent=1).encode(), **members}
    partial = file.with_name(file.name + ".part")
    with tarfile.open(partial, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    partial.replace(file)


def sources(environment: Environment) -> dict[str, bytes]:
    """Return the chart's files and the values files, by their name in the archive."""
    chart = environment.project.chart
    found = {
        f"chart/{file.relative_to(chart)}": file.read_bytes()
        for file in sorted(chart.rglob("*"))
        if file.is_file()
    }
    return found | {f"environments/{file.name}": file.read_bytes() for file in environment.files}


def open_plan(project: Project, label: str, file: Path, context: str | None = None) -> Bound:
    """Open a plan's file; raise what is wrong with the file itself."""
    folder, told = _open(file, label)
    copied = replace(project, chart=folder / "chart", environments=folder / "environments")
    site = open_site(label, context or told["context"], VALID, copied)
    saved = folder / "terraform.tfplan"
    return Bound(site, saved if saved.is_file() else None, file, project, told)


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
        told = json.loads((folder / "plan.json").read_text())
    except (OSError, tarfile.TarError, EOFError, ValueError) as wrong:
        raise unreadable(str(wrong) or type(wrong).__name__) from None
    if told.get("format") != FORMAT:
        raise unreadable(f"its format is {told.get('format')}, this tool reads {FORMAT}")
    if told["environment"] != label:
        raise unreadable(f"it was made for the environment {told['environment']}")
    for name, wanted in told["sums"].items():
        member = folder / name
        if not member.is_file() or _sum(member.read_bytes()) != wanted:
            raise unreadable(f"{name} inside is damaged")
    return folder, told


def _changed(bound: Bound, namespace_made: bool) -> list[str]:
    """Name everything that is not as it was when the plan was computed."""
    environment, told = bound.environment, bound.told
    site = Site(environment)  # what was known before the lock was held may not be so any more
    kubectl = site.kubectl
    at = "" if namespace_made else namespace_identity(site)
    if environment.namespace != told["namespace"] or at != told["cluster"]:
        return [f"the namespace {environment.namespace} of {environment.context} is another one"]
    changed = []
    now = stored(site)
    if now.revision != told["revision"]:
        was = f"release {told['revision']}" if told["revision"] else "no release"
        changed.append(f"the plan was made over {was}; now {now.revision or 'none'} is deployed")
    elif now.status != told["status"]:
        changed.append(f"the release's last revision is {now.status}; it was {told['status']}")
    manifest, hooks = render(site)
    if manifest != told["manifest"]:
        changed.append("the chart renders differently: the cluster's version or kinds changed")
    changed += _secret_changes(told["secret"], site)
    new = objects(environment, manifest, hooks)
    live = read_live(kubectl, told["watched"])
    after = {key: comparable(item, new.get(key)) for key, item in live.items()}
    changed += _live_changes(by_key(told["live"], environment.namespace), after)
    if delivery_of(environment).reads_again:
        # Terraform's saved plan reads chart and values again when it is applied.
        working = open_site(environment.label, environment.context, VALID, bound.project)
        for name, content in sources(working.environment).items():
            if told["sums"].get(name) != _sum(content):
                changed.append(f"{name} changed; Terraform's plan reads it where it stands")
    return changed


def _secret_changes(was: str, site: Site) -> list[str]:
    """Name what happened to the Secret; not what it holds."""
    secrets = site.environment.secrets
    name, now = secrets.object_name, secret_identity(site.secret) if secrets.keys else was
    if now == was:
        return []
    return [f"the Secret {name} was {'changed' if now and was else 'made' if now else 'removed'}"]


def _live_changes(was: dict[Key, Object], now: dict[Key, Object]) -> list[str]:
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
