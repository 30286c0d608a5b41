"""Programs and files that come as wheels, and that no Python imports: unpacked once, and kept."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from tools.cache import UnavailableError, cache_folder, only_one

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"


def home(name: str) -> Path:
    """Return where the wheels of `requirements/NAME.txt` are, once they are unpacked."""
    pins = (REQUIREMENTS / f"{name}.txt").read_bytes()
    return cache_folder() / name / hashlib.sha256(pins).hexdigest()[:12]


def unpacked(name: str) -> Path:
    """Return the folder of the wheels of `requirements/NAME.txt`; unpack them when missing."""
    place = home(name)
    if not place.is_dir():
        with only_one(place.parent / "lock"):
            if not place.is_dir():
                _unpack(name, place)
    return place


def _unpack(name: str, place: Path) -> None:
    """Unpack beside `place`, then rename: what was interrupted is begun anew."""
    unfinished = place.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    done = subprocess.run(
        [REQUIREMENTS / "install.sh", "into", unfinished, name],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(unfinished, ignore_errors=True)
        why = " ".join(done.stderr.split())[-300:]
        raise UnavailableError(f"the wheels of requirements/{name}.txt cannot be had: {why}")
    unfinished.rename(place)
