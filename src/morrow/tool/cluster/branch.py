"""What Git holds of an environment: the branch that a controller follows, and its releases.

How others use it: `branch = branch_of(environment)`; `releases(environment, kubectl)` has the form
of Helm's storage, so who reads a release's history need not know where it is remembered. A release
is a commit that changed the environment's values files or the chart beside them.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.project import Project
from morrow.tool.base.terminal import terminal
from morrow.tool.environment.load import read
from morrow.tool.environment.model import Environment
from morrow.tool.programs.git import Commit, Git
from morrow.tool.programs.helm import Record, template
from morrow.tool.programs.kubectl import Kubectl

KEPT = 10  # releases that are looked back at


@dataclass(frozen=True)
class Branch:
    """A branch as a remote has it, and which of its files are an environment's."""

    git: Git
    remote: str
    name: str
    project: Project  # the one in the work tree
    label: str
    files: tuple[str, ...]  # where its values files are or may be, from the repository's root
    chart: str  # where the chart is; "" where it is not in this repository

    @property
    def reference(self) -> str:
        """What the remote had when it was last asked."""
        return f"refs/remotes/{self.remote}/{self.name}"

    @property
    def paths(self) -> tuple[str, ...]:
        """Everything that a release is rendered from."""
        return (*self.files, *filter(None, (self.chart,)))


def branch_of(environment: Environment) -> Branch:
    """Return the branch that the environment's controller follows."""
    # A plan's own copies are in no repository: the project's files are.
    project = Project.find(environment.project.root)
    git, file = Git(project.root), environment.shown(environment.file)
    done = git.run("rev-parse", "--show-toplevel")
    if done.code:
        raise Failure(
            problem("gitops-no-repository", str(project.root), done.last_error, file=file)
        )
    git = Git(Path(done.out.strip()).resolve())
    if not project.environments.is_relative_to(git.root):
        cause = f"{project.environments} is not in it"
        raise Failure(problem("gitops-no-repository", str(git.root), cause, file=file))
    folder = project.environments.relative_to(git.root)
    stem = environment.label
    names = ["base.yaml", f"{stem}.platform.yaml", f"{stem}.yaml"]
    if environment.secrets.provider == "sops":  # what is not encrypted was refused before
        names.append(f"{stem}.secrets.yaml")
    inside = project.chart.is_relative_to(git.root)
    return Branch(
        git=git,
        remote=_remote(git, environment.branch),
        name=environment.branch,
        project=project,
        label=stem,
        files=tuple(str(folder / name) for name in names),
        chart=str(project.chart.relative_to(git.root)) if inside else "",
    )


def _remote(git: Git, branch: str) -> str:
    named = git.run("config", f"branch.{branch}.remote").out.strip()
    remotes = git.check("remote").split()
    for name in (named, "origin", *(remotes if len(remotes) == 1 else ())):
        if name in remotes:
            return str(name)
    cause = f"it has {len(remotes)} remotes, and none is origin" if remotes else "it has no remote"
    raise Failure(problem("gitops-no-remote", str(git.root), cause, branch=branch))


class Release(dict[str, Any]):
    """A release as Helm would store it: read and rendered when somebody first asks for it."""

    def __init__(self, branch: Branch, commit: Commit, number: int, status: str) -> None:
        info = {
            "status": status,
            "last_deployed": commit.time,
            "description": f"{commit.short} {commit.subject}",
        }
        super().__init__(version=number, info=info, commit=commit.sha)
        self._branch = branch

    def __missing__(self, key: str) -> Any:  # noqa: ANN401 - what a release holds
        if key not in ("config", "manifest"):
            raise KeyError(key)
        environment = _as_of(self._branch, self["commit"])
        self["config"] = environment.given
        done = template(environment, "--no-hooks")
        # What cannot be rendered was never applied either: it holds nothing.
        self["manifest"] = "" if done.code else done.out
        return self[key]

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - as a dict's
        """Return what it holds, read now where it was not yet."""
        try:
            return self[key]
        except KeyError:
            return default


def _as_of(branch: Branch, commit: str) -> Environment:
    """Read the environment as a commit has it."""
    folder = Path(tempfile.mkdtemp(prefix="morrow-commit-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    branch.git.extract(commit, branch.git.held(commit, branch.paths), folder)
    project, root = branch.project, branch.git.root
    environments = folder / project.environments.relative_to(root)
    chart = folder / branch.chart if branch.chart else project.chart
    return read(replace(project, environments=environments, chart=chart), branch.label)


def releases(environment: Environment, kubectl: Kubectl) -> dict[int, Record]:
    """Return the newest releases that Git holds; none where nothing runs yet."""
    if kubectl.get("deployment", environment.name) is None:
        return {}
    branch = branch_of(environment)
    done = branch.git.fetch(branch.remote, branch.name)
    if done.code:
        terminal.warn(f"{branch.remote} was not asked, so Git may hold more: {done.last_error}")
    elif branch.git.shallow:
        terminal.warn(
            "the clone is shallow, so earlier releases are not seen: git fetch --unshallow"
        )
    return held(branch)


def held(branch: Branch) -> dict[int, Record]:
    """Return the newest releases of a branch, by their number: how many commits made it so."""
    git, own = branch.git, branch.files[2]
    if not git.has(branch.reference):
        return {}
    commits = git.log(branch.reference, branch.paths, KEPT)
    newest = git.count(branch.reference, branch.paths)
    undone = {sha for commit in commits for sha in commit.takes_back}
    found: dict[int, Record] = {}
    for back, commit in enumerate(commits):
        if not git.held(commit.sha, [own]):
            break  # before the environment was made, or taken away
        status = "superseded" if back else "deployed"
        status = "failed" if commit.sha in undone else status
        found[newest - back] = Release(branch, commit, newest - back, status)
    return found
