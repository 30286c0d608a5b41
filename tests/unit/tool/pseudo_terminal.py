"""A program that believes to run in a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def shown_by(
    words: Sequence[str], folder: Path, environment: Mapping[str, str], typed: str = ""
) -> str:
    """Run it, type, and return all that it shows until it ends."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        words,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    text = b""
    try:
        os.write(ours, typed.encode())
        while more := _read(ours):
            text += more
        child.wait(60)
    finally:
        child.kill()  # nothing, where it has ended
        child.wait()
        os.close(ours)
    return text.decode()


def _read(terminal: int) -> bytes:
    """Return what it shows next; nothing at its end, which Linux tells by an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
