"""Environments of pinned packages, apart from ours, made once and kept."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from tools.cache import UnavailableError, cache_folder, only_one

UV = str(Path(sys.executable).with_name("uv"))
# Not .venv's: what is made from it serves every checkout, and `#!` takes no path with a space.
BASE_PYTHON = Path(sys.base_prefix) / "bin" / "python{}.{}".format(*sys.version_info)


def environment(python: Path, pins: Path) -> Path:
    """Return the programs' folder of an environment with pinned packages; kept between runs."""
    key = hashlib.sha256(pins.read_bytes() + str(python).encode()).hexdigest()[:12]
    home = cache_folder() / "python" / f"{pins.stem}-{key}"
    ready, compiled, programs = home / "ready", home / "compiled", home / "bin"
    with only_one(home.with_suffix(".lock")):
        if not ready.exists():
            _uv("venv", "--clear", "--python", str(python), str(home))
            install = ["pip", "install", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
            _uv(*install, "--python", str(programs / "python"), "--requirement", str(pins))
            ready.touch()
        if not compiled.exists():
            # Where Python is told to write no bytecode, each start would compile these anew:
            # moto's take 2 s. What is no Python of this version stays as it is.
            compile_ = [str(programs / "python"), "-m", "compileall", "-qq", "-j", "0"]
            subprocess.run([*compile_, str(home / "lib")], check=False)
            compiled.touch()
    return programs


def _uv(*words: str) -> None:
    done = subprocess.run([UV, "--quiet", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnavailableError(f"uv {words[0]} failed: {done.stderr.strip()[-300:]}")
