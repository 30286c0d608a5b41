"""Make a new environment as a copy of another's shape: values file and Terraform root."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.project import Project
from morrow.tool.environment.edit import edited
from morrow.tool.environment.load import read

NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?$")
STATE = shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfplan", "crash.log", "override.tf")


def make(project: Project, name: str, source: str) -> list[str]:
    """Write the files; return their paths as people type them."""
    old = read(project, source)
    require_name(name, source)
    target, root = project.environments / f"{name}.yaml", project.terraform / name
    draft, draft_root = target.with_name(f".{name}.part"), root.with_name(f".{name}.part")
    # Cut off between the two last steps: the root is in its place, the values file is not.
    half = root.is_dir() and draft.is_file() and not draft_root.exists() and not target.exists()
    for taken in (target, root):
        if taken.exists() and not half:
            shown = old.shown(taken)
            raise Failure(problem("environment-exists", name, f"{shown} exists", file=shown))
    text = renamed_values(old.file.read_text(), source, name)
    if old.kind == "kubernetes":
        text = edited(text, "target", "namespace", own_namespace(old.namespace, source, name))
    # Made beside their places and moved there at the end: what is cut off is no environment.
    draft.write_text(text)
    shutil.rmtree(draft_root, ignore_errors=True)
    made = [old.shown(target)]
    old_root = project.terraform / source
    if old_root.is_dir() and not half:
        shutil.copytree(old_root, draft_root, ignore=STATE)
        for file in filter(Path.is_file, draft_root.rglob("*")):
            file.write_text(renamed_terraform(file.read_text(), source, name))
        draft_root.rename(root)
    draft.rename(target)
    return made + [old.shown(file) for file in sorted(filter(Path.is_file, root.rglob("*")))]


def require_name(name: str, source: str) -> None:
    """Refuse a name that an environment cannot have."""
    if not NAME.match(name) or name == "base":
        proper = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:32].rstrip("-")
        proper = "qa" if proper in ("", "base") else proper
        cause = "a name has lower-case letters, digits and dashes, begins with a letter, has at"
        cause += " most 32, and is not base"
        raise Failure(problem("environment-unnamable", name, cause, name=proper, source=source))


def own_namespace(namespace: str, source: str, name: str) -> str:
    """Return a namespace of its own: in the other's, both would be the same release."""
    renamed = re.sub(rf"\b{re.escape(source)}\b", name, namespace)
    return renamed if renamed != namespace else f"{namespace}-{name}"


def renamed_values(text: str, source: str, name: str) -> str:
    """Say the new name under `environment` and in the context; the head's comment was the old's."""
    text = re.sub(r"\A(\s*#.*\n|\s*\n)+", "", text)
    text = re.sub(
        rf"(?m)^(environment:\s*)['\"]?{re.escape(source)}['\"]?\s*$", rf"\g<1>{name}", text
    )
    if not re.search(r"(?m)^environment:", text):
        text = f"environment: {name}\n{text}"
    word = re.compile(rf"\b{re.escape(source)}\b")
    places = re.compile(r"(?m)((?:^\s+|[{,]\s*)context:[ ]*)([^\s,}]+)")
    text = places.sub(lambda found: found[1] + word.sub(name, found[2]), text)
    return f"# Made from {source}: say here what it is for.\n{text}"


def renamed_terraform(text: str, source: str, name: str) -> str:
    """Replace the old name where it stands as a word inside quotes."""
    word = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(source)}(?![A-Za-z0-9_-])")
    return re.sub(r'"[^"\n]*"', lambda quoted: word.sub(name, quoted[0]), text)
