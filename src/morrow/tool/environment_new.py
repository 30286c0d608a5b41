"""Make a new environment as a copy of another's shape: values file and Terraform root."""

from __future__ import annotations

import re
import shutil

from morrow.tool.environment import Environment
from morrow.tool.errors import Failure, problem
from morrow.tool.project import Project

NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?$")
STATE = shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfplan", "crash.log", "override.tf")


def make(project: Project, name: str, source: str) -> list[str]:
    """Write the files; return their paths as people type them."""
    old = Environment.examine(project, source)[0]
    target = project.environments / f"{name}.yaml"
    if not NAME.match(name) or name == "base":
        cause = f"{name!r} is no name: lower-case letters, digits and dashes, at most 32"
        raise Failure(problem("environment-value", name, cause, file=str(target), hint="rename it"))
    root = project.terraform / name
    for taken in (target, root):
        if taken.exists():
            shown = old.shown(taken)
            raise Failure(problem("environment-exists", name, f"{shown} exists", file=shown))
    made = [old.shown(target)]
    old_root = project.terraform / source
    if old_root.is_dir():
        shutil.copytree(old_root, root, ignore=STATE)
        for file in sorted(root.rglob("*")):
            if file.is_file():
                file.write_text(renamed_terraform(file.read_text(), source, name))
                made.append(old.shown(file))
    # The values file comes last: what is half made is no environment yet.
    text = renamed_values(old.file.read_text(), source, name)
    target.write_text(text)
    return made


def same_release(project: Project, name: str, source: str) -> bool:
    """Tell whether both environments would change the same objects of one cluster."""
    pair = [Environment.examine(project, label)[0] for label in (name, source)]
    new, old = ((e.kind, e.context, e.namespace, e.name) for e in pair)
    return new == old and new[0] == "kubernetes"


def renamed_values(text: str, source: str, name: str) -> str:
    """Say the new name under `environment`, and in what was named after the old one."""
    text = re.sub(
        rf"(?m)^(environment:\s*)['\"]?{re.escape(source)}['\"]?\s*$", rf"\g<1>{name}", text
    )
    if not re.search(r"(?m)^environment:", text):
        text = f"environment: {name}\n{text}"
    word = re.compile(rf"\b{re.escape(source)}\b")
    places = re.compile(r"(?m)((?:^\s+|[{,]\s*)(?:context|namespace):[ ]*)([^\s,}]+)")
    return places.sub(lambda found: found[1] + word.sub(name, found[2]), text)


def renamed_terraform(text: str, source: str, name: str) -> str:
    """Replace the old name where it stands as a word inside quotes."""
    word = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(source)}(?![A-Za-z0-9_-])")
    return re.sub(r'"[^"\n]*"', lambda quoted: word.sub(name, quoted[0]), text)
