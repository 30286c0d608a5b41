"""A program that believes to run in a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def shown_by(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    typed: str = "",
    after: str = "",
) -> tuple[int, str]:
    """Run it, type once `after` is shown, and return its exit code and all that it showed.

    `<typed>` stands where the typing began.
    """
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
        while True:
            if typed and after.encode() in text:
                os.write(ours, typed.encode())
                text, typed = text + b"<typed>", ""
            more = _read(ours)
            if not more:
                break
            text += more
        return child.wait(60), text.decode()
    finally:
        child.kill()  # nothing, where it has ended
        child.wait()
        os.close(ours)


def _read(terminal: int) -> bytes:
    """Return what it shows next; nothing at its end, which Linux tells by an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
