"""Where the syntax trees make an application: by name, in a factory, or import one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath as Pure

from morrow.tool.init.commands import commands
from morrow.tool.init.files import ASIDE, Repository
from morrow.tool.init.places import STARTED, Candidate, has_module, places
from morrow.tool.init.script import later, unguarded
from morrow.tool.init.served import SERVERS

MAKERS = {
    "Flask", "FastAPI", "Starlette", "Quart", "Sanic", "Litestar", "Bottle", "APIFlask", "OpenAPI",
    "get_wsgi_application", "get_asgi_application", "App", "Falcon", "FlaskApp", "AsyncApp",
    "make_wsgi_app", "default_app", "Dash", "Eve", "Connexion", "Application", "ProtocolTypeRouter",
    "NinjaAPI", "Robyn", "AioHTTP", "Service",
}  # fmt: skip
WEAK = {"App", "Application", "NinjaAPI", "AioHTTP", "Service"}
MODULES = ("main", "app", "wsgi", "asgi", "server", "application", "api", "run")
WORDS = r"(create|make|build|get|init)_(\w+_)?(app|application|server)|(\w+_)?factory"
FORMS = r"(\w*_)?(model|inline)?form(set)?_factory"  # Django's forms are no applications
FACTORY = re.compile(rf"(?!{FORMS})({WORDS})")


def seen(repository: Repository) -> Iterator[Candidate]:
    """Read where an application is made: at the top of a module, or in a function that makes it."""
    for file, tree in repository.trees.items():
        aside = 45 if ASIDE.search(file) else 0
        base = 60 - 3 * file.count("/") - aside
        stem = Pure(file).stem
        bonus = 8 - MODULES.index(stem) if stem in MODULES else 0
        package = Pure(file).parent.name if stem == "__init__" else ""
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and (made := _maker(node.value)):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if isinstance(target, ast.Name):
                    weak = 15 if made in WEAK else 0
                    why = f"{file}:{node.lineno} makes {made}"
                    yield from places(repository, file, target.id, why, base + bonus - weak)
            elif isinstance(node, ast.If | ast.Try | ast.With):
                if any(_maker(getattr(one, "value", None)) for one in ast.walk(node)):
                    yield from places(repository, file, "", f"{file} makes it", base + bonus - 4)
            elif (
                isinstance(node, ast.FunctionDef)
                and FACTORY.fullmatch(node.name)
                and node.name != "init_app"  # an extension's
            ):
                inside = any(isinstance(one, ast.Call) and _maker(one) for one in ast.walk(node))
                needed = len(node.args.args) - len(node.args.defaults)
                if inside or package:
                    why = f"{file}:{node.lineno} is a factory"
                    weight = base + bonus - 3 - (12 * needed) - (0 if inside else 20)
                    yield from places(repository, file, f"{node.name}()", why, weight)
            elif isinstance(node, ast.AsyncFunctionDef) and FACTORY.fullmatch(node.name):
                inside = any(isinstance(one, ast.Call) and _maker(one) for one in ast.walk(node))
                if inside and len(node.args.args) == len(node.args.defaults):
                    why = f"{file}:{node.lineno} is a factory, a coroutine"
                    for one in places(repository, file, "application", why, base + bonus - 5):
                        text = later(one.module, node.name)
                        yield replace(one, module=STARTED, script=text)
            elif isinstance(node, ast.ImportFrom):  # and what adds its routes, perhaps
                held = [one.name for one in node.names if one.name in MODULES and not one.asname]
                if stem == "__main__" and held in (["main"], ["run"]):
                    continue  # a command
                if held and (node.level or has_module(repository, node.module or "")):
                    why = f"{file}:{node.lineno} imports {held[0]}"
                    yield from places(repository, file, held[0], why, base + bonus - 30)
        if unguarded(stem, tree):
            why = f"{file} starts a server when it is imported"
            for one in list(places(repository, file, "application", why, base + bonus + 6))[:1]:
                if text := unguarded(one.module, tree):
                    yield replace(one, module=STARTED, script=text)
        if stem in ("wsgi", "asgi", "main", "app", "application", "run", "server"):
            yield from places(repository, file, "", f"{file} by its name", base + bonus - 12)


def installed(repository: Repository) -> Iterator[Candidate]:
    """Read the commands of the project: one may be a factory that starts no server."""
    for file, name, said in commands(repository):
        for node in repository.trees[file].body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
                makes = any(_maker(one) for one in calls)
                called = {getattr(one.func, "attr", getattr(one.func, "id", "")) for one in calls}
                if makes and not called & {*SERVERS, "serve_forever", "run_app", "echo", "start"}:
                    yield from places(repository, file, f"{name}()", f"{said} is a factory", 66)


def _maker(value: ast.AST | None) -> str:
    """Return the class or function that an application is made by."""
    if not isinstance(value, ast.Call):
        return ""
    name = value.func.attr if isinstance(value.func, ast.Attribute) else ""
    name = value.func.id if isinstance(value.func, ast.Name) else name
    return name if name in MAKERS or FACTORY.fullmatch(name) else ""
