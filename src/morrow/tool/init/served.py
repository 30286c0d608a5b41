"""What a script serves: the application in the place of the call that starts a server."""

from __future__ import annotations

import ast
import re

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
# An object that holds the application serves it, where a function has made one before.
MAKES = re.compile(
    r"(create|make|build|get|init)_(\w+_)?(app|application)|Flask|FastAPI|Quart|Starlette|Litestar"
)
HOLDS = {"start", "serve", "serve_forever", "run_forever", "run_server", "start_server"}
OTHERS = ("asyncio", "anyio", "trio", "subprocess", "unittest", "runpy", "web", "mcp", "loop")


Function = ast.FunctionDef | ast.AsyncFunctionDef


class Served(ast.NodeTransformer):
    """Puts the application in the place of the call that serves it."""

    def __init__(self, bound: set[str], package: str = "", line: int = 0) -> None:
        self.line = line  # of a call that serves without saying what
        self.found = self.plain = False
        self.text = self._made = ""
        self._bound, self._package = bound, package

    def visit_FunctionDef(self, node: Function) -> ast.AST:
        """Leave what is only defined."""
        return node

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - as the base class calls it

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        """Look at a call that stands alone."""
        return self._replaced(node, node.value)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        """Look at `server = WSGIServer(...)`."""
        called = name_of(node.value.func) if isinstance(node.value, ast.Call) else ""
        if MAKES.fullmatch(called) and isinstance(node.targets[0], ast.Name):
            self._made = node.targets[0].id
        serves = called in MADE_FIRST or (self._made and node.value.lineno == self.line)
        return self._replaced(node, node.value) if serves else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        """Say from where: what stands elsewhere is relative to nothing."""
        if node.level and self._package:
            parts = self._package.split(".")
            above = parts[: len(parts) - node.level + 1]
            node.module, node.level = ".".join([*above, *filter(None, [node.module])]), 0
        return node

    def _replaced(self, node: ast.stmt, call: ast.expr) -> ast.AST | list[ast.stmt]:
        call = call.value if isinstance(call, ast.Await) else call
        if not isinstance(call, ast.Call):
            return node
        if name_of(call.func) == "serve_forever" and isinstance(call.func, ast.Attribute):
            return self._replaced(node, call.func.value)
        text = _application(call, self._bound)
        if call.lineno == self.line:
            text = text or self._made
        if not text:
            return node
        self.found, self.plain, self.text = True, text.isidentifier(), text
        first = f"from bottle import {DEFAULT[:-2]}\n" if text == DEFAULT else ""
        if text == TREE and name_of(call.func) == "quickstart":
            call.func = ast.parse("cherrypy.tree.mount", mode="eval").body
            first = f"import cherrypy\n{text_of(call)}\n"
        return ast.parse(f"{first}application = {text}").body


def holder(body: list[ast.stmt]) -> int:
    """Return the line of the last `server.start()`, 0 where there is none."""
    calls = (part for one in body for part in ast.walk(one) if isinstance(part, ast.Call))
    held = (one for one in calls if isinstance(one.func, ast.Attribute) and one.func.attr in HOLDS)
    return max((one.lineno for one in held), default=0)


def _application(call: ast.Call, bound: set[str]) -> str:
    """Return what a call serves, "" where it serves nothing that is known."""
    name = name_of(call.func)
    if text_of(call.func) in ("cherrypy.engine.start", "engine.start"):
        return TREE
    if name not in SERVERS:
        return ""
    given = call.args[SERVERS[name]] if len(call.args) > SERVERS[name] else None
    given = next((one.value for one in call.keywords if one.arg in ("app", "application")), given)
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    over = name_of(owner) if owner else ""
    if name == "quickstart":
        return TREE
    if name == "Config" and over not in ("uvicorn", ""):
        return ""
    if name == "run" and (over == "bottle" or (owner is None and "route" in bound)):
        return text_of(given) if given else DEFAULT
    if name == "run" and owner and over not in ("uvicorn", "hypercorn", "socketio", "sio"):
        return "" if over in OTHERS else text_of(owner)
    if given is None or isinstance(given, ast.Constant) or (name == "run" and owner is None):
        return ""
    called = any(one.arg == "factory" and "True" in text_of(one.value) for one in call.keywords)
    return f"{text_of(given)}()" if called else text_of(given)


def text_of(node: ast.AST) -> str:
    """Return the code of a node."""
    return ast.unparse(node)


def name_of(node: ast.AST | None) -> str:
    """Return the last name of `a.b.c`."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def bound(body: list[ast.stmt]) -> set[str]:
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
