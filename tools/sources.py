"""Where the sources lie that a program is built from: charts and definitions are among them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools import go
from tools.build import HERE, UnavailableError, settings


def sources(name: str, module: str) -> Path:
    """Return the folder of a module, of the version that the tool `name` is built with."""
    compiler = go.find()
    where = [compiler.program, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module]
    # It names no folder for a module that no build has asked for yet.
    return Path(
        _asked(compiler, name, where)
        or _asked(compiler, name, [compiler.program, "mod", "download", module])
        or _asked(compiler, name, where)
    )


def _asked(compiler: go.Go, name: str, words: list[str]) -> str:
    done = subprocess.run(
        words,
        cwd=HERE / name,
        env=settings(compiler, name),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UnavailableError(f"tools/{name}: {done.stderr.strip()}")
    return done.stdout.strip()
