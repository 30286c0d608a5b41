"""Which paths an application has, and which of them to GET: a part of the program `asked.py`."""

# ruff: noqa: ANN401 - anybody's application

from __future__ import annotations

import contextlib
import re
from typing import Any

ASIDE = re.compile("logout|setlang|favicon")
HEALTHY = re.compile(
    r"/(\w+/)*(healthz?|health[-_]?check|ping|heartbeat|livez?|readyz?|status|up)/?$"
)
# Pages for whoever comes, asked last: of a service with accounts, most others ask who it is.
OPEN = re.compile(r"/(docs|redoc|swagger[\w.-]*|schema|openapi\.json|login|about|robots\.txt)/?$")
# Asked of one that tells no routes: a function around it, a framework of another kind.
USUAL = ["/", "/health", "/healthz", "/ping", "/status", "/docs", "/api/health", "/api/", "/api"]
LIMIT = 12  # paths that are asked


def routes(app: Any, library: str) -> tuple[list[str], list[str]]:
    """Return paths without parameters that are worth a GET, and every route."""
    every: list[str] = []
    with contextlib.suppress(Exception):  # what is inside them is nobody's promise
        every += told(app, library)
    if not every:
        return USUAL, every
    plain = [one for one in dict.fromkeys(every) if not re.search(r"[<{(\[\\:*^$]", one)]
    sound = sorted((one for one in plain if HEALTHY.search(one)), key=len)
    rest = [one for one in plain if one not in sound and not ASIDE.search(one)]
    first = ["/", *(one for one in rest if one.endswith("/docs"))]
    asked = (sound + first + [one for one in rest if one not in first])[:LIMIT]
    return asked + [one for one in rest if OPEN.search(one) and one not in asked][:4], every


def told(app: Any, library: str) -> list[str]:
    """Return every route that can be asked by GET."""
    every: list[str] = []
    if hasattr(app, "url_map"):  # Flask, Quart
        for rule in app.url_map.iter_rules():
            if "GET" in (rule.methods or {"GET"}) and not rule.subdomain:
                every.append(str(rule))
    elif library == "django":
        from django.urls import get_resolver

        walk(get_resolver().url_patterns, "/", every)
    elif library == "pyramid":
        from pyramid.interfaces import IRoutesMapper

        every += [one.pattern for one in app.registry.getUtility(IRoutesMapper).get_routes()]
    elif library == "falcon":
        from falcon import inspect

        every += [one.path for one in inspect.inspect_routes(app)]
    elif library == "cherrypy":
        for place, one in getattr(app, "apps", {"": app}).items():
            pages = [name for name in dir(one.root) if name[0] != "_"]
            shown = [name for name in pages if getattr(getattr(one.root, name), "exposed", False)]
            every += [f"{place}/{'' if name == 'index' else name}" for name in shown]
    else:
        hung(app, "", every)
    return [one if one.startswith("/") else f"/{one}" for one in every]


def hung(app: Any, above: str, every: list[str]) -> None:
    """Collect the paths of routes, and of what hangs below one: a folder of files has none."""
    for route in getattr(app, "routes", None) or []:
        path = getattr(route, "path", getattr(route, "rule", ""))  # `rule` is Bottle's
        methods = getattr(route, "methods", [getattr(route, "method", "GET")])
        if hasattr(route, "app") and hasattr(route, "routes"):  # Starlette's Mount
            hung(route, above + path, every)
            # An application of another kind tells none, and may answer all the same.
            within = getattr(route, "_base_app", route.app)
            if not route.routes and not hasattr(within, "lookup_path"):
                every.append(f"{above}{path}/")
        elif isinstance(path, str) and (methods is None or "GET" in methods):
            every.append(above + path or "/")


def walk(patterns: Any, above: str, every: list[str]) -> None:
    """Collect the paths of Django's resolvers."""
    for one in patterns:
        text = str(one.pattern)
        path = above + text.replace("^", "").replace("\\Z", "").replace("/?", "/").replace("$", "")
        if hasattr(one, "url_patterns"):
            if len(every) < 400:
                walk(one.url_patterns, path, every)
        else:
            every.append(path)
