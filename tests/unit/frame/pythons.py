"""Other Pythons on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tools import debian_python
from tools.environments import UV


def interpreter(version: str) -> Path | None:
    """Return a working interpreter of that version; a machine for checks gets what it lacks."""
    found = _here(version)
    if found is None and os.environ.get("CI") == "true":
        if newer := debian_python.python(version):
            return newer
        install = [UV, "--quiet", "python", "install", version]
        if subprocess.run(install, check=False).returncode == 0:
            found = _here(version)
    return found


def _here(version: str) -> Path | None:
    """Return an interpreter that this machine has: on PATH, from pyenv or from uv."""
    homes = [
        Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions",
        Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "uv" / "python",
    ]
    found = [shutil.which(f"python{version}"), f"/usr/bin/python{version}"]
    for home in homes:
        found += sorted(map(str, home.glob(f"*{version}.*/bin/python3")), reverse=True)
    ask = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
    for candidate in found:
        if candidate is None or not Path(candidate).exists():
            continue
        # A pyenv shim may stand on PATH for a version that is not switched on: it ends with 127.
        done = subprocess.run([candidate, "-c", ask], capture_output=True, text=True, check=False)
        answered, _, executable = done.stdout.strip().partition(" ")
        if answered == version:
            return Path(executable)
    return None
