"""Make what an environment on AWS needs: its file, and roots as copies of another's."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.files import draft_of
from morrow.tool.base.project import Project, shipped
from morrow.tool.base.terminal import typed
from morrow.tool.environment.new import renamed_terraform, require_name
from morrow.tool.platform.account import PLACEHOLDER
from morrow.tool.platform.handover import service_name
from morrow.tool.platform.roots import Platform, names, places

ON_AWS = "--on aws"
BOOTSTRAP = "bootstrap"  # the account's root, which is no environment's
YOURS = "account, region, zones, administrator, domain, repository"
BUCKET = "the bucket of your states, its region"
LEAVE = shutil.ignore_patterns(
    "tests", ".terraform", "*.tfstate*", "*.tfplan", "crash.log", "override.tf"
)
FILE = """\
# {name} on AWS. Its cluster, image, route and secrets come from {name}.platform.yaml, which
# `morrow platform write {name}` makes; say here only what differs.
environment: {name}
target:
  kind: kubernetes
  namespace: {namespace}
  delivery: {delivery}
"""


def make(project: Project, name: str, source: str | None) -> list[str]:
    """Make what is missing; return the files as people type them."""
    own = [one for one in names(project) if one != BOOTSTRAP]
    ships = shipped("terraform/platform")
    if source is None:
        there = own or [folder.name for folder in ships.iterdir()]
        preferred = ("dev", *own) if own else (name, "dev")
        source = next(one for one in preferred if one in there)
    require_name(name, ON_AWS)
    if BOOTSTRAP in (name, source):
        cause = "its root is the account's, and no environment's"
        raise Failure(problem("environment-unnamable", BOOTSTRAP, cause, name="live", how=ON_AWS))
    # The first platform of a project: everything is the package's, and its own from then on.
    first = not own and (ships / source / "main.tf").is_file()
    if name != source and not first:
        Platform.find(project, source)  # a copy needs an original
    shown = project.shown
    file = project.environments / f"{name}.yaml"
    made: list[Path] = []
    service = service_name(project, name)
    if not file.exists():
        delivery = "terraform" if (project.terraform / source).is_dir() else "helm"
        text = FILE.format(name=name, namespace=service or name, delivery=delivery)
        with draft_of(file) as draft:
            draft.write_text(text)
        made.append(file)
    if first:
        parts = [ships / BOOTSTRAP, *shipped("terraform/modules").iterdir()]
        for part in sorted(one for one in parts if one.name != "service"):
            place = places(project)[0].parent / part.parent.name / part.name
            if not place.exists():
                _copied(part, place, name, name, "")
                made.append(place)
    kinds = ("platform", "cluster", "")
    for place, kind in zip((*places(project), project.terraform), kinds, strict=True):
        old = shipped(f"terraform/{kind}") / source if first and kind else place / source
        if not (place / name).exists() and (old / "main.tf").is_file():
            made += _copied(old, place / name, source, name, service if first else "")
    if not made:
        cause = f"{shown(file)} and its roots exist"
        raise Failure(problem("environment-exists", name, cause, file=shown(file)))
    return [shown(one) for one in made]


def next_on_aws(project: Project, name: str) -> list[str]:
    """Say what only people know, then what to type."""
    platform = Platform(project, name)
    account = places(project)[0] / BOOTSTRAP / "terraform.tfvars"
    files = {
        platform.folder / "terraform.tfvars": YOURS,
        platform.cluster_folder / "terraform.tfvars": "the region",
        platform.folder / "backend.tf": BUCKET,
        platform.cluster_folder / "backend.tf": BUCKET,
        project.terraform / name / "main.tf": BUCKET,
        account: "that bucket, the account, the region",
    }
    # The account's root is there since the first platform, and then it is somebody's.
    edited = [
        f"edit {project.shown(file)}: {what}"
        for file, what in files.items()
        if file.is_file() and (what != BUCKET or 'backend "s3"' in file.read_text())
        if file != account or PLACEHOLDER in file.read_text()
    ]
    return [
        *edited,
        f"{typed()} platform up bootstrap  (once for an account: makes that bucket)",
        f"{typed()} platform plan {name}  (what it makes and costs)",
        f"{typed()} platform up {name}",
    ]


def _copied(old: Path, new: Path, source: str, name: str, service: str) -> list[Path]:
    """Copy a root beside its place, say the new names in it, and move it there."""
    draft = new.with_name(f".{new.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(old, draft, ignore=LEAVE)
    for file in filter(Path.is_file, draft.rglob("*")):
        text = renamed(file.read_text(), source, name)
        if service and file.suffix == ".tfvars":
            text = re.sub(r"\bhello\b", service, text)
        file.write_text(text)
    draft.rename(new)
    return sorted(filter(Path.is_file, new.rglob("*")))


def renamed(text: str, source: str, name: str) -> str:
    """Say the new name where the old one stands inside quotes, and in commands of comments."""
    word = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(source)}(?![A-Za-z0-9_-])")
    text = renamed_terraform(text, source, name)
    return re.sub(r"`morrow [^`\n]*`", lambda line: word.sub(name, line[0]), text)
