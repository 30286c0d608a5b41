"""A copy of the repository, in which an import may write, beside the program that asks it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import morrow
from morrow.tool.init.files import SKIPPED

KIT = ".morrow-kit"
LINKED = 2_000_000  # bytes: larger files are linked, not copied
MANY = 1000  # so are folders of more files, none of them code
CODE = (".py", ".html", ".toml", ".yaml", ".yml", ".json", ".ini", ".cfg", ".env")


@contextlib.contextmanager
def copied(root: Path) -> Iterator[Path]:
    """Copy the repository to where an import may write."""
    folder = Path(tempfile.mkdtemp(prefix="morrow-init-"))

    data = _data(root)

    def ignore(where: str, names: list[str]) -> set[str]:
        return {one for one in names if _left_out(where, one) or str(Path(where, one)) in data}

    def copy(source: str, target: str) -> str:
        with contextlib.suppress(OSError):  # a socket, a file that nobody may read
            if Path(source).stat().st_size > LINKED:
                Path(target).symlink_to(source)
            elif Path(source).is_file():
                shutil.copyfile(source, target)
                shutil.copymode(source, target)
        return target

    try:
        with contextlib.suppress(shutil.Error, OSError):
            shutil.copytree(
                root, folder / root.name, ignore=ignore, copy_function=copy,
                ignore_dangling_symlinks=True,
            )  # fmt: skip
        for one in data:
            with contextlib.suppress(OSError):
                (folder / root.name / Path(one).relative_to(root)).symlink_to(one)
        # A service that knows the kit finds it, also where its environment has none.
        (folder / KIT).mkdir()
        (folder / KIT / "morrow").symlink_to(Path(str(morrow.__file__)).parent)
        # Some look for a settings.py beside the program that imports them: ours must lie alone.
        for program in ("asked.py", "called.py", "failed.py"):
            shutil.copyfile(Path(__file__).with_name(program), folder / KIT / program)
        yield folder / root.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _left_out(where: str, name: str) -> bool:
    """Whether no import needs it: Git's own, caches, an environment of Python."""
    needed = {"build", "dist", "migrations", "alembic", "vendor"}
    own = (".git", ".morrow", ".venv", ".tox", ".mypy_cache", ".ruff_cache", ".pytest_cache")
    skipped = name in SKIPPED - needed or name in own
    return skipped or Path(where, name, "pyvenv.cfg").exists()


def _data(root: Path) -> list[str]:
    """Return the highest folders that hold many files and no code."""
    below: dict[str, int] = {}  # files in it and below, far below zero where code is among them
    found: list[str] = []
    looked: list[tuple[str, list[str], list[str]]] = []
    for where, folders, names in os.walk(root):
        folders[:] = [one for one in folders if not _left_out(where, one)]
        looked.append((where, folders, names))
    for where, folders, names in reversed(looked):  # what lies below comes first
        code = any(one.endswith(CODE) for one in names)
        below[where] = sum(below.get(str(Path(where, one)), 0) for one in folders)
        below[where] += -(10**9) if code else len(names)
        if below[where] > MANY:
            inner = f"{where}{os.sep}"
            found = [one for one in found if not one.startswith(inner)] + [where]
    return [one for one in found if one != str(root)]
