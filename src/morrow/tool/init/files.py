"""A repository as a stranger left it: its files, its syntax trees, its requirements."""

from __future__ import annotations

import ast
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure
from morrow.tool.programs.git import Git

SKIPPED = {
    "node_modules", "__pycache__", "site-packages", "build", "dist", "htmlcov", "vendor",
    "bower_components", "env", "venv", "virtualenv", "migrations", "alembic",
}  # fmt: skip
ASIDE = re.compile(
    r"(^|/)(tests?|testing|docs?|examples?|samples?|demos?|bench\w*|scripts?|tools|"
    r"tutorials?|conftest\.py|setup\.py|test_[^/]*|[^/]*_test\.py)(/|$)"
)
TESTS = re.compile(r"(^|/)(tests?|conftest\.py|test_[^/]*|[^/]*_tests?\.py)(/|$)")
# An extra names what it needs; but what watches others, or starts them for a test, needs none.
EXTRAS = re.compile(r"\s*(?!sentry[-_.]sdk|testcontainers)[a-z0-9][\w.-]*\s*\[([\w., -]+)\]", re.I)
SAYS = re.compile(r"""(?m)^\s*(?:export\s+)?(\w+)[ \t]*=[ \t]*["']?([^\s"']*)""")  # of a .env
MOST_FILES, LARGEST = 3000, 400_000


@dataclass
class Repository:
    """What can be read without running anything."""

    root: Path
    python: list[str] = field(default_factory=list)  # paths from the root, shallow first
    others: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)  # what should be Python or TOML, and why not
    newer: Callable[[dict[str, str]], dict[str, ast.Module]] = lambda _: {}  # reads other syntax

    @classmethod
    def read(cls, root: Path) -> Repository:
        """Walk it; environments, what is built and hidden folders are left out."""
        found = cls(root)
        for folder, below, names in os.walk(root):
            here = Path(folder)
            below[:] = sorted(
                name
                for name in below
                if name not in SKIPPED
                and not (name.startswith(".") and name != ".devcontainer")
                and not (here / name / "pyvenv.cfg").exists()
            )
            for name in sorted(names):
                path = str((here / name).relative_to(root))
                (found.python if name.endswith(".py") else found.others).append(path)
            if len(found.python) + len(found.others) > MOST_FILES * 4:
                break
        found.python.sort(key=lambda path: (path.count("/"), path))
        del found.python[MOST_FILES:]
        return found

    def text(self, path: str) -> str:
        """Return a file's text, "" where it cannot be read; line ends are ours."""
        file = self.root / path
        try:
            if not file.is_file() or file.stat().st_size > LARGEST:
                return ""
            raw = file.read_bytes()
            wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")  # as PowerShell's `>` writes
            text = raw.decode("utf-16" if wide else "utf-8-sig", errors="replace")
            return text.replace("\r\n", "\n").replace("\r", "\n")
        except OSError:
            return ""

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        """Return the syntax tree of every file that has one."""
        found, wrong = {}, {}
        for path in self.python:
            try:
                found[path] = ast.parse(self.text(path))
            except SyntaxError as error:
                version = ".".join(map(str, sys.version_info[:2]))
                said = f"{path}:{error.lineno or 1} is no Python {version}: {error.msg}"
                wrong[path] = said
            except (ValueError, RecursionError, MemoryError):
                continue
        read = self.newer({path: self.text(path) for path in wrong}) if wrong else {}
        self.unread += [said for path, said in wrong.items() if path not in read]
        return {path: tree for path in self.python if (tree := found.get(path) or read.get(path))}

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """Return pyproject.toml; {} where there is none that can be read."""
        return self._stated("pyproject.toml")

    def _stated(self, path: str) -> dict[str, Any]:
        try:
            told = tomllib.loads(self.text(path))
        except tomllib.TOMLDecodeError as error:
            said = f"{path} is no TOML: {error}"
            self.unread += [said] if said not in self.unread else []
            return {}
        return {name: one for name, one in told.items() if isinstance(one, dict)}

    def named(self, *names: str, depth: int = 2) -> list[str]:
        """Return the files of these names, no deeper than that."""
        return [
            path
            for path in (*self.python, *self.others)
            if path.rpartition("/")[2] in names and path.count("/") <= depth
        ]

    def dotenv(self, source: str, *, own: bool = False) -> frozenset[str]:
        """Return the names in a .env that the application reads itself; no value is looked at.

        `own`: only of one that a person has, and Git has not.
        """
        paths = [one for one in _dotenv(source) if not (own and self.shared(one))]
        return frozenset(self._says(paths))

    def kept(self, source: str) -> dict[str, str]:
        """Return what each .env that is in Git says: to lead to a store, and for no file."""
        return self._says(filter(self.shared, _dotenv(source)))

    def _says(self, paths: Iterable[str]) -> dict[str, str]:
        return dict(SAYS.findall("\n".join(map(self.text, paths))))

    def shared(self, path: str) -> bool:
        """Whether a file is byte for byte in Git's last commit: everyone's, and no person's own.

        The index would say so of one that is only staged, of one that it is told not to look at,
        and of one that is encrypted on its way to Git.
        """
        git = Git(self.root)
        try:
            kept = git.run("rev-parse", "--quiet", "--verify", f"HEAD:./{path}")
            if kept.code or not (self.root / path).is_file():
                return False
            return git.run("hash-object", "--no-filters", "--", path).out == kept.out
        except Failure as failure:
            if failure.interrupted:
                raise
            return False  # there is no git

    @cached_property
    def requirements(self) -> set[str]:
        """Return the distributions that the project asks for, in lower case."""
        names = (re.match(r"\s*([A-Za-z0-9][\w.-]*)", line) for line in self._required)
        return {_plain(found[1]) for found in names if found}

    @cached_property
    def extras(self) -> set[str]:
        """Return what is asked for in brackets: `redis` of `celery[redis]`."""
        said = (EXTRAS.match(line) for line in self._required)
        return {_plain(one) for found in said if found for one in found[1].split(",")}

    def any_version(self, name: str) -> bool:
        """Whether a distribution is asked for by its name alone."""
        named = [re.sub(r"\[.*?\]|;.*|#.*", "", line) for line in self._required]
        return any(_plain(one) == _plain(name) for one in named)

    @cached_property
    def _required(self) -> list[str]:
        lines: list[str] = []
        for path in self.named("pyproject.toml"):  # a part of the repository may have its own
            stated = self._stated(path)
            project, poetry = stated.get("project", {}), stated.get("tool", {}).get("poetry")
            lines += [one for one in project.get("dependencies") or [] if isinstance(one, str)]
            held = poetry.get("dependencies") if isinstance(poetry, dict) else {}
            for name, said in held.items() if isinstance(held, dict) else ():
                extras = said.get("extras") if isinstance(said, dict) else ()
                lines += [name, f"{name}[{','.join(map(str, extras or ()))}]"]
        for path in self.others:
            name = path.rpartition("/")[2]
            deep = path.count("/") > 2
            if (
                not deep and re.fullmatch(r"requirements.*\.(txt|in)|.*requirements\.txt", name)
            ) or ("requirements/" in path and name.endswith(".txt")):
                lines += self.text(path).splitlines()
            elif name == "Pipfile" and not deep:
                lines += re.findall(r'(?m)^"?([\w.-]+)"?\s*=', self.text(path))
        for path in self.named("setup.py", "setup.cfg"):
            lines += re.findall(r"""["'\s]([A-Za-z][\w.-]+)\s*[><=~!]=""", self.text(path))
        return lines


def _dotenv(source: str) -> tuple[str, ...]:
    return (".env", f"{source}/.env") if source else (".env",)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
