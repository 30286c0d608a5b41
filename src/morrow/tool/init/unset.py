"""What an import lacks that a program sets first: a configuration that a function loads."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from morrow.tool.init.answer import Refusal
from morrow.tool.init.files import Repository


def unset(repository: Repository, refusal: Refusal) -> str:
    """Say who sets the global that is still None where the import fails, "" where none is."""
    if "'NoneType' object" not in refusal.message:
        return ""
    file, line = refusal.place(repository.trees)
    tree = repository.trees.get(file, ast.Module([], []))
    names = [one for one in ast.walk(tree) if isinstance(one, ast.Name) and str(one.lineno) == line]
    used = [one.id for one in names if isinstance(one.ctx, ast.Load)]
    for name, held in [(one, held) for one in used for held in (file, *_from(tree, one))]:
        for place, function in _sets(repository, held, name):
            calls = next(_calls(repository, function), "")
            by = f", as {calls} does" if calls else ""
            return f"; {name} is None until {function}() of {place} is called{by}"
    return ""


def _from(tree: ast.AST, name: str) -> Iterator[str]:
    """Yield the module that a name is imported from, as the end of a path."""
    for one in ast.walk(tree):
        if isinstance(one, ast.ImportFrom) and name in [alias.name for alias in one.names]:
            yield f"{(one.module or '').replace('.', '/')}.py"


def _sets(repository: Repository, held: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the functions of a file that set a global of its own, and the file."""
    for file in repository.trees:
        if f"/{file}".endswith(f"/{held}"):
            for one in ast.walk(repository.trees[file]):
                inner = ast.walk(one) if isinstance(one, ast.FunctionDef) else ()
                if any(isinstance(each, ast.Global) and name in each.names for each in inner):
                    yield file, getattr(one, "name", "")


def _calls(repository: Repository, function: str) -> Iterator[str]:
    """Yield the places that call it."""
    for file, tree in repository.trees.items():
        for one in ast.walk(tree):
            if isinstance(one, ast.Call):
                called = getattr(one.func, "attr", getattr(one.func, "id", ""))
                if called == function and "test" not in file:
                    yield f"{file}:{one.lineno}"
