"""Make what an environment on AWS needs: its file, and roots as copies of another's."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.project import Project
from morrow.tool.environment.new import STATE, renamed_terraform, require_name
from morrow.tool.environment.yaml import read as read_file
from morrow.tool.platform.roots import Platform, names, places

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
    source = source or next((one for one in ("dev", *names(project))), "dev")
    require_name(name, source)
    if name != source:
        Platform.find(project, source)  # a copy needs an original
    file = project.environments / f"{name}.yaml"
    wanted = [folder / name for folder in (*places(project), project.terraform)]
    made: list[Path] = []
    if not file.exists():
        delivery = "terraform" if (project.terraform / source).is_dir() else "helm"
        text = FILE.format(name=name, namespace=_service(project) or name, delivery=delivery)
        made.append(_whole(file, text))
    for root in wanted:
        if not root.exists() and (root.parent / source / "main.tf").is_file():
            made += _copied(root.parent / source, root, source, name)
    if not made:
        shown = Platform(project, name).shown(file)
        cause = f"{shown} and its roots exist"
        raise Failure(problem("environment-exists", name, cause, file=shown))
    shown_by = Platform(project, name)
    return [shown_by.shown(one) for one in made]


def _service(project: Project) -> str:
    base = project.environments / "base.yaml"
    values: dict[str, Any] = read_file(base).values if base.is_file() else {}
    return str(values.get("name") or "")


def _whole(file: Path, text: str) -> Path:
    draft = file.with_name(f".{file.name}.part")
    draft.write_text(text)
    draft.rename(file)
    return file


def _copied(old: Path, new: Path, source: str, name: str) -> list[Path]:
    """Copy a root beside its place, say the new name in it, and move it there."""
    draft = new.with_name(f".{name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(old, draft, ignore=STATE)
    for file in filter(Path.is_file, draft.rglob("*")):
        file.write_text(renamed(file.read_text(), source, name))
    draft.rename(new)
    return sorted(filter(Path.is_file, new.rglob("*")))


def renamed(text: str, source: str, name: str) -> str:
    """Say the new name where the old one stands inside quotes, and in commands of comments."""
    word = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(source)}(?![A-Za-z0-9_-])")
    text = renamed_terraform(text, source, name)
    return re.sub(r"`morrow [^`\n]*`", lambda line: word.sub(name, line[0]), text)
