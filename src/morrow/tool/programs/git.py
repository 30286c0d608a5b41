"""Drive git in one work tree; who commits, and where it is pushed, is git's own configuration."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from morrow.tool.programs.runner import Result, run

TIMEOUT = 60.0
HOOKS = 1800.0  # of a commit and a push: they run the project's own checks
# Two settings of a person's own that would change what is read here.
PLAIN = {
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "log.showSignature", "GIT_CONFIG_VALUE_0": "false",
    "GIT_CONFIG_KEY_1": "core.quotePath", "GIT_CONFIG_VALUE_1": "false",
}  # fmt: skip
# Of each commit, one line a field; the trailer that a commit of `rollback` has.
TAKES_BACK = "Takes-back"
FORMAT = f"%H%x00%cI%x00%s%x00%(trailers:key={TAKES_BACK},valueonly,separator=%x20)"


@dataclass(frozen=True)
class Commit:
    """One commit, and the commits that it takes back."""

    sha: str
    time: str
    subject: str
    takes_back: tuple[str, ...]

    @property
    def short(self) -> str:
        """Its name as people write it."""
        return self.sha[:10]


class Git:
    """One work tree."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *words: str) -> Result:
        """Run it to its end; who calls judges the code. It never asks for a password."""
        # What it says is read here, so it says it in one language.
        quiet = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        limit = HOOKS if words[0] in ("commit", "push") else TIMEOUT
        return run("git", *words, folder=self.root, timeout=limit, environment=quiet | PLAIN)

    def check(self, *words: str) -> str:
        """Return what it prints; raise where it fails."""
        done = self.run(*words)
        if done.code:
            raise done.failure()
        return done.out.strip()

    def commit(self, paths: Sequence[str], message: str) -> Result:
        """Commit exactly these paths, whatever else is staged."""
        there = [path for path in paths if (self.root / path).exists()]
        if there and (known := self.run("add", "--intent-to-add", "--", *there)).code:
            return known
        return self.run("commit", "--quiet", "--only", "-m", message, "--", *paths)

    def fetch(self, remote: str, branch: str) -> Result:
        """Bring what the remote has of one branch to its own reference here."""
        both = f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}"
        return self.run("fetch", "--quiet", "--no-tags", remote, both)

    def log(self, reference: str, paths: Sequence[str], most: int) -> list[Commit]:
        """Return the newest commits that changed the paths; a merge is one, as who merged sees."""
        words = ("log", "--first-parent", f"--max-count={most}", f"--format={FORMAT}", reference)
        lines = self.check(*words, "--", *paths).splitlines()
        fields = [line.split("\0") for line in lines if line]
        return [
            Commit(sha, time, subject, tuple(back.split())) for sha, time, subject, back in fields
        ]

    @property
    def shallow(self) -> bool:
        """Whether earlier commits were left out of this clone, as CI often does."""
        return self.check("rev-parse", "--is-shallow-repository") == "true"

    def count(self, reference: str, paths: Sequence[str]) -> int:
        """Return how many commits changed the paths."""
        words = ("rev-list", "--first-parent", "--count", reference, "--", *paths)
        return int(self.check(*words))

    def has(self, reference: str) -> bool:
        """Whether there is a commit of that name here."""
        return not self.run("rev-parse", "--quiet", "--verify", f"{reference}^{{commit}}").code

    def held(self, reference: str, paths: Sequence[str]) -> list[str]:
        """Return the files that a commit has at the paths."""
        names = self.check("ls-tree", "-r", "-z", "--name-only", reference, "--", *paths)
        return [name for name in names.split("\0") if name]

    def changed(self, paths: Sequence[str]) -> list[str]:
        """Return the files at the paths that are not as they were committed."""
        words = ("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--")
        done = self.run(*words, *paths)
        if done.code:
            raise done.failure()
        return [line[3:] for line in done.out.split("\0") if line]

    def extract(self, reference: str, paths: Sequence[str], folder: Path) -> None:
        """Write the files of a commit to a folder."""
        archive = folder / ".archive.tar"
        self.check("archive", "--format=tar", f"--output={archive}", reference, "--", *paths)
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
        archive.unlink()

    def restore(self, reference: str, paths: Sequence[str]) -> None:
        """Make the files at the paths what a commit had: written, or removed."""
        there = self.held(reference, paths)
        if there:
            self.check("checkout", "--quiet", reference, "--", *there)
        if gone := sorted(set(self.held("HEAD", paths)) - set(there)):
            self.check("rm", "--quiet", "--force", "--ignore-unmatch", "--", *gone)

    @contextmanager
    def beside(self, reference: str) -> Iterator[Git]:
        """A work tree of its own over a commit, with no file in it yet; it is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="morrow-git-") as folder:
            other = Path(folder) / "tree"
            self.check(
                "worktree", "add", "--quiet", "--no-checkout", "--detach", str(other), reference
            )
            try:
                git = Git(other)
                git.check("reset", "--quiet")
                yield git
            finally:
                self.run("worktree", "remove", "--force", str(other))
