"""Make a new environment as a copy of another's shape: values file and Terraform root."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.project import NAME, Project
from morrow.tool.base.terminal import typed
from morrow.tool.base.words import near
from morrow.tool.environment.edit import edited
from morrow.tool.environment.load import missing, read

STATE = shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfplan", "crash.log", "override.tf")


def make(project: Project, name: str, source: str) -> list[str]:
    """Write the files; return their paths as people type them."""
    require_name(name, f"--from {source}")
    names = project.environment_names()
    if source not in names and name not in names:
        other = near(source, names) or next(iter(names), "")
        raise missing(project, source, f"{typed()} env new {name} --from {other}" if other else "")
    old = read(project, source if source in names else name)
    target, root = project.environments / f"{name}.yaml", project.terraform / name
    draft, draft_root = target.with_name(f".{name}.part"), root.with_name(f".{name}.part")
    # An earlier run was killed between the last two steps: the root is there, the file is not.
    half = root.is_dir() and draft.is_file() and not draft_root.exists() and not target.exists()
    for taken in (target, root):
        if taken.exists() and not half:
            shown = old.shown(taken)
            raise Failure(problem("environment-exists", name, f"{shown} exists", file=shown))
    text = renamed_values(old.file.read_text(), source, name)
    if old.in_cluster:
        text = edited(text, "target", "namespace", own_namespace(old.namespace, source, name))
    # Both are written as drafts and moved at the end, so a killed run leaves no environment.
    draft.write_text(text)
    shutil.rmtree(draft_root, ignore_errors=True)
    old_root = project.terraform / source
    if old_root.is_dir() and not half:
        shutil.copytree(old_root, draft_root, ignore=STATE)
        for file in filter(Path.is_file, draft_root.rglob("*")):
            file.write_text(renamed_terraform(file.read_text(), source, name))
        draft_root.rename(root)
    draft.rename(target)
    return [old.shown(file) for file in (target, *sorted(filter(Path.is_file, root.rglob("*"))))]


def require_name(name: str, how: str) -> None:
    """Refuse a name that an environment cannot have; `how` it is to be made."""
    if (proper := proper_name(name)) != name:
        cause = "a name has lower-case letters, digits and dashes, begins with a letter, has at"
        cause += " most 32, and is not base"
        raise Failure(problem("environment-unnamable", name, cause, name=proper, how=how))


def proper_name(name: str) -> str:
    """Return the name, or one like it that an environment can have."""
    if NAME.match(name) and name != "base":
        return name
    proper = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:32].rstrip("-")
    return "qa" if proper in ("", "base") else proper


def own_namespace(namespace: str, source: str, name: str) -> str:
    """Return a new namespace: in the other's, both would be the same release."""
    renamed = re.sub(rf"\b{re.escape(source)}\b", name, namespace)
    return renamed if renamed != namespace else f"{namespace}-{name}"


def renamed_values(text: str, source: str, name: str) -> str:
    """Put in the new name, without the comment at the head, which is about the old one."""
    text = re.sub(r"\A(\s*#.*\n|\s*\n)+", "", text)
    text = re.sub(
        rf"(?m)^(environment:\s*)['\"]?{re.escape(source)}['\"]?\s*$", rf"\g<1>{name}", text
    )
    if not re.search(r"(?m)^environment:", text):
        text = f"environment: {name}\n{text}"
    word = re.compile(rf"\b{re.escape(source)}\b")
    places = re.compile(r"(?m)((?:^\s+|[{,]\s*)context:[ ]*)([^\s,}]+)")
    text = places.sub(lambda match: match[1] + word.sub(name, match[2]), text)
    # The old one's API server: a protected environment asks for its own before it is changed.
    server = re.compile(r"(?m)^\s+server:.*\n?|(?<=\{)\s*server:[^,}]*,?|,\s*server:[^,}]*")
    target = re.compile(r"(?m)^target:.*\n?([ \t]+.*\n?|\n)*")
    text = target.sub(lambda match: server.sub("", match[0]), text)
    return f"# Made from {source}: say here what it is for.\n{text}"


def renamed_terraform(text: str, source: str, name: str) -> str:
    """Replace the old name where it stands as a word inside quotes."""
    word = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(source)}(?![A-Za-z0-9_-])")
    return re.sub(r'"[^"\n]*"', lambda quoted: word.sub(name, quoted[0]), text)
