"""A clone as a newcomer has it: empty HOME, a space in the path, a user who is not root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.ports import free_port
from tests.unit.frame.markdown import Block
from tests.unit.frame.repository import ROOT

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
# What a package client needs to reach its registry from here; nothing else is passed on.
PASSED_ON = re.compile(
    r"(PIP|UV|SSL|REQUESTS)_\w+|GO(PROXY|SUMDB|NOSUMDB|NOPROXY|PRIVATE)|(?:https?|no)_proxy",
    re.IGNORECASE,
)
PLAIN_PATH = "/usr/local/bin:/usr/bin:/bin"
# What a machine with Python, git and make has no need of, and the tests use where it is.
LEFT_OUT = (
    *("buildah", "docker", "fish", "go", "haproxy", "helm", "kubectl", "node", "podman"),
    *("promtool", "shellcheck", "terraform", "uv", "zsh"),
)


def as_nobody() -> bool:
    """Whether the clone is handed to another user: only root can do that."""
    return os.geteuid() == 0


def nobody_has_python() -> bool:
    """Whether the user nobody finds a Python that can make environments."""
    check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
    done = subprocess.run(
        [*NOBODY, "python3", "-c", check],
        env={"PATH": PLAIN_PATH, "HOME": "/nonexistent"},
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@dataclass(frozen=True)
class Clone:
    """A clone of this repository and the environment that its commands get."""

    folder: Path
    port: int
    prefix: tuple[str, ...]  # how to become the user that owns it
    environment: dict[str, str] = field(repr=False)

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script in the clone, its output and errors together."""
        return subprocess.run(
            [*self.prefix, "bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,  # a busy machine is no failure
            check=False,
        )

    def run_block(self, block: Block) -> str:
        """Run a block of the README with this clone's port in the place of 5000."""
        done = self.run(self.with_port(block.text))
        wanted = int(block.marks.get("exit", "0"))
        where = f"README.md:{block.line}: {block.text}"
        assert done.returncode == wanted, f"{where}\nexit {done.returncode}\n{done.stdout}"
        return done.stdout

    def with_port(self, text: str) -> str:
        """Return the text with this clone's port in the place of 5000."""
        return text.replace(":5000", f":{self.port}")


def bare_path(folder: Path) -> str:
    """Fill a folder with links to what every machine has, and return it as the whole PATH."""
    folder.mkdir()
    for place in ("/usr/bin", "/bin"):
        for program in Path(place).iterdir():
            link = folder / program.name
            if program.name not in LEFT_OUT and not link.is_symlink():
                link.symlink_to(program)
    return str(folder)


@contextmanager
def fresh_clone(*, bare: bool = False) -> Iterator[Clone]:
    """Clone HEAD; as root, hand the clone to nobody. What is left running is stopped at the end.

    A `bare` clone finds Python, git, make and what every machine has, and nothing else.
    """
    base = Path(tempfile.mkdtemp(prefix="morrow-clone-"))
    base.chmod(0o755)
    folder, home = base / "a fresh clone", base / "home"
    home.mkdir()
    clone_command = ["git", "-c", "safe.directory=*", "clone", "--quiet", str(ROOT), str(folder)]
    subprocess.run(clone_command, check=True)
    if as_nobody():
        subprocess.run(["chown", "-R", "65534:65534", str(base)], check=True)
    port = free_port()
    passed = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
    path = PLAIN_PATH if as_nobody() else os.environ["PATH"]
    if bare:
        path = bare_path(base / "bin")
    own = {"PATH": path, "HOME": str(home), "PORT": str(port), "LANG": "C.UTF-8"}
    clone = Clone(folder, port, NOBODY if as_nobody() else (), passed | own)
    try:
        yield clone
    finally:
        if (folder / ".venv" / "bin" / "morrow").exists():
            clone.run("make down || true")
        shutil.rmtree(base)


def missing_lines(shown: str, output: str) -> Sequence[str]:
    """Return the lines of a README's output block that the output lacks; `…` is any text."""
    lacking = []
    for line in shown.strip("\n").splitlines():
        pattern = re.escape(line.rstrip()).replace("…", ".*")
        if not re.search(rf"^{pattern}\s*$", output, re.MULTILINE):
            lacking.append(line)
    return lacking
