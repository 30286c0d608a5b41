"""The route that a framework matched, read where each of them leaves it."""

from __future__ import annotations

import sys
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
    if hasattr(app, "resolve_request"):
        _note_django(app)
    elif library == "falcon" and hasattr(app, "add_middleware"):
        app.add_middleware(_FalconRoutes())
    elif hasattr(app, "asgi_app") and hasattr(app, "before_request_funcs"):  # Quart
        app.before_request_funcs.setdefault(None, []).insert(0, _note_quart)


def _note_django(app: Any) -> None:  # noqa: ANN401 - as above
    resolve = app.resolve_request

    def resolve_and_note(request: Any) -> Any:  # noqa: ANN401 - as above
        match = resolve(request)
        source = getattr(request, "scope", None) or request.environ
        source["morrow.route"] = "/" + match.route
        return match

    app.resolve_request = resolve_and_note


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
