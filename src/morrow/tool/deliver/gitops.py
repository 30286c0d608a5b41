"""Delivery by a controller in the cluster that applies what a branch of Git holds.

`up` commits the environment's files and pushes them, or proposes them; then it waits until the
cluster carries what that commit renders. To go back is a commit too, so that no sync undoes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.branch import Branch, branch_of, held
from morrow.tool.cluster.objects import HOOK, annotations_of
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import Delivery
from morrow.tool.deliver.failed import PATIENCE, changed_already
from morrow.tool.deliver.push import proposed, pushed, require_ready
from morrow.tool.deliver.render import rendered, text_of
from morrow.tool.deliver.sync import controller_of, state_of, wait
from morrow.tool.deliver.take_back import choose, take_back
from morrow.tool.environment.load import read
from morrow.tool.environment.model import Environment
from morrow.tool.programs.git import TAKES_BACK
from morrow.tool.programs.helm import Record


class ByGit(Delivery):
    """A commit, and the controller that applies it."""

    programs = ("helm", "git")
    reads_again = True
    marks = False
    changes_files = True
    verbs = ("get", "list")

    def check(self, site: Site) -> None:
        """Refuse a work tree from which nothing can be sent, before a Secret is made."""
        require_ready(branch_of(site.environment))

    def render(self, site: Site) -> tuple[str, str]:
        """Return what the controller will render: it asks no cluster either."""
        made = rendered(site)
        stay, run = ([one for one in made if bool(one.hook) is hook] for hook in (False, True))
        return text_of(stay), text_of(run)

    def apply(self, site: Site, timeout: float | None, saved: Path | None) -> Problem | None:
        """Send the files and wait; take back what the controller cannot apply."""
        environment, branch = site.environment, branch_of(site.environment)
        _tell_shared(branch, branch.git.changed(branch.files))
        commit = _sent(branch, environment, _deploys(branch, environment))
        with changed_already():
            _tell_tasks(site, branch)
            told = wait(site, branch, commit, timeout or PATIENCE)
            site.forget_release()
            if told is not None and len(site.records) > 1:
                take_back(site, choose, timeout)
        return told

    def undo_install(self, site: Site) -> bool:
        """Leave it: there is nothing to go back to."""
        terminal.warn("the first release stays in Git: mend it, or revert its commit")
        return False

    def bring_back(self, site: Site, record: Record, timeout: float | None) -> Problem | None:
        """Make the files what they were in a commit, by a new one that says so."""
        environment, branch = site.environment, branch_of(site.environment)
        goal, git = str(record["commit"]), branch.git
        require_ready(branch)
        if unsaved := git.changed(branch.files):
            cause = f"going back would write over what is not committed: {', '.join(unsaved)}"
            command = f"git stash push -- {' '.join(unsaved)}"
            raise Failure(problem("gitops-uncommitted", str(git.root), cause, command=command))
        since = f"{goal}..{branch.reference}"
        if branch.chart and (moved := git.log(since, [branch.chart], 20)):
            cause = f"it changed since {goal[:10]}, and every environment is made from it"
            again = f"git revert {' '.join(one.short for one in moved)}"
            command = f"{again} && git push {branch.remote} {branch.name}"
            raise Failure(problem("gitops-chart-moved", branch.chart, cause, command=command))
        _tell_shared(branch, git.check("diff", "--name-only", goal, branch.reference).splitlines())
        undone = [f"{TAKES_BACK}: {one.sha}" for one in git.log(since, branch.files, 100)]
        subject = f"Take {environment.name} in {branch.label} back to {goal[:10]}"
        files = ", ".join(git.held(goal, branch.files))
        message = "\n".join((subject, "", f"{files} as of {goal}.", "", *undone))
        commit = _sent(branch, environment, message, restore=goal)
        with changed_already():
            return wait(site, branch, commit, timeout or PATIENCE, instead=True)

    def remove(self, site: Site) -> None:
        """Refuse: what Git says comes back."""
        environment, application = site.environment, controller_of(site)
        cause = "what is deleted in the cluster is made again from Git"
        command = f"git rm {environment.shown(environment.file)}, commit and push"
        if application is not None:
            what = f"{application.word.lower()} {application.name}"
            command = f"kubectl -n {application.namespace} delete {what} --cascade=foreground"
        raise Failure(problem("gitops-owns", environment.label, cause, command=command))

    def set_back(self, site: Site, key: str) -> Problem | None:
        """Return that a change in the cluster alone would not last."""
        label, file = site.environment.label, site.environment.shown(site.environment.file)
        cause = "the controller sets back what Git does not say"
        command = f"write {key} in {file}, then: morrow up {label}"
        return site.place.problem("gitops-owns", label, cause, command=command)

    def state(self, site: Site) -> dict[str, Any]:
        """Say whether the cluster is as Git says."""
        return state_of(site)


def _sent(branch: Branch, environment: Environment, message: str, restore: str = "") -> str:
    """Push or propose the files; return the commit that is to be applied."""
    if not environment.proposes:
        return pushed(branch, message, restore)
    waits = proposed(branch, message, restore)
    if waits is not None:
        raise waits
    return branch.git.check("rev-parse", branch.reference)


def _deploys(branch: Branch, environment: Environment) -> str:
    """Return the message of a deploy's commit: what it is, and which keys it changes."""
    kept = held(branch)
    now = read(branch.project, branch.label).given
    keys = list(_other_keys(kept[max(kept)]["config"] if kept else {}, now))
    lines = [f"Deploy {environment.name} to {branch.label}", "", f"image: {environment.image}"]
    if kept and keys:
        lines += [f"changed: {', '.join(keys[:10])}{' and more' if len(keys) > 10 else ''}"]
    return "\n".join(lines)


def _other_keys(was: Any, now: Any, path: str = "") -> Iterator[str]:  # noqa: ANN401 - YAML
    if not (isinstance(was, dict) and isinstance(now, dict)):
        if was != now:
            yield path
        return
    for key in sorted({*was, *now}, key=str):
        yield from _other_keys(was.get(key), now.get(key), f"{path}.{key}" if path else str(key))


def _tell_tasks(site: Site, branch: Branch) -> None:
    """Say that a commit of release tasks alone runs none: no controller compares hooks."""
    if not any(one["kind"] == "Job" and HOOK in annotations_of(one) for one in site.objects):
        return
    kept = held(branch)
    newest = [kept[number]["manifest"] for number in sorted(kept)[-2:]]
    if len(newest) > 1 and newest[0] == newest[1]:
        terminal.warn("only release tasks changed: the controller runs them with the next change")


def _tell_shared(branch: Branch, files: list[str]) -> None:
    """Say that a change of the shared file is one of every environment."""
    others = [name for name in branch.project.environment_names() if name != branch.label]
    if branch.files[0] in files and others:
        terminal.warn(f"{branch.files[0]} is also what {', '.join(others)} are made from")
