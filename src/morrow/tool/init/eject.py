"""`morrow eject`: a copy of what the package ships, for the project to own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from morrow import __version__
from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.project import Project, shipped
from morrow.tool.environment.load import read
from morrow.tool.rules.copies import module_of

CHART, MODULE = "chart", "terraform/modules/service"
ROOT = "terraform/environments/dev"
GIVEN_UP = (
    "it is yours now: a newer Morrow does not change it. `morrow doctor` says when its version"
    " is another than the package's; delete the folder to take the package's own again"
)


def eject(project: Project, what: str, *, force: bool = False, roots: bool = False) -> list[str]:
    """Write the copies; with `roots` what is missing, and a root for each cluster's environment."""
    if what == "chart":
        return [_copy(project, project.root / "chart", shipped(CHART), force=force)]
    module = module_of(project)
    made = []
    if not (roots and module.exists()):
        made.append(_copy(project, module, shipped(MODULE), force=force))
    # The module reads the chart's files, three folders above its own.
    wanted = [(module.parents[2] / "chart", CHART)]
    for name in project.environment_names() if roots else ():
        if read(project, name).in_cluster:
            wanted.append((project.terraform / name, ROOT))
    return made + [
        _copy(project, target, shipped(part), force=False)
        for target, part in wanted
        if not target.exists()
    ]


def _copy(project: Project, target: Path, source: Path, *, force: bool) -> str:
    shown = str(target.relative_to(project.root)) if target.is_relative_to(project.root) else target
    if target.resolve() == source.resolve():
        cause = "this is the checkout that the package is made of"
        raise Failure(problem("copy-exists", str(shown), cause))
    if target.exists() and not force:
        raise Failure(problem("copy-exists", str(shown), "it is there already"))
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    leave = shutil.ignore_patterns("tests", "examples", "ci", ".terraform*")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(source, draft, ignore=leave)
    if source.name == module_of(project).name:
        (draft / "VERSION").write_text(f"{__version__}\n")
    if target.exists():  # --force: what was there is in Git, or was not meant to be kept
        shutil.rmtree(target)
    draft.rename(target)
    return str(shown)
