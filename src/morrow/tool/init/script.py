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

from morrow.tool.init.commands import commands
from morrow.tool.init.files import ASIDE, Repository
from morrow.tool.init.places import STARTED, Candidate, places

# Who serves, by name, and which of its arguments is the application.
SERVERS = {"serve": 0, "run_simple": 2, "make_server": 2, "WSGIServer": 1, "run": 0, "Config": 0,
           "quickstart": 0}  # fmt: skip
MADE_FIRST = ("make_server", "WSGIServer", "Config")  # and what starts it is called later
DEFAULT = "default_app()"  # Bottle's, where none is named
TREE = "cherrypy.tree"  # CherryPy's, where all that is mounted hangs
# Calls that serve until they are ended, by what they are named, and where they live.
STARTS = {
    one: one for one in ("uvicorn.run", "waitress.serve", "bottle.run", "cherrypy.quickstart")
}
STARTS |= {"serve": "waitress.serve", "run": "bottle.run"}
OTHERS = ("asyncio", "anyio", "trio", "subprocess", "unittest", "runpy", "web", "mcp", "loop")


Function = ast.FunctionDef | ast.AsyncFunctionDef
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
        if text := started(_module(repository, file), tree):
            yield from _beside(repository, file, why, 40 - file.count("/"), text)


def _module(repository: Repository, file: str) -> str:
    return next((one.module for one in places(repository, file, "", "", 0)), "")


def _beside(
    repository: Repository, file: str, why: str, weight: int, text: str
) -> Iterator[Candidate]:
    for one in list(places(repository, file, "application", why, weight))[:1]:
        yield replace(one, module=STARTED, script=text)


def started(module: str, tree: ast.Module, command: str = "") -> str:
    """Return the module, "" where the script shows no application before its server.

    `command`: the function that starts it, where an installed command does.
    """
    functions = {one.name: one for one in tree.body if isinstance(one, Function)}
    blocks = [one for one in tree.body if isinstance(one, ast.If) and "__name__" in _text(one.test)]
    served = _Served(_bound(tree.body))
    kept: list[ast.stmt] = []
    first: list[ast.stmt] = [part for block in blocks for part in block.body]
    if command:
        first = list(functions[command].body) if command in functions else []
    for one in first:
        inner = functions.get(_called(one))
        for part in inner.body if inner and not inner.args.args else [one]:
            if not served.found:
                made = served.visit(deepcopy(part))
                kept += made if isinstance(made, list) else [made]
    if not served.found or (len(kept) == 1 and served.plain and not command):
        return ""
    used = {one.id for part in kept for one in ast.walk(part) if isinstance(one, ast.Name)}
    names = sorted(used & _bound([one for one in tree.body if one not in blocks]))
    asks = ast.walk(functions[command].args) if command else ()
    if used & {one.arg for one in asks if isinstance(one, ast.arg)}:
        return ""  # what its command line says
    imported = f"from {module} import {', '.join(names)}" if names else f"import {module}"
    head = f"# What {module} does before it starts a server of its own: read it before you deploy."
    body = "\n".join(map(_text, kept)) + "\n"
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
    if isinstance(call, ast.Call) and _text(call.func) == "asyncio.run" and call.args:
        call = call.args[0]
    return _name(call.func) if isinstance(call, ast.Call) else ""


def unguarded(module: str, tree: ast.Module) -> str:
    """Return a module that imports a script whose import starts a server, without the server."""
    for one in tree.body:
        call = one.value if isinstance(one, ast.Expr) else None
        starts = call and isinstance(call, ast.Call) and STARTS.get(_text(call.func))
        if not call or not starts:
            continue
        served = _Served(_bound(tree.body))
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


def later(module: str, name: str) -> str:
    """Return a module whose application is made by a coroutine, in the loop that serves it."""
    head = f"# {module} makes its application in a coroutine: here, in the loop that serves it."
    body = LATER.format(body=f"{PAD}made = await {name}()\n")
    return f"{head}\nfrom {module} import {name}\n\n{body}"


class _Served(ast.NodeTransformer):
    """Puts the application in the place of the call that serves it."""

    def __init__(self, bound: set[str]) -> None:
        self.found = self.plain = False
        self.text = ""
        self._bound = bound

    def visit_FunctionDef(self, node: Function) -> ast.AST:
        """Leave what is only defined."""
        return node

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - as the base class calls it

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        """Look at a call that stands alone."""
        return self._replaced(node, node.value)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        """Look at `server = WSGIServer(...)`."""
        made = isinstance(node.value, ast.Call) and _name(node.value.func) in MADE_FIRST
        return self._replaced(node, node.value) if made else node

    def _replaced(self, node: ast.stmt, call: ast.expr) -> ast.AST | list[ast.stmt]:
        call = call.value if isinstance(call, ast.Await) else call
        if not isinstance(call, ast.Call):
            return node
        if _name(call.func) == "serve_forever" and isinstance(call.func, ast.Attribute):
            return self._replaced(node, call.func.value)
        text = _application(call, self._bound)
        if not text:
            return node
        self.found, self.plain, self.text = True, text.isidentifier(), text
        first = f"from bottle import {DEFAULT[:-2]}\n" if text == DEFAULT else ""
        if text == TREE and _name(call.func) == "quickstart":
            call.func = ast.parse("cherrypy.tree.mount", mode="eval").body
            first = f"import cherrypy\n{_text(call)}\n"
        return ast.parse(f"{first}application = {text}").body


def _application(call: ast.Call, bound: set[str]) -> str:
    """Return what a call serves, "" where it serves nothing that is known."""
    name = _name(call.func)
    if _text(call.func) in ("cherrypy.engine.start", "engine.start"):
        return TREE
    if name not in SERVERS:
        return ""
    given = call.args[SERVERS[name]] if len(call.args) > SERVERS[name] else None
    given = next((one.value for one in call.keywords if one.arg in ("app", "application")), given)
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    over = _name(owner) if owner else ""
    if name == "quickstart":
        return TREE
    if name == "Config" and over not in ("uvicorn", ""):
        return ""
    if name == "run" and (over == "bottle" or (owner is None and "route" in bound)):
        return _text(given) if given else DEFAULT
    if name == "run" and owner and over not in ("uvicorn", "hypercorn", "socketio", "sio"):
        return "" if over in OTHERS else _text(owner)
    if given is None or isinstance(given, ast.Constant) or (name == "run" and owner is None):
        return ""
    called = any(one.arg == "factory" and "True" in _text(one.value) for one in call.keywords)
    return f"{_text(given)}()" if called else _text(given)


def _text(node: ast.AST) -> str:
    return ast.unparse(node)


def _name(node: ast.AST | None) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _bound(body: list[ast.stmt]) -> set[str]:
    """Return the names that these statements bind for the whole module."""
    found: set[str] = set()
    left: list[ast.AST] = list(body)
    while left:
        one = left.pop()
        if isinstance(one, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            found.add(one.name)
        elif isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            found.add(one.id)
        elif isinstance(one, ast.alias):
            found.add(one.asname or one.name.partition(".")[0])
        elif not isinstance(one, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            left += ast.iter_child_nodes(one)
    return found
