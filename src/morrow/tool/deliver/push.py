"""An environment's files brought to the branch that its controller follows.

Nothing else goes along: not what is staged, not what is changed beside, not an earlier commit of
somebody's. What Git refuses is named, and the same command can be given again.
"""

from __future__ import annotations

from pathlib import Path

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cluster.branch import Branch
from morrow.tool.programs.git import Git
from morrow.tool.programs.runner import Result


def require_ready(branch: Branch) -> None:
    """Refuse a work tree from which nothing can be sent, or more than the environment."""
    git, name, again = branch.git, branch.name, f"{typed()} up {branch.label}"
    where = str(git.root)
    head = git.run("symbolic-ref", "--short", "--quiet", "HEAD").out.strip()
    if not head:
        cause = "HEAD is a commit, no branch, so a commit here would belong to none"
        raise Failure(problem("gitops-detached", where, cause, branch=name))
    if head != name:
        cause = f"the branch {head} is checked out, and the controller follows {name}"
        raise Failure(problem("gitops-other-branch", where, cause, branch=name))
    done = git.fetch(branch.remote, name)
    if done.code:
        code = "gitops-no-branch" if "find remote ref" in done.err else "gitops-remote-silent"
        command = f"git push {branch.remote} {name}"
        raise Failure(problem(code, f"{branch.remote}/{name}", done.last_error, command=command))
    behind = git.check("rev-list", "--count", f"HEAD..{branch.reference}")
    if behind != "0":
        raise _behind(branch, f"{branch.remote}/{name} has {behind} commits that are not here")
    others = sorted(set(_names(git, branch.reference)) - set(branch.files))
    if others:
        cause = f"commits that {branch.remote} does not have change {', '.join(others[:3])} too"
        command = f"git push {branch.remote} {name}"
        raise Failure(problem("gitops-ahead", where, cause, command=command))
    if branch.chart and (files := git.changed([branch.chart])):
        cause = (
            f"it is changed and not committed, so the controller would render another: {files[0]}"
        )
        command = f"git commit {branch.chart} && git push {branch.remote} {name} && {again}"
        raise Failure(problem("gitops-chart-uncommitted", branch.chart, cause, command=command))


def _names(git: Git, since: str) -> list[str]:
    return git.check("diff", "--name-only", f"{since}...HEAD").splitlines()


def _behind(branch: Branch, cause: str) -> Failure:
    command = f"git pull --rebase --autostash {branch.remote} {branch.name}"
    return Failure(problem("gitops-behind", str(branch.git.root), cause, command=command))


def pushed(branch: Branch, message: str, restore: str = "") -> str:
    """Commit the files and push them; return the commit that is to be applied.

    `restore`: first make them what they were in that commit.
    """
    git = branch.git
    if restore:
        git.restore(restore, branch.files)
    if files := git.changed(branch.files):
        try:
            _commit(git, files, message)
        except Failure:
            if restore:  # the files were as committed before, and the same command asks for that
                git.restore("HEAD", branch.files)
            raise
        terminal.say(f"  committed: {', '.join(files)}")
    commit = git.check("rev-parse", "HEAD")
    if commit != git.check("rev-parse", branch.reference):
        done = git.run("push", branch.remote, f"{commit}:refs/heads/{branch.name}")
        if done.code:
            git.fetch(branch.remote, branch.name)
            if git.check("rev-list", f"{commit}..{branch.reference}"):
                raise _behind(branch, f"{branch.remote}/{branch.name} got a commit meanwhile")
            raise _refused(branch, done, commit)
        git.fetch(branch.remote, branch.name)
        terminal.say(f"  pushed: {branch.remote}/{branch.name} is {commit[:10]}")
    return commit


def proposed(branch: Branch, message: str, restore: str = "") -> Failure | None:
    """Push the files to a branch of their own and return what is to be done with it.

    None where the followed branch has them already. The work tree here is left as it is.
    """
    git = branch.git
    with git.beside(branch.reference) as other:
        if restore:
            other.restore(restore, branch.files)
        else:
            _copy(git.root, other.root, branch.files)
        known = other.held("HEAD", branch.files)
        present = [name for name in branch.files if name in known or (other.root / name).exists()]
        files = other.changed(present)
        if not files:
            return None
        _commit(other, files, message)
        commit = other.check("rev-parse", "HEAD")
        tree = other.check("rev-parse", "HEAD^{tree}")
        name = f"morrow/{branch.label}-{tree[:10]}"
        if other.run("ls-remote", "--exit-code", branch.remote, f"refs/heads/{name}").code:
            done = other.run("push", branch.remote, f"{commit}:refs/heads/{name}")
            if done.code:
                raise _refused(branch, done, "")
            for line in _said(done):  # of most servers: where to open the pull request
                terminal.say(f"  {line}")
    cause = f"{', '.join(files)} changed on {branch.remote}/{name}; {branch.name} is as it was"
    command = f"gh pr create --base {branch.name} --head {name} --fill"
    label = branch.label
    return Failure(problem("gitops-proposed", label, cause, command=command, environment=label))


def _copy(here: Path, there: Path, names: tuple[str, ...]) -> None:
    for name in names:
        file, copy = here / name, there / name
        if file.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())


def _commit(git: Git, files: list[str], message: str) -> None:
    done = git.commit(files, message)
    if done.code:
        shown = ", ".join(files)
        raise Failure(
            problem("gitops-commit-refused", shown, done.last_error, file=" ".join(files))
        )


def _refused(branch: Branch, done: Result, commit: str) -> Failure:
    said = _said(done)
    marks = [line.strip() for line in done.err.splitlines() if line.strip().startswith("!")]
    cause = " ".join(dict.fromkeys((*said, *marks))) or done.last_error
    kept = f"commit {commit[:10]} is here and not there: the same command pushes it"
    where, label = f"{branch.remote}/{branch.name}", branch.label
    details = (kept,) if commit else ()
    return Failure(problem("gitops-push-refused", where, cause, details=details, environment=label))


def _said(done: Result) -> list[str]:
    """Return what the server said."""
    lines = [line[7:].strip() for line in done.err.splitlines() if line.startswith("remote:")]
    return [line for line in lines if line]
