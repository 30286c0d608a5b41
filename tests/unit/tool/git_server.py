"""A bare repository on disk as the remote, and a project's work tree that pushes to it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.project import Project
from morrow.tool.cluster.branch import branch_of
from morrow.tool.cluster.site import Site
from morrow.tool.deliver import sync
from morrow.tool.environment.load import read

WHO = {
    f"GIT_{role}_{part}": text
    for role in ("AUTHOR", "COMMITTER")
    for part, text in (("NAME", "ann"), ("EMAIL", "ann@example.com"))
}
NOBODYS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
# What the stand-in for a cluster keeps beside the project, and the tool's own state.
IGNORED = "/.morrow/\n/asked.txt\n/given.txt\n/cluster.json\n/kubectl\n/helm\n"
REFUSES = "#!/bin/sh\necho 'this branch takes merges only' >&2\nexit 1\n"
DEV = """\
environment: dev
target: {kind: kubernetes, context: dev, namespace: shop-dev, delivery: gitops%s}
config: {LEVEL: %s}
"""
OWN = "environments/dev.yaml"


class GitServer:
    """The remote `origin` of a work tree, with a branch `main`."""

    def __init__(self, work: Path, bare: Path) -> None:
        self.work, self.bare = work, bare
        self._git(bare.parent, "init", "--quiet", "--bare", "-b", "main", str(bare))
        (work / ".gitignore").write_text(IGNORED)
        self.git("init", "--quiet", "-b", "main")
        self.git("remote", "add", "origin", str(bare))

    def git(self, *words: str) -> str:
        """Run git in the work tree, as ann."""
        return self._git(self.work, *words)

    def send(self, message: str, *paths: str) -> str:
        """Commit the paths (else all) by hand and push; return the commit."""
        self.git("add", "--", *(paths or (".",)))
        self.git("commit", "--quiet", "-m", message)
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def refuse(self, *, refuses: bool = True) -> None:
        """Let the server refuse every push, or none again."""
        hook = self.bare / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(REFUSES)
        hook.chmod(0o755 if refuses else 0o644)

    def shown(self, what: str) -> str:
        """Return what the server's main says: a file, or with a format the last commit."""
        return self._git(self.bare, "show", f"main:{what}")

    def log(self, form: str = "%s", branch: str = "main") -> list[str]:
        """Return a line for each commit that the server has, the newest first."""
        return self._git(self.bare, "log", f"--format={form}", branch).splitlines()

    def branches(self) -> list[str]:
        """Return the branches that the server has."""
        return self._git(self.bare, "branch", "--format=%(refname:short)").split()

    @staticmethod
    def _git(folder: Path, *words: str) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            env={**os.environ, **WHO, **NOBODYS},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"git {words}: {done.stderr}"
        return done.stdout.strip()


def say(server: GitServer, level: str, target: str = "") -> None:
    """Write the environment's file."""
    (server.work / OWN).write_text(DEV % (target, level))


def waited(server: GitServer) -> Problem | None:
    """Wait for who applies the newest commit; return what is wrong with it."""
    site = site_of(server)
    branch = branch_of(site.environment)
    branch.git.fetch("origin", "main")
    try:
        return sync.wait(site, branch, server.git("rev-parse", "HEAD"), 2)
    except Failure as failure:
        return failure.problems[0]


def site_of(server: GitServer) -> Site:
    """Open the environment anew."""
    return Site(read(Project.find(server.work), "dev"))
