"""What counts as a service's code: what it imports of its folder, and what lies in its packages."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from morrow.tool.environment.model import Environment

# What a service writes while it runs, in its own packages too.
WRITTEN = (".log", ".pid", ".db", ".sqlite", ".sqlite3", "-journal", "-wal", "-shm")
# Frameworks read these beside a module that never names them.
BESIDE = ("templates", "static")
# What a module imports, and dotted names in quotes, by which frameworks import.
NAMES = re.compile(
    r"""(?m)^\s*(?:from|import)\s+(?P<first>\w+)(?P<more>[\w.]*(?:\s*,\s*[\w.]+)+)?"""
    r"""|["'](?P<quoted>\w+)[.:]\w[\w.:]*["']"""
)


def fingerprint(environment: Environment, settings: Mapping[str, str], revision: str) -> str:
    """Name what would run: the code, the kit below it, the settings and the secrets' revision."""
    import morrow

    project, digest = environment.project, hashlib.sha256()
    digest.update(json.dumps([project.app, sorted(settings.items()), revision]).encode())
    if environment.processes:
        digest.update(json.dumps(environment.processes, sort_keys=True, default=str).encode())
    kit = Path(str(morrow.__file__)).parent / "kit"
    entries = (project.app, *_commands(environment))
    for root, files in ((project.source, code_of(project.source, entries)), (kit, walk(kit))):
        for file in files:
            digest.update(str(file.relative_to(root)).encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _commands(environment: Environment) -> Iterator[str]:
    """Yield the words of the processes beside it: a worker's module is among them."""
    for process in environment.processes.values():
        for key in ("command", "args"):
            yield from map(str, process.get(key) or ())


def code_of(source: Path, entries: Iterable[str]) -> list[Path]:
    """Return the files that the entries reach; all, where none is found in the folder."""
    waiting = {re.split("[.:]", one)[0] for one in entries}
    visited, files = set[str](), list[Path]()
    while waiting:
        visited.add(name := waiting.pop())
        if not name.isidentifier():
            continue
        module, package = source / f"{name}.py", source / name
        own = [module] if module.is_file() else walk(package) if package.is_dir() else []
        files += own
        for file in own:
            if file.suffix == ".py":
                waiting |= _named(file.read_text(errors="replace")) - visited
    if not files:
        return walk(source)
    return sorted({*files, *(file for name in BESIDE for file in walk(source / name))})


def _named(text: str) -> set[str]:
    """Return the first part of each name that a module imports or quotes."""
    named = set()
    for match in NAMES.finditer(text):
        named |= {match["first"] or match["quoted"]}
        named |= {part.strip().partition(".")[0] for part in (match["more"] or "").split(",")[1:]}
    return named


def walk(root: Path) -> list[Path]:
    """Return every file below a folder, without environments and what is written there."""
    files = []
    for folder, below, names in os.walk(root):
        here = Path(folder)
        below[:] = [
            name
            for name in below
            if not name.startswith(".")
            and name not in ("__pycache__", "node_modules", "instance")
            and not (here / name / "pyvenv.cfg").exists()
        ]
        files += [here / one for one in names if one[0] != "." and not one.endswith(WRITTEN)]
    return sorted(file for file in files if file.is_file())
