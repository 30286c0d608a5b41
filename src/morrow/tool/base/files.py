"""A file is written whole or not at all: who is killed in between leaves the old one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path


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
