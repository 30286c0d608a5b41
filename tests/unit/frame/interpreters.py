"""Stand-ins for interpreters that a user may have."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

# What install.sh looks for on PATH.
CANDIDATES = ("python3", "python3.11", "python3.12", "python3.13", "python3.14")


def stub(place: Path, script: str) -> Path:
    """Write an executable shell script."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)
    return place


def python_without(*modules: str, folder: Path) -> Path:
    """Return the system's Python as it is where these modules are not installed."""
    name = "-".join(["without", *modules])
    for module in modules:
        missing = folder / name / f"{module}.py"
        missing.parent.mkdir(exist_ok=True)
        missing.write_text(f"raise ImportError({module!r})\n")
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or "python3"
    hidden = shlex.quote(str(folder / name))
    return stub(folder / f"python-{name}", f'PYTHONPATH={hidden} exec {python} "$@"')
