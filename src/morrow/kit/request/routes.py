"""The route that a framework matched, read where each of them leaves it."""

import sys
from collections.abc import Callable
from typing import Any


def matched_route(source: Any) -> str:  # noqa: ANN401 - an environ or a scope
    """Return the pattern of the matched route, nothing when none is known.

    >>> matched_route({"morrow.route": "/items/{id}"})
    '/items/{id}'
    >>> matched_route({})
    ''
    """
    if not source:
        return ""
    if noted := source.get("morrow.route"):
        return str(noted)
    for key, attribute in _PLACES:
        if (found := source.get(key)) is not None:
            told = getattr(found, attribute, None) if attribute else found
            if isinstance(told, str) and told:
                return told if told.startswith("/") else f"/{told}"
    return ""


_PLACES = (
    ("route", "path_format"),  # FastAPI
    ("route", "path"),  # Starlette
    ("path_template", ""),  # Litestar
    ("bottle.route", "rule"),
)


def note_routes(app: Any) -> None:  # noqa: ANN401 - the framework may not be installed
    """Make a framework that keeps its match to itself write it where we look."""
    library = type(app).__module__.partition(".")[0]
    if hasattr(app, "resolve_request"):  # Django
        _note(app, "resolve_request", lambda match: match.route)
    elif library == "pyramid":
        _note(app, "routes_mapper", lambda found: found["route"] and found["route"].pattern)
    elif library == "blacksheep":
        _note(app.router, "get_match", lambda match: match and match.pattern.decode())
    elif library == "sanic":
        app.register_middleware(_note_sanic, "request")
    elif library == "falcon" and hasattr(app, "add_middleware"):
        app.add_middleware(_FalconRoutes())
    elif hasattr(app, "asgi_app") and hasattr(app, "before_request_funcs"):  # Quart
        app.before_request_funcs.setdefault(None, []).insert(0, _note_quart)


def _note(holder: Any, name: str, pattern: Callable[[Any], str | None]) -> None:  # noqa: ANN401
    """Put a function around the one that finds the match of a request."""
    find = getattr(holder, name)

    def find_and_note(request: Any) -> Any:  # noqa: ANN401 - as above
        found = find(request)
        route = pattern(found)
        if route is not None and route != "*":
            source = getattr(request, "scope", None) or request.environ
            source["morrow.route"] = "/" + route.lstrip("/")
        return found

    if find is not None:
        setattr(holder, name, find_and_note)


def _note_sanic(request: Any) -> None:  # noqa: ANN401 - as above
    if request.route is not None:
        request.transport.scope["morrow.route"] = f"/{request.route.path}"


async def _note_quart() -> None:
    request = sys.modules["quart"].request
    if request.url_rule is not None:
        request.scope["morrow.route"] = request.url_rule.rule


class _FalconRoutes:
    """A Falcon middleware; its ASGI twin is found by the name's ending."""

    def process_resource(self, req: Any, resp: Any, resource: Any, params: Any) -> None:  # noqa: ANN401
        source = getattr(req, "env", None) or req.scope
        source["morrow.route"] = req.uri_template

    async def process_resource_async(
        self,
        req: Any,  # noqa: ANN401 - Falcon's
        resp: Any,  # noqa: ANN401 - Falcon's
        resource: Any,  # noqa: ANN401 - any class of the application
        params: Any,  # noqa: ANN401 - Falcon's
    ) -> None:
        req.scope["morrow.route"] = req.uri_template
