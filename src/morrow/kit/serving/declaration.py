"""What a service declares: an application, its settings, the checks that tell its health."""

from collections.abc import Callable
from typing import Any, TypeVar

from morrow.kit.health.checks import Check, CheckFunction
from morrow.kit.request.application_metrics import PoolFunction
from morrow.kit.request.routes import note_routes
from morrow.kit.serving.hooks import Hook, given
from morrow.kit.serving.interface import Interface, says_factory
from morrow.kit.settings.settings import Settings

StartOrStop = TypeVar("StartOrStop", bound=Hook)


class Declaration:
    """Any WSGI or ASGI application, or a function that makes one, with its settings.

    A function whose name says so makes the application (`create_app`, `make_app`,
    `app_factory`); of another, `factory=True` says it. It is given the settings if it takes
    them. `interface` is for applications that do not tell theirs.

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
        factory: bool | None = None,
        interface: Interface | None = None,
        wait: float = 0.0,
        slow: float = 1.0,
        stuck_after: float = 30.0,
    ) -> None:
        if not callable(app):
            raise TypeError(f"Service needs an application or a factory, not {app!r}")
        if not (isinstance(settings, type) and issubclass(settings, Settings)):
            raise TypeError(f"Service needs a subclass of morrow.Settings, not {settings!r}")
        if not 0 <= wait < 1:
            raise ValueError(f"wait is a share of time, from 0 to below 1, not {wait}")
        if interface not in (None, "wsgi", "asgi"):
            raise ValueError(f"interface is 'wsgi' or 'asgi', not {interface!r}")
        self.app = app
        self.factory = says_factory(app) if factory is None else factory
        self.interface = interface
        self.settings = settings
        self.wait = wait
        self.slow = slow
        self.stuck_after = stuck_after
        self.checks: list[Check] = []
        self.pools: dict[str, PoolFunction] = {}
        self.starts: list[Hook] = []
        self.stops: list[Hook] = []

    def on_start(self, hook: StartOrStop) -> StartOrStop:
        """Call the function, plain or async, before the first request; to raise ends the start.

        It is given the settings if it takes them.

        >>> service = Declaration(lambda environ, start_response: [])
        >>> @service.on_start
        ... def warm() -> None: ...
        >>> service.starts == [warm]
        True
        """
        self.starts.append(hook)
        return hook

    def on_stop(self, hook: StartOrStop) -> StartOrStop:
        """Call the function, plain or async, after the last request, inside the grace.

        The last declared is called first. It is given the settings if it takes them.

        >>> service = Declaration(lambda environ, start_response: [])
        >>> @service.on_stop
        ... async def close() -> None: ...
        >>> service.stops == [close]
        True
        """
        self.stops.append(hook)
        return hook

    def check(
        self,
        name: str,
        *,
        every: float = 10.0,
        timeout: float = 2.0,
        failures: int = 3,
        critical: bool = False,
        worker: bool = False,
    ) -> Callable[[CheckFunction], CheckFunction]:
        """Add a check: the function is called on its own thread, and raises to fail.

        It is given the settings if it takes them. One with `worker=True` is asked beside
        `morrow worker`, too, where no application is built: it opens by itself what it asks.

        >>> service = Declaration(lambda environ, start_response: [])
        >>> @service.check("disk", every=60)
        ... def disk() -> None: ...
        >>> [check.name for check in service.checks]
        ['disk']
        """
        if any(check.name == name for check in self.checks):
            raise ValueError(f"check {name!r} is declared twice")

        def add(function: CheckFunction) -> CheckFunction:
            self.checks.append(Check(name, function, every, timeout, failures, critical, worker))
            return function

        return add

    def pool(self, name: str) -> Callable[[PoolFunction], PoolFunction]:
        """Tell how full a pool is, of connections or of anything else that requests wait for.

        The function returns how many are in use and how many there may be. It is called for each
        reading of the metrics, so it counts and asks nobody.

        >>> service = Declaration(lambda environ, start_response: [])
        >>> @service.pool("database")
        ... def connections() -> tuple[int, int]:
        ...     return 3, 10
        >>> list(service.pools)
        ['database']
        """
        if name in self.pools:
            raise ValueError(f"pool {name!r} is declared twice")

        def add(function: PoolFunction) -> PoolFunction:
            self.pools[name] = function
            return function

        return add

    def build(self, settings: Settings) -> Any:  # noqa: ANN401 - of either interface
        """Return the application itself, made by the factory if there is one.

        >>> Declaration(lambda: print, factory=True).build(Settings())
        <built-in function print>
        """
        built = self.app
        if self.factory:
            # What is declared without settings is never given any.
            built = self.app() if self.settings is Settings else given(self.app, settings)
        if not callable(built):
            raise TypeError(f"the factory gave {type(built).__name__}, not an application")
        note_routes(built)
        return built
