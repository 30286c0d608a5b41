"""What only this machine knows, and what therefore no tracked file may name.

The hosts of package registries are read from the machine's own clients while the test runs:
a list of them in this file would be what it forbids.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

# The first of these that has pip: .venv may be made without one, by its interpreter's.
PYTHONS = (sys.executable, str(Path(sys.base_prefix, "bin", "python3")))
# Each prints addresses or host names somewhere in its output.
OF_PIP = (
    ["-m", "pip", "config", "debug"],
    [
        "-c",
        "from pip._internal.models.index import PyPI as p;"
        "print('https://' + p.netloc, 'https://' + p.file_storage_domain)",
    ],
)
CLIENTS = (["go", "env", "GOPROXY", "GOSUMDB"], ["npm", "config", "get", "registry"])
APT = (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*"))
VARIABLES = re.compile(r"^(PIP|UV|GO|NPM_CONFIG|CARGO)_?\w*$", re.IGNORECASE)
HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")
BARE = re.compile(r"(?:sum|proxy)\.[a-z0-9.-]+")


@dataclass(frozen=True)
class Finding:
    """A line that names something of this machine."""

    file: Path
    line: int
    what: str


def _texts() -> Iterator[str]:
    for words in OF_PIP:
        yield next(filter(None, (_output([python, *words]) for python in PYTHONS)), "")
    for command in CLIENTS:
        yield _output(command)
    for file in APT:
        if file.is_file():
            yield file.read_text(errors="replace")
    yield " ".join(value for name, value in os.environ.items() if VARIABLES.match(name))


def _output(command: list[str]) -> str:
    """Return what a client prints; one that is not installed reaches no registry."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout


def hosts(texts: Iterable[str]) -> set[str]:
    """Return the host names in addresses, and bare ones as Go's settings hold them."""
    found: set[str] = set()
    for text in texts:
        for word in re.split(r"[\s,|'\"=]+", text):
            if "://" in word:
                name = urlsplit(word).hostname or ""
            else:
                name = word if BARE.fullmatch(word) else ""
            if HOST.fullmatch(name):
                found.add(name)
    return found


@cache
def registry_hosts() -> set[str]:
    """Return the hosts of the registries that this machine's clients use."""
    return hosts(_texts())


def folders(root: Path) -> set[str]:
    """Return the folders of this machine that a file in `root` has no reason to name."""
    ordinary = {Path("/"), Path("/home"), Path("/tmp"), Path(tempfile.gettempdir())}
    named = {root, root.parent, Path.home()} - ordinary
    return {f"{path}/" for path in named}


def findings(files: Iterable[Path], words: Iterable[str]) -> list[Finding]:
    """Return every line of `files` that holds one of `words`."""
    pattern = re.compile("|".join(rf"(?<![\w.-]){re.escape(word)}" for word in sorted(words)))
    found = []
    for file in files:
        text = file.read_bytes().decode(errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if match := pattern.search(line):
                found.append(Finding(file, number, match[0]))
    return found
