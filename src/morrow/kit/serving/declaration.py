"""What a service declares: an application, its settings, the checks that tell its health."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from morrow.kit.health.checks import Check, CheckFunction
from morrow.kit.settings.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Declaration:
    """Any WSGI application or factory, with its settings.

    `wait` is the share of a request's time that it waits for others (0.8 for a service that
    mostly asks a database): more of it means more threads. A success slower than `slow`
    seconds is always logged. After `stuck_after` seconds without one finished request, while
    requests wait, the service is not ready.

    >>> def app(environ, start_response):
    ...     start_response("200 OK", [])
    ...     return [b"hello"]
    >>> Declaration(app).settings.__name__
    'Settings'
    """

    def __init__(
        self,
        app: Callable[..., Any],
        settings: type[Settings] = Settings,
        *,
        wait: float = 0.0,
        slow: float = 1.0,
        stuck_after: float = 30.0,
    ) -> None:
        if not callable(app):
            raise TypeError(f"Service needs a WSGI application or a factory, not {app!r}")
        if not 0 <= wait < 1:
            raise ValueError(f"wait is a share of time, from 0 to below 1, not {wait}")
        self.app = app
        self.settings = settings
        self.wait = wait
        self.slow = slow
        self.stuck_after = stuck_after
        self.checks: list[Check] = []

    def check(
        self,
        name: str,
        *,
        every: float = 10.0,
        timeout: float = 2.0,
        failures: int = 3,
        critical: bool = False,
    ) -> Callable[[CheckFunction], CheckFunction]:
        """Add a check: the function is called on its own thread, and raises to fail.

        >>> service = Declaration(lambda environ, start_response: [])
        >>> @service.check("disk", every=60)
        ... def disk() -> None: ...
        >>> [check.name for check in service.checks]
        ['disk']
        """
        if any(check.name == name for check in self.checks):
            raise ValueError(f"check {name!r} is declared twice")

        def add(function: CheckFunction) -> CheckFunction:
            self.checks.append(Check(name, function, every, timeout, failures, critical))
            return function

        return add

    def build(self, settings: Settings) -> WSGIApplication:
        """Return the WSGI application itself, made by the factory if there is one.

        >>> Declaration(lambda: print, Settings).build(Settings())
        <built-in function print>
        """
        needed = _required_parameters(self.app)
        built: WSGIApplication = self.app
        if needed is not None and needed < 2:
            built = self.app(settings) if needed else self.app()
        if not callable(built):
            raise TypeError(f"the factory gave {type(built).__name__}, not a WSGI application")
        if hasattr(built, "resolve_request"):
            from morrow.kit.request.django_routes import note_routes

            note_routes(built)
        return built


def _required_parameters(app: Callable[..., Any]) -> int | None:
    """Return how many arguments a call needs: two for WSGI, one or none for a factory."""
    import inspect

    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return None
    return sum(
        parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        for parameter in parameters
    )
