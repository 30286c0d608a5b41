"""A script that starts its own server: what it does before, as a module that another can serve.

`python app.py` makes tables, adds routes or makes the application itself below its last `if`; who
imports the file sees none of it. The statements stand in a module of their own, up to the server.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import PurePosixPath as Pure

from morrow.tool.init.files import ASIDE, Repository
from morrow.tool.init.places import STARTED, Candidate, places

# Who serves, by name, and which of its arguments is the application.
SERVERS = {"serve": 0, "run_simple": 2, "make_server": 2, "WSGIServer": 1, "run": 0}
MADE_FIRST = ("make_server", "WSGIServer")  # and `serve_forever` called later
DEFAULT = "default_app()"  # Bottle's, where none is named
OTHERS = ("asyncio", "anyio", "trio", "subprocess", "unittest", "runpy", "web", "mcp", "loop")


def scripts(repository: Repository) -> Iterator[Candidate]:
    """Yield a candidate for each script whose own start tells what it serves."""
    for file, tree in repository.trees.items():
        if ASIDE.search(file) or Pure(file).stem == STARTED:
            continue
        why = f"{file} starts it, and does more than an import of it"
        for one in list(places(repository, file, "application", why, 40 - file.count("/")))[:1]:
            if text := started(one.module, tree):
                yield replace(one, module=STARTED, script=text)


def started(module: str, tree: ast.Module) -> str:
    """Return the module, "" where the script shows no application before its server."""
    functions = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
    blocks = [one for one in tree.body if isinstance(one, ast.If) and "__name__" in _text(one.test)]
    served = _Served(_bound(tree.body))
    kept: list[ast.stmt] = []
    for one in (part for block in blocks for part in block.body):
        call = one.value if isinstance(one, ast.Expr) else None
        inner = functions.get(_name(call.func)) if isinstance(call, ast.Call) else None
        for part in inner.body if inner and not inner.args.args else [one]:
            if not served.found:
                made = served.visit(deepcopy(part))
                kept += made if isinstance(made, list) else [made]
    if not served.found or (len(kept) == 1 and served.plain):
        return ""
    used = {one.id for part in kept for one in ast.walk(part) if isinstance(one, ast.Name)}
    names = sorted(used & _bound([one for one in tree.body if one not in blocks]))
    imported = f"from {module} import {', '.join(names)}" if names else f"import {module}"
    head = f"# What {module} does before it starts a server of its own: read it before you deploy."
    text = "\n".join([head, imported, "", *map(_text, kept)]) + "\n"
    try:
        compile(text, module, "exec")
    except SyntaxError:  # a `return` of the function that it stood in
        return ""
    return text


class _Served(ast.NodeTransformer):
    """Puts the application in the place of the call that serves it."""

    def __init__(self, bound: set[str]) -> None:
        self.found = self.plain = False
        self._bound = bound

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Leave what is only defined."""
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        """Look at a call that stands alone."""
        return self._replaced(node, node.value)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        """Look at `server = WSGIServer(...)`."""
        made = isinstance(node.value, ast.Call) and _name(node.value.func) in MADE_FIRST
        return self._replaced(node, node.value) if made else node

    def _replaced(self, node: ast.stmt, call: ast.expr) -> ast.AST | list[ast.stmt]:
        if not isinstance(call, ast.Call):
            return node
        if _name(call.func) == "serve_forever" and isinstance(call.func, ast.Attribute):
            return self._replaced(node, call.func.value)
        text = _application(call, self._bound)
        if not text:
            return node
        self.found, self.plain = True, text.isidentifier()
        first = f"from bottle import {DEFAULT[:-2]}\n" if text == DEFAULT else ""
        return ast.parse(f"{first}application = {text}").body


def _application(call: ast.Call, bound: set[str]) -> str:
    """Return what a call serves, "" where it serves nothing that is known."""
    name = _name(call.func)
    if name not in SERVERS:
        return ""
    given = call.args[SERVERS[name]] if len(call.args) > SERVERS[name] else None
    given = next((one.value for one in call.keywords if one.arg in ("app", "application")), given)
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    over = _name(owner) if owner else ""
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
