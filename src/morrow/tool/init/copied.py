"""A copy of the repository, in which an import may write, beside the program that asks it."""

# ruff: noqa: PTH103, PTH110, PTH113, PTH114, PTH120, PTH202, PTH211 - fifty thousand Paths are slow

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import morrow
from morrow.tool.init.examples import EXAMPLES
from morrow.tool.init.files import SKIPPED
from morrow.tool.init.moved import CHECKOUT

KIT = ".morrow-kit"
PROGRAMS = ("asked.py", "called.py", "failed.py", "moved.py", "routed.py")
PREFIX = "morrow-init-"
LONG = 3600  # seconds: no copy is in use for so long
LINKED = 2_000_000  # bytes: larger files are linked, not copied
MANY = 1000  # so are folders of more files, none of them code
NO_CODE = shutil.ignore_patterns(".git", ".venv", "venv", "node_modules", "__pycache__")
DOTENV = re.compile(r"\.env(\..*)?")
CODE = (".py", ".html", ".toml", ".yaml", ".yml", ".json", ".ini", ".cfg", ".env")
# A disk takes minutes to make and to remove very many files; memory does not.
MEMORY, VERY_MANY, SMALL = "/dev/shm", 5000, 256_000_000  # noqa: S108 - a folder of our own in it

Walked = list[tuple[str, list[str], list[str]]]


@contextlib.contextmanager
def copied(root: Path, *, dotenv: bool = True) -> Iterator[Path]:
    """Copy the repository to where an import may write, with or without each .env."""
    walked = _walk(root)
    data = _data(root, walked)
    for _, _, names in walked if not dotenv else ():  # its folder is not linked: it counts as code
        names[:] = [one for one in names if not DOTENV.fullmatch(one) or EXAMPLES.fullmatch(one)]
    place = _place(walked, data)
    for parent in {tempfile.gettempdir(), place or MEMORY}:
        _left_behind(Path(parent))
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place))
    try:
        _copy(root, folder / root.name, walked, data)
        # A service that knows the kit finds it, also where its environment has none.
        (folder / KIT).mkdir()
        (folder / KIT / "morrow").symlink_to(Path(str(morrow.__file__)).parent)
        (folder / KIT / CHECKOUT).symlink_to(root.resolve())
        # Some look for a settings.py beside the program that imports them: ours must lie alone.
        for program in PROGRAMS:
            shutil.copyfile(Path(__file__).with_name(program), folder / KIT / program)
        yield folder / root.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _left_behind(parent: Path) -> None:
    """Remove the copies of those that were killed; a copy is named by whose it is."""
    for old in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, ValueError, OverflowError):  # another user's stays
            age = time.time() - old.stat().st_mtime
            try:
                os.kill(int(old.name.removeprefix(PREFIX).partition("-")[0]), 0)
            except ProcessLookupError:
                if age > LONG:  # else it may be at work in another container
                    shutil.rmtree(old, ignore_errors=True)


def _walk(root: Path) -> Walked:
    """Return each folder that an import may need: its path, its folders, its files."""
    walked: Walked = []
    for where, folders, names in os.walk(root):
        folders[:] = [one for one in folders if not _left_out(where, one)]
        names[:] = [one for one in names if one not in (".git", ".morrow")]
        walked.append((where, folders, names))
    return walked


def _left_out(where: str, name: str) -> bool:
    """Whether no import needs it: Git's own, caches, an environment of Python."""
    needed = {"build", "dist", "migrations", "alembic", "vendor"}
    own = (".git", ".morrow", ".venv", ".tox", ".mypy_cache", ".ruff_cache", ".pytest_cache")
    skipped = name in SKIPPED - needed or name in own
    return skipped or os.path.exists(f"{where}/{name}/pyvenv.cfg")


def _data(root: Path, walked: Walked) -> set[str]:
    """Return the highest folders that hold many files and no code."""
    below: dict[str, int] = {}  # files in it and below, far below zero where code is among them
    found: set[str] = set()
    for where, folders, names in reversed(walked):  # what lies below comes first
        code = any(one.endswith(CODE) for one in names)
        below[where] = sum(below.get(f"{where}{os.sep}{one}", 0) for one in folders)
        below[where] += -(10**9) if code else len(names)
        if below[where] > MANY and where != str(root):
            found = {one for one in found if not one.startswith(f"{where}{os.sep}")} | {where}
    return found


def _place(walked: Walked, data: set[str]) -> str | None:
    """Return memory for very many small files where there is room for them, else None."""
    if sum(len(names) for _, _, names in walked) < VERY_MANY or "TMPDIR" in os.environ:
        return None
    size = 0
    for where, _, names in walked:
        if not any(f"{where}{os.sep}".startswith(f"{one}{os.sep}") for one in data):
            for name in names:
                with contextlib.suppress(OSError):
                    size += min(os.lstat(f"{where}/{name}").st_size, LINKED) + 4096
    with contextlib.suppress(OSError):
        room = os.statvfs(MEMORY)
        runs = not room.f_flag & getattr(os, "ST_NOEXEC", 0)  # libraries may lie among them
        if runs and size < min(SMALL, room.f_bavail * room.f_frsize // 4):
            return MEMORY if os.access(MEMORY, os.W_OK | os.X_OK) else None
    return None


def _copy(root: Path, target: Path, walked: Walked, data: set[str]) -> None:
    """Copy what was walked; what cannot be read is left out."""
    top, left = str(root), set(data)
    for where, folders, names in walked:
        if where in left or os.path.dirname(where) in left:
            if where not in data:
                left.add(where)  # it lies in a folder that is linked whole
            continue
        to = f"{target}{where[len(top) :]}"
        os.makedirs(to, exist_ok=True)
        for name in folders:
            source = f"{where}/{name}"
            if source in data:
                os.symlink(source, f"{to}/{name}")
            elif os.path.islink(source):
                _linked_folder(Path(source), Path(to, name), root)
        for name in names:
            with contextlib.suppress(OSError):  # a socket, a file that nobody may read
                _one(f"{where}/{name}", f"{to}/{name}")


def _one(source: str, target: str) -> None:
    """Copy a file, or link it where it is large."""
    if os.path.getsize(source) > LINKED:
        os.symlink(source, target)
    elif os.path.isfile(source):
        shutil.copyfile(source, target)
        if os.access(source, os.X_OK):
            shutil.copymode(source, target)


def _linked_folder(link: Path, target: Path, root: Path) -> None:
    """Lead a link into the repository to the copy; copy a folder from elsewhere."""
    with contextlib.suppress(shutil.Error, OSError, RuntimeError):
        leads = link.resolve(strict=True)
        if leads.is_relative_to(root.resolve()):
            inner = link.parent.resolve()
            target.symlink_to(os.path.relpath(leads, inner))
        elif not root.resolve().is_relative_to(leads):  # else it would be copied into itself
            shutil.copytree(leads, target, copy_function=_link_or_copy, ignore=NO_CODE)


def _link_or_copy(source: str, target: str) -> str:
    with contextlib.suppress(OSError):
        _one(source, target)
    return target
