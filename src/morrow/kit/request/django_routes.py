"""The matched route of a Django application, for metrics and spans."""

from __future__ import annotations

from typing import Any


def note_routes(app: Any) -> None:  # noqa: ANN401 - Django may not be installed
    """Make Django's handler write the pattern it matched where the middleware looks."""
    resolve = app.resolve_request

    def resolve_and_note(request: Any) -> Any:  # noqa: ANN401 - as above
        match = resolve(request)
        request.environ["morrow.route"] = "/" + match.route
        return match

    app.resolve_request = resolve_and_note
