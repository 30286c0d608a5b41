"""Functions that are installed as commands: one may start the service, or make it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from morrow.tool.init.files import Repository

ENTRY = re.compile(r"(?<![\w.-])[\w.-]+\s*=\s*([\w.]+):(\w+)")


def commands(repository: Repository) -> Iterator[tuple[str, str, str]]:
    """Yield the file, the function and who says so, of each command whose code is here."""
    tool = repository.pyproject.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    for where, table in (
        ("[project.scripts]", repository.pyproject.get("project")),
        ("[tool.poetry.scripts]", poetry),
    ):
        stated: Any = table.get("scripts") if isinstance(table, dict) else None
        for name, given in (stated if isinstance(stated, dict) else {}).items():
            module, _, function = str(given).partition(":")
            yield from _here(repository, module, function, f"{where} {name}")
    for path in ("setup.cfg", "setup.py"):
        _, found, text = repository.text(path).partition("console_scripts")
        for module, function in ENTRY.findall(re.split(r"\n\[|\]", text)[0] if found else ""):
            yield from _here(repository, module, function, path)


def _here(
    repository: Repository, module: str, function: str, said: str
) -> Iterator[tuple[str, str, str]]:
    path = module.replace(".", "/")
    for file in repository.trees:
        if f"/{file}".endswith((f"/{path}.py", f"/{path}/__init__.py")):
            yield file, function, said
