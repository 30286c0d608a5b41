"""What a project says that it needs, and the line of a Dockerfile that installs it."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from morrow.tool.init.files import Repository

INTO = "uv pip install --python /app/.venv/bin/python"
PINS = f"{INTO} -r /tmp/pins.txt"
# A line of requirements that names another file, or a folder.
INCLUDED = re.compile(
    r"(?m)^\s*(?:(-[rce]|--requirement|--constraint|--editable)[\s=]+)?(\.?[\w./-]+)\s*(?:#.*)?$"
)
LOCAL = r"\{[^}\n]*\bpath\s*=\s*[\"']"  # a part of this repository
POETRY = "uvx --with poetry-plugin-export poetry export --without-hashes -o /tmp/pins.txt"
# A lock file (or what stands for it), its manifest, and how its pins are written down.
LOCKS = (
    ("poetry.lock", "pyproject.toml", POETRY),
    ("Pipfile.lock", "Pipfile", "uvx pipenv requirements > /tmp/pins.txt"),
)
EVERY = (
    "requirements.txt", "requirements/production.txt", "requirements/prod.txt",
    "requirements/base.txt", "requirements/requirements.txt", "requirements/common.txt",
    "requirements/main.txt", "requirements-prod.txt", "requirements/local.txt",
)  # fmt: skip


def install(repository: Repository, source: str) -> tuple[list[str], str]:
    """Return the files that say what is needed, and the line that installs it into /app/.venv."""
    places = list(dict.fromkeys([f"{source}/" if source else "", ""]))

    def first(*names: str) -> str:
        found = (place + name for place in places for name in names)
        return next((one for one in found if _full(repository.root / one)), "")

    if path := first("uv.lock"):
        line = "UV_PROJECT_ENVIRONMENT=/app/.venv uv sync --frozen --no-dev --no-install-project"
        stated = path.replace("uv.lock", "pyproject.toml")
        local = re.search(rf"tool\.uv\.workspace|{LOCAL}", repository.text(stated))
        # Each member's own pyproject.toml is read.
        return ["."] if local else [path, stated], _at(path) + line
    for name, manifest, line in LOCKS:
        if path := first(name):
            stated = path.replace(name, manifest)
            local = re.search(LOCAL, repository.text(stated))
            files = ["."] if local else [path, stated]
            return files, f"{_at(path)}{line} \\\n && {PINS}"
    if path := first(*EVERY):
        return _required(repository, path)
    return _stated(repository, first) or _last(repository, first)


def _stated(repository: Repository, first: Callable[..., str]) -> tuple[list[str], str] | None:
    """Return what a manifest without a lock file says."""
    if path := first("pyproject.toml"):
        told = _toml(repository.text(path))
        project, poetry = told.get("project") or {}, (told.get("tool") or {}).get("poetry") or {}
        if project.get("dependencies"):
            return [path], f"{INTO} -r {path}"
        if poetry.get("dependencies"):
            return [path], f"{_at(path)}uvx poetry lock \\\n && {POETRY} \\\n && {PINS}"
        if "build-system" in told and "dependencies" in (project.get("dynamic") or ()):
            return ["."], f"{INTO} ./{path.rpartition('/')[0]}"
    if path := first("Pipfile"):
        lock = "uvx pipenv lock \\\n && uvx pipenv requirements > /tmp/pins.txt"
        return [path], f"{_at(path)}{lock} \\\n && {PINS}"
    return None


def _last(repository: Repository, first: Callable[..., str]) -> tuple[list[str], str]:
    """Return what is left: a setup.py, or requirements of another name."""
    if path := first("setup.py", "setup.cfg"):
        return ["."], f"{INTO} ./{path.rpartition('/')[0]}"
    named = [path for path in repository.others if re.search(r"requirements[^/]*\.(txt|in)$", path)]
    plain = [path for path in named if not re.search(r"dev|test|doc|lint", path)]
    shallow = sorted(plain, key=lambda path: (path.count("/"), path))
    return _required(repository, shallow[0]) if shallow else ([], "")


def _required(repository: Repository, path: str) -> tuple[list[str], str]:
    folder = path.rpartition("/")[0]
    named = _named(repository, path)
    if folder.endswith("requirements") and all(one.startswith(folder) for one in named):
        named = [folder]
    return (["."] if "." in named else named), f"{INTO} -r {path}"


def _full(file: Path) -> bool:
    """Whether a file says anything; a lock file may be longer than what is read of a file."""
    return file.is_file() and file.stat().st_size > 0


def _at(path: str) -> str:
    folder = path.rpartition("/")[0]
    return f"cd {folder} && " if folder else ""


def _toml(text: str) -> dict[str, Any]:
    try:
        told = tomllib.loads(text)
        return {name: one for name, one in told.items() if isinstance(one, dict)}
    except tomllib.TOMLDecodeError:
        return {}


def _named(repository: Repository, path: str) -> list[str]:
    """Return a file of requirements and those that it names; "." where it names this project."""
    found, left = [], [path]
    while left:
        found.append(left.pop())
        folder = found[-1].rpartition("/")[0]
        for flag, name in INCLUDED.findall(repository.text(found[-1])):
            other = posixpath.normpath(posixpath.join(folder, name))
            if not flag or "e" in flag:
                found += ["."] if name.startswith(".") else []
            elif other not in (*found, *left) and repository.text(other):
                left.append(other)
    return found
