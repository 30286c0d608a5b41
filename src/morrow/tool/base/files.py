"""Drafts: a file is written whole or not at all, and what may touch no disk is in memory.

Who is killed in between leaves the old file, and a folder in memory that the next one removes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from glob import escape
from pathlib import Path

from morrow.tool.base.errors import Failure, problem


@contextmanager
def draft_of(file: Path, mode: int | None = None) -> Iterator[Path]:
    """Yield a draft beside the file, which takes its place at the end; it keeps the old mode.

    Those that killed processes left are removed.
    """
    ours = f".{file.name}.morrow-"  # a person's own copy may end in a date
    draft = file.with_name(f"{ours}{os.getpid()}")
    for left in file.parent.glob(f"{escape(ours)}*"):
        # It lives, as another user; or it is no draft.
        with suppress(PermissionError, ValueError, OverflowError):
            try:
                os.kill(int(left.name.removeprefix(ours)), 0)
            except ProcessLookupError:
                left.unlink(missing_ok=True)
    try:
        draft.touch(0o666 if mode is None else mode)
        if mode is None and file.exists():
            draft.chmod(file.stat().st_mode & 0o7777)
        yield draft
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def memory_folder() -> Path:
    """Return a folder in memory that only this user reads; raise where there is none."""
    chosen = os.environ.get("MORROW_MEMORY")
    for place in [chosen] if chosen else ["/dev/shm", os.environ.get("XDG_RUNTIME_DIR")]:  # noqa: S108
        if place and os.access(place, os.W_OK):
            folder = Path(place) / f"morrow-{os.getuid()}"
            folder.mkdir(mode=0o700, exist_ok=True)
            status = folder.lstat()
            if folder.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
                break  # somebody else made it, to read what we would put there
            return folder
    cause = "this machine has no folder in memory that is this user's alone"
    raise Failure(problem("no-memory", chosen or "/dev/shm", cause))  # noqa: S108


@contextmanager
def draft_folder(stem: str) -> Iterator[Path]:
    """Yield a folder for drafts that is gone afterwards; those of killed commands go now.

    It is held by this process and by those that it starts with `close_fds=False`.
    """
    place = memory_folder()
    with ExitStack() as ended:
        with _held(place, wait=True):  # nobody takes away what is made and not held yet
            for left in place.glob(f"{stem}-*"):
                with suppress(OSError), _held(left):  # one that cannot be held is somebody's draft
                    shutil.rmtree(left, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=f"{stem}-", dir=place))
            ended.callback(shutil.rmtree, folder, ignore_errors=True)
            ended.enter_context(_held(folder))
        yield folder


@contextmanager
def _held(folder: Path, wait: bool = False) -> Iterator[None]:
    """Hold a folder's lock; raise, or wait, where another process has it."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        os.set_inheritable(opened, not wait)
        yield
    finally:
        os.close(opened)
