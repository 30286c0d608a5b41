"""A service: an application, the settings it reads and the checks that tell its health."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from morrow.kit.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from morrow.kit.running import Running

CheckFunction = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Check:
    """A function that raises when something the service needs is not there.

    >>> Check("database", lambda: None, every=5, timeout=1, failures=3, critical=True).name
    'database'
    """

    name: str
    function: CheckFunction
    every: float
    timeout: float
    failures: int
    critical: bool

    def __post_init__(self) -> None:
        if self.every <= 0 or self.timeout <= 0 or self.failures < 1:
            raise ValueError(
                f"check {self.name!r}: every and timeout must be above 0, failures at least 1"
            )


class Service:
    """Any WSGI application or factory, with its settings.

    `wait` is the share of a request's time that it waits for others (0.8 for a service that
    mostly asks a database): more of it means more threads. A success slower than `slow`
    seconds is always logged. After `stuck_after` seconds without one finished request, while
    requests wait, the service is not ready.

    >>> def app(environ, start_response):
    ...     start_response("200 OK", [])
    ...     return [b"hello"]
    >>> Service(app).settings.__name__
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
        self._running: Running | None = None

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

        >>> service = Service(lambda environ, start_response: [])
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

        >>> Service(lambda: print, Settings).build(Settings())
        <built-in function print>
        """
        needed = _required_parameters(self.app)
        built: WSGIApplication = self.app
        if needed is not None and needed < 2:
            built = self.app(settings) if needed else self.app()
        if not callable(built):
            raise TypeError(f"the factory gave {type(built).__name__}, not a WSGI application")
        if hasattr(built, "resolve_request"):
            from morrow.kit.django_routes import note_routes

            note_routes(built)
        return built

    def wsgi(self) -> WSGIApplication:
        """Load everything and return a WSGI application for another server.

        `application = service.wsgi()` in a module is what gunicorn or waitress is pointed at.

        >>> import os
        >>> os.environ["MORROW_ADMIN_PORT"] = "0"
        >>> callable(Service(lambda environ, start_response: []).wsgi())  # doctest: +ELLIPSIS
        {..."message": "serving under another server, ...}
        True
        """
        from morrow.kit.foreign import start

        if self._running is None:
            self._running = start(self)
        return self._running.application


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
