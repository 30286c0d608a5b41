"""Where the sources lie that a program is built from: charts and definitions are among them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools import go
from tools.build import HERE, UnavailableError, settings


def sources(name: str, module: str) -> Path:
    """Return the folder of a module, of the version that the tool `name` is built with."""
    compiler = go.find()
    done = subprocess.run(
        [compiler.program, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module],
        cwd=HERE / name,
        env=settings(compiler, name),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UnavailableError(f"{module} of tools/{name}: {done.stderr.strip()}")
    return Path(done.stdout.strip())
