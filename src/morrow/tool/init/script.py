"""A script that starts its own server: what it does before, as a module that another can serve.

`python app.py` makes tables, adds routes or makes the application itself below its last `if`; who
imports the file sees none of it. The statements stand in a module of their own, up to the server.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import PurePosixPath as Pure

from morrow.tool.init.answer import Application
from morrow.tool.init.commands import commands
from morrow.tool.init.files import ASIDE, Repository
from morrow.tool.init.places import STARTED, Candidate, places
from morrow.tool.init.served import (
    DEFAULT,
    STARTS,
    TREE,
    Function,
    Served,
    bound,
    holder,
    name_of,
    text_of,
)

PAD = " " * 8
LATER = """\
holds = []


async def application(scope, receive, send):
    if not holds:  # the first thing that is asked is the start of its lifespan: nobody else waits
{body}\
        holds.append(made)
    await holds[0](scope, receive, send)
"""


def scripts(repository: Repository) -> Iterator[Candidate]:
    """Yield a candidate for each script whose own start tells what it serves."""
    for file, name, said in commands(repository):
        if text := started(_module(repository, file), repository.trees[file], name):
            yield from _beside(repository, file, f"{said} starts it", 60, text)
    for file, tree in repository.trees.items():
        if ASIDE.search(file) or Pure(file).stem == STARTED:
            continue
        why = f"{file} starts it, and does more than an import of it"
        weight = 40 - file.count("/")
        if text := started(_module(repository, file), tree):
            yield from _beside(repository, file, why, weight, text)
            continue
        for module, name, there in _imported(repository, file, tree):
            package = module if there.endswith("__init__.py") else module.rpartition(".")[0]
            if text := started(module, repository.trees[there], name, package):
                yield from _beside(repository, file, f"{file} calls {module}", weight, text)


def _imported(
    repository: Repository, file: str, tree: ast.Module
) -> Iterator[tuple[str, str, str]]:
    """Yield the functions of other files that a script calls: the module, the name, the file."""
    called = {_called(one) for one in _first(tree)}
    folder = "/".join(Pure(file).parts[:-1])
    for one in tree.body:
        if isinstance(one, ast.ImportFrom) and one.module and not one.level:
            path = f"{folder}/{one.module.replace('.', '/')}".lstrip("/")
            there = [at for at in (f"{path}.py", f"{path}/__init__.py") if at in repository.trees]
            names = [name.name for name in one.names if name.name in called and not name.asname]
            yield from ((one.module, name, at) for name in names for at in there[:1])


def _module(repository: Repository, file: str) -> str:
    return next((one.module for one in places(repository, file, "", "", 0)), "")


def _beside(
    repository: Repository, file: str, why: str, weight: int, text: str
) -> Iterator[Candidate]:
    for one in list(places(repository, file, "application", why, weight))[:1]:
        yield replace(one, module=STARTED, script=text)


def _guarded(tree: ast.Module) -> list[ast.If]:
    tests = [one for one in tree.body if isinstance(one, ast.If)]
    return [one for one in tests if "__name__" in text_of(one.test)]


def _first(tree: ast.Module) -> list[ast.stmt]:
    """Return what a script does when it is started, also what it tries to."""
    found = [part for block in _guarded(tree) for part in block.body]
    tries = [part for one in found if isinstance(one, ast.Try) for part in one.body]
    return found if not any(_called(part) for part in tries) else [
        part for one in found for part in (one.body if isinstance(one, ast.Try) else [one])
    ]  # fmt: skip


def started(module: str, tree: ast.Module, command: str = "", package: str = "") -> str:
    """Return the module, "" where the script shows no application before its server.

    `command`: the function that starts it, where an installed command or another file does;
    `package`: what its relative imports are relative to.
    """
    functions = {one.name: one for one in tree.body if isinstance(one, Function)}
    blocks = _guarded(tree)
    first = _first(tree)
    if command:
        first = list(functions[command].body) if command in functions else []
    called = ((one, functions.get(_called(one))) for one in first)
    parts = [part for one, inner in called
             for part in (inner.body if inner and not inner.args.args else [one])]  # fmt: skip
    for line in (0, holder(parts)):  # who says what it serves, before who holds it
        served, kept = Served(bound(tree.body), package, line), list[ast.stmt]()
        for part in parts:
            if not served.found:
                made = served.visit(deepcopy(part))
                kept += made if isinstance(made, list) else [made]
        if served.found:
            break
    if not served.found or (len(kept) == 1 and served.plain and not command):
        return ""
    used = {one.id for part in kept for one in ast.walk(part) if isinstance(one, ast.Name)}
    names = sorted(used & bound([one for one in tree.body if one not in blocks]))
    asks = ast.walk(functions[command].args) if command else ()
    if used & {one.arg for one in asks if isinstance(one, ast.arg)}:
        return ""  # what its command line says
    imported = f"from {module} import {', '.join(names)}" if names else f"import {module}"
    head = f"# What {module} does before it starts a server of its own: read it before you deploy."
    body = "\n".join(map(text_of, kept)) + "\n"
    if any(isinstance(one, ast.Await) for part in kept for one in ast.walk(part)):
        body = re.sub(r"(?m)^application = ", "made = ", body)
        body = LATER.format(body=textwrap.indent(body, PAD))
    text = f"{head}\n{imported}\n\n{body}"
    try:
        compile(text, module, "exec")
    except SyntaxError:  # a `return` of the function that it stood in
        return ""
    return text


def _called(one: ast.stmt) -> str:
    """Return the function that a statement calls: `main()`, `asyncio.run(main())`."""
    call = one.value if isinstance(one, ast.Expr) else None
    if isinstance(call, ast.Call) and text_of(call.func) == "asyncio.run" and call.args:
        call = call.args[0]
    return name_of(call.func) if isinstance(call, ast.Call) else ""


def unguarded(module: str, tree: ast.Module) -> str:
    """Return a module that imports a script whose import starts a server, without the server."""
    for one in tree.body:
        call = one.value if isinstance(one, ast.Expr) else None
        starts = call and isinstance(call, ast.Call) and STARTS.get(text_of(call.func))
        if not call or not starts:
            continue
        served = Served(bound(tree.body))
        served.visit(deepcopy(one))
        owner, _, function = starts.partition(".")
        same = "cherrypy.tree.mount" if function == "quickstart" else "lambda *_, **__: None"
        if served.found:
            return (
                f"# The import of {module} starts a server: here it does not.\nimport {owner}\n\n"
                f"{starts} = {same}\nimport {module}  # noqa: E402\n\n"
                f"application = {_within(module, served.text, owner)}\n"
            )
    return ""


def _within(module: str, text: str, owner: str) -> str:
    """Return what is served, by the name that it has outside of the module."""
    if text in (TREE, DEFAULT):
        return text if text == TREE else f"{owner}.{text}"
    return f"{module}.{text}"


def tabled(app: Application, own: str = "") -> Candidate:
    """Return a module that makes the tables, where nothing else in the repository does.

    `own`: the text of the module that serves it, where that is already one of ours.
    """
    module, _, name = app.target.partition(":")
    said = f"Nothing that starts {module} makes its tables: here those that are missing are made."
    if module == STARTED:
        text = f"{own}\n# {said.replace(module, 'it')}\n"
    else:
        text = f"# {said}\nfrom {module} import {name.removesuffix('()').partition('.')[0]}\n\n"
        text += f"application = {name}\n"
        name = "application"
    text += f"with {name}.app_context():\n    {name}.{app.tables}.create_all()\n"
    why = f"{app.candidate.why}, and nothing makes its tables"
    return replace(app.candidate, module=STARTED, attribute=name, script=text, why=why)


def later(module: str, name: str) -> str:
    """Return a module whose application is made by a coroutine, in the loop that serves it."""
    head = f"# {module} makes its application in a coroutine: here, in the loop that serves it."
    body = LATER.format(body=f"{PAD}made = await {name}()\n")
    return f"{head}\nfrom {module} import {name}\n\n{body}"
