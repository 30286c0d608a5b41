"""Asked of a candidate, in the project's own interpreter: this file is a program of its own.

    python asked.py QUESTION ANSWER       # two files of JSON

It imports nothing of Morrow. What the application prints, forks or
changes is its own: only the answer's file is read, and whoever started this ends it in time.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from called import call, heard, shown, strange  # type: ignore[import-not-found] # they lie beside this program
from failed import failed, line  # type: ignore[import-not-found]
from moved import enter  # type: ignore[import-not-found]
from routed import routes  # type: ignore[import-not-found]

WORDS = r"(create|make|build|get|init)_(\w+_)?(app|application|asgi|wsgi|server)|(\w+_)?factory"
FACTORY = re.compile(WORDS).fullmatch
NAMES = ("app", "application", "api", "asgi", "wsgi", "server", "webapp", "service")
# Commands of Flask's that make tables where no migration does.
MAKES = re.compile(
    r"(init|create|setup)[-_]?(the[-_]?)?(db|database|tables)|(db|database)[-_]?(init|create)"
)
KNOWN = {
    "flask": "wsgi", "django": "", "bottle": "wsgi", "falcon": "", "pyramid": "wsgi",
    "werkzeug": "wsgi", "cherrypy": "wsgi", "fastapi": "asgi", "starlette": "asgi",
    "quart": "asgi", "litestar": "asgi", "sanic": "asgi", "blacksheep": "asgi",
    "connexion": "", "channels": "asgi", "socketio": "", "apiflask": "wsgi", "robyn": "none",
    "aiohttp": "none", "tornado": "none",
}  # fmt: skip


def main(question: str, answer: str) -> None:
    """Answer one question; whatever goes wrong is an answer, too."""
    asked: dict[str, Any] = json.loads(Path(question).read_text())
    enter(**{name: asked[name] for name in ("copy", "folder", "seconds")})
    # As it is when it serves: Django's settings tell a server by it, others parse it.
    sys.argv = ["morrow", asked["module"] or asked["django"]][: 1 + Path("manage.py").exists()]
    os.environ["FLASK_RUN_FROM_CLI"] = "true"  # as it is when it serves: no server of its own
    lost, listed = set[str](), set[str]()

    def note(path: Path) -> None:
        folder = Path(os.path.relpath(path))
        if not folder.exists() and ".." not in folder.parts and ":" not in str(folder):
            lost.add(str(folder))

    def watch(event: str, args: tuple[Any, ...]) -> None:
        """Note files that are written to a folder that is not there: git keeps no empty ones."""
        writes = event == "open" and str(args[1])[:1] in ("w", "a", "x")
        if writes or event in ("sqlite3.connect", "os.mkdir"):
            path = os.fsdecode(args[0]) if isinstance(args[0], str | bytes | os.PathLike) else ""
            if "/" in path:
                note(Path(path).parent)
        elif event in ("os.listdir", "os.scandir") and isinstance(args[0], str | os.PathLike):
            listed.add(os.path.relpath(args[0] or "."))  # an empty one: Python says that

    sys.addaudithook(watch)
    try:
        told = describe(asked)
    except BaseException as error:  # SystemExit and KeyboardInterrupt of the application's, too
        told = failed(error, asked["folder"])
    for wrong in (told, told.get("begins") or {}):  # Starlette's words, of what it serves
        if said := re.fullmatch(r"Directory '(.+)' does not exist", str(wrong.get("message"))):
            note(Path(said[1]))
        lost |= listed.intersection(wrong.get("lost", ()))  # it failed by that
    told["folders"] = sorted(one for one in lost if not Path(one).exists())
    with contextlib.suppress(Exception):  # it may have closed what it prints to
        print("", end="", flush=True)
    part = Path(answer + ".part")
    part.write_text(json.dumps(told))
    part.replace(answer)
    os._exit(0)  # no thread of the application's is waited for


def describe(asked: dict[str, str]) -> dict[str, Any]:
    """Import the candidate and tell what it is."""
    if asked.get("django"):
        os.environ["DJANGO_SETTINGS_MODULE"] = asked["django"]
        asked = dict(asked, **django_entry(asked))
    module = importlib.import_module(asked["module"])
    said = "it holds no application"
    for name, factory in choices(module, asked["attribute"]):
        found: Any = module
        for step in name.split("."):
            found = getattr(found, step, None)
        if factory:
            found = found()
            if inspect.iscoroutine(found):
                continue
        if type(found).__module__.startswith("morrow.") and type(found).__name__ == "Service":
            target = f"{asked['module']}:{name}"
            return {"target": target, "interface": "wsgi", "framework": "morrow"}
        kind = interface(found)
        if kind:
            told: dict[str, Any] = {
                "target": f"{asked['module']}:{name}{'()' if factory else ''}",
                "interface": kind, "framework": library(found),
            }  # fmt: skip
            if kind != "none":
                paths, every = routes(found, library(found))
                if hasattr(found, "url_map") and not [one for one in every if "/static" not in one]:
                    said = f"{name} has no route yet: what adds them is not called by its import"
                    continue
                told["routes"] = every[:200]
                commands = getattr(getattr(found, "cli", None), "commands", None) or {}
                told["makes"] = next((one for one in commands if MAKES.fullmatch(one)), "")
                told["tables"] = tables(found)
                told["answers"] = call(found, kind, paths)
                if strange(told):
                    said = f"{name} takes two arguments, and is no application"
                    continue
                told["raised"] = "".join(line(one, asked["folder"]) for one in heard.errors[:1])
                told["page"] = shown()
                if ["lifespan", 0] in told["answers"] and heard.errors:
                    told["begins"] = failed(heard.errors[0], asked["folder"])
            return told
    return {"error": "NoApplication", "message": said, "where": ""}


def tables(found: Any) -> str:  # noqa: ANN401
    """Return where an application of Flask's holds what can make its tables."""
    held = (getattr(found, "extensions", None) or {}).get("sqlalchemy")
    way = ".db" if hasattr(held, "db") else ""  # of Flask-SQLAlchemy 2
    one = getattr(held, "db", held)
    return f'extensions["sqlalchemy"]{way}' if hasattr(one, "create_all") else ""


def django_entry(asked: dict[str, str]) -> dict[str, str]:
    """Return the module that the settings name, or Django's own function."""
    from django.apps import apps as registry
    from django.conf import settings

    wsgi = getattr(settings, "WSGI_APPLICATION", None)
    asgi = getattr(settings, "ASGI_APPLICATION", None)
    apps = set(settings.INSTALLED_APPS)
    if asgi and (not wsgi or apps & {"daphne", "channels"}):
        wsgi = None
    if asked["module"]:
        return {}
    package = asked["django"].split(".")[0]
    for dotted in (wsgi, asgi, package + ".wsgi.application", package + ".asgi.application"):
        if dotted:
            module, _, name = dotted.rpartition(".")
            try:
                importlib.import_module(module)
            except ImportError:
                if getattr(registry, "loading", False) and not registry.ready:
                    raise  # an application of its: asked again, Django says another thing
                continue
            return {"module": module, "attribute": name}
    return {"module": "django.core.wsgi", "attribute": "get_wsgi_application()"}


def choices(module: Any, named: str) -> list[tuple[str, bool]]:  # noqa: ANN401
    """Yield the attributes worth a look, the likeliest first."""
    if named.endswith("()"):
        return [(named[:-2], True)]
    if named:
        found = getattr(module, named.split(".")[0], None)
        own = (named, inspect.isroutine(found) and bool(FACTORY(named)))
        return [own, *within(named, found)]
    held = {name: one for name, one in vars(module).items() if not name.startswith("__")}
    held = {name: one for name, one in held.items() if type(one).__name__ != "LocalProxy"}
    seen = [n for n, one in held.items() if library(one) in KNOWN and not inspect.isclass(one)]
    ours = [(n, False) for n, one in held.items() if type(one).__name__ == "Service"]
    seen = [n for n in seen if interface(held[n]) and not inspect.isroutine(held[n])]
    seen.sort(key=lambda name: NAMES.index(name) if name in NAMES else 99)
    found = [*ours, *((name, False) for name in seen)]
    for name, one in held.items():
        if name not in seen:
            found += within(name, one)
    for name, one in held.items():
        if inspect.isroutine(one) and FACTORY(name) and "get_" not in name and free(one):
            found.append((name, True))
        elif name in NAMES and callable(one) and name not in seen and not inspect.isclass(one):
            found.append((name, False))
    return found


def within(name: str, one: Any) -> list[tuple[str, bool]]:  # noqa: ANN401
    """Name what an object holds: Dash its server, a class of the project its application."""
    if inspect.ismodule(one) or inspect.isclass(one) or not hasattr(one, "__dict__"):
        return []
    inner = {n: vars(one)[n] for n in (*NAMES, "flask_app", "_app") if n in vars(one)}
    return [
        (f"{name}.{n}", False) for n, it in inner.items() if library(it) in KNOWN and interface(it)
    ]


def free(function: Callable[..., Any]) -> bool:
    """Tell whether it can be called with nothing."""
    try:
        inspect.signature(function).bind()
    except (TypeError, ValueError):
        return False
    return True


def library(one: object) -> str:
    """Return the top module of a framework in the class's line of descent."""
    for base in type(one).__mro__:
        top = base.__module__.partition(".")[0]
        if top in KNOWN:
            return top
    return type(one).__module__.partition(".")[0]


def interface(one: Any) -> str:  # noqa: ANN401
    """Return wsgi, asgi, none (a server of its own) or "" (no application)."""
    if KNOWN.get(library(one)) == "none":
        return "none" if type(one).__name__ in ("Application", "Robyn") else ""
    if any(base.__name__ == "APIRouter" for base in type(one).__mro__):
        return ""  # a part of one
    if not callable(one) or inspect.isclass(one):
        return ""
    call = one if inspect.isroutine(one) else type(one).__call__
    if inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(inspect.unwrap(call)):
        return "asgi" if count(one) == 3 else ""
    try:
        names = [name.lstrip("_") for name in inspect.signature(one).parameters]
    except (TypeError, ValueError):
        names = []
    if names[:3] == ["scope", "receive", "send"]:
        return "asgi"
    return KNOWN.get(library(one)) or ("wsgi" if count(one) == 2 else "")


def count(one: Callable[..., Any]) -> int:
    """Return how many arguments without a default it takes; 2 or 3 when it takes any."""
    for number in (3, 2):
        try:
            inspect.signature(one, follow_wrapped=False).bind(*[None] * number)
        except (TypeError, ValueError):
            continue
        return number
    return 0


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
