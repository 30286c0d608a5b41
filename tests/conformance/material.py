"""What the applications of others need: their sources, a project of Django's generator, files."""

from __future__ import annotations

import fcntl
import re
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

from tools.build import UnavailableError
from tools.environments import environment

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "requirements" / "conformance.txt"


def programs() -> Path:
    """Return the folder of programs of the environment with everybody's packages."""
    return environment(Path(sys.executable), PINS)


def prepare(folder: Path, bin_folder: Path) -> None:
    """Fill a folder for one run."""
    kept = sources(bin_folder)
    (folder / "flaskr").symlink_to(kept / "flask/examples/tutorial/flaskr")
    (folder / "fastapi").symlink_to(kept / "fastapi")
    _run(bin_folder, "-m", "django", "startproject", "project", str(folder))
    settings = folder / "project" / "settings.py"
    # The one thing that every deployment changes.
    settings.write_text(settings.read_text().replace("ALLOWED_HOSTS = []", 'ALLOWED_HOSTS = ["*"]'))
    _run(bin_folder, str(folder / "manage.py"), "migrate", "--verbosity", "0")
    for name in ("packages", "calendars", "static"):
        (folder / name).mkdir()
    (folder / "packages" / "thing-1.0.tar.gz").write_bytes(bytes(range(256)) * 4)
    (folder / "static" / "index.html").write_text("<p>An index.</p>\n")
    (folder / "static" / "text.txt").write_text("abcdefghij" * 10)
    with sqlite3.connect(folder / "data.sqlite") as data:
        data.execute("create table items (name text)")
        data.execute("insert into items values ('one')")


def sources(bin_folder: Path) -> Path:
    """Return a folder with the sources of packages whose examples are not in their wheels."""
    kept = bin_folder.parent / "sources"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("flask", "fastapi"):
            if (kept / name).exists():
                continue
            pinned = re.search(rf"^{name}==(?:.*\\\n)*.*\n", PINS.read_text(), re.MULTILINE)
            assert pinned is not None, name
            kept.mkdir(exist_ok=True)
            only = kept / f"{name}.txt"
            only.write_text(pinned[0])
            words = ["--no-deps", "--no-binary", ":all:", "--require-hashes", "--requirement"]
            _run(bin_folder, "-m", "pip", "download", "--quiet", *words, str(only), "-d", str(kept))
            (archive,) = kept.glob(f"{name}-*.tar.gz")
            with tarfile.open(archive) as packed:
                packed.extractall(kept, filter="data")
            (kept / archive.name.removesuffix(".tar.gz")).rename(kept / name)
    return kept


def _run(bin_folder: Path, *words: str) -> None:
    done = subprocess.run(
        [str(bin_folder / "python"), *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UnavailableError(f"{' '.join(words[:3])}: {done.stderr.strip()[-400:]}")
