"""A service that runs in this process: its state, and what its probes and metrics say."""

from __future__ import annotations

import json
import os
import re
import sys
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from morrow.kit.health.checks import Checks
from morrow.kit.request import metrics
from morrow.kit.request.application_metrics import OPENMETRICS, ApplicationMetrics
from morrow.kit.request.observer import Observer
from morrow.kit.request.threads import Threads, choose
from morrow.kit.request.tracing import start_tracing
from morrow.kit.serving.hooks import with_settings
from morrow.kit.serving.interface import interface_of
from morrow.kit.settings.loading import SettingsError, judge, masked
from morrow.kit.settings.own_settings import KitSettings, info, unknown
from morrow.kit.settings.problem import bad_settings, raised

if TYPE_CHECKING:
    from morrow.kit.request.spans import Tracing
    from morrow.kit.serving.declaration import Declaration
    from morrow.kit.settings.settings import Settings

Answer = tuple[int, str, bytes]

# OpenMetrics names the family of a counter without the end that its samples have.
_COUNTERS = re.compile(rb"^(# (?:HELP|TYPE) \S+)_total ", re.M)


def prepare(service: Declaration, own: KitSettings, *, called: str, **options: Any) -> Running:  # noqa: ANN401
    """Load settings and application: all that can go wrong before anything is served."""
    settings = _read_settings(service.settings)
    try:
        app = service.build(settings)
    except (Exception, SystemExit) as error:
        raise raised("factory-raised", f"{called}: the factory raised", error) from error
    return Running(service, settings, own, app, tracing=start_tracing(own), **options)


def read_own_settings(service: Callable[[], Declaration]) -> KitSettings:
    """Return what the kit reads, or raise with every problem: also the service's, if it loads."""
    try:
        return KitSettings.load(dict(os.environ))
    except SettingsError as error:
        problems = list(error.problems)
    declared = service().settings
    raise bad_settings([*problems, *judge(declared, os.environ)[1], *unknown(os.environ, declared)])


def _read_settings(declared: type[Settings]) -> Settings:
    """Return the settings, and take the secrets out of `os.environ` before anything copies it."""
    problems = list(unknown(os.environ, declared))
    try:
        settings = declared.load()
    except SettingsError as error:
        problems[:0] = error.problems
    if problems:
        raise bad_settings(problems)
    return settings


class Running:
    """The one place that knows whether the service starts, serves or drains."""

    def __init__(
        self,
        service: Declaration,
        settings: Settings,
        own: KitSettings,
        app: Any,  # noqa: ANN401 - of either interface
        *,
        main_pid: int,
        restarts: int = 0,
        tracing: Tracing | None = None,
    ) -> None:
        self.service, self.settings, self.own, self.app = service, settings, own, app
        self.main_pid, self.restarts = main_pid, restarts
        self.interface = service.interface or interface_of(app, "what the factory gave")
        self.at_once = (
            choose(own.morrow_threads, service.wait)
            if self.interface == "wsgi"
            else Threads(own.morrow_concurrency, "MORROW_CONCURRENCY")
        )
        self.observer = Observer(slow=service.slow, tracing=tracing)
        self.draining = False
        self.replaced = False
        self.started = False
        self.may_close = True
        self.checks = Checks(())
        self.loop: AbstractEventLoop | None = None
        self._applications = {
            kind: ApplicationMetrics(service.pools, kind) for kind in ("", OPENMETRICS)
        }
        # What only the server knows, once there is one.
        self.busy: Callable[[], int] = lambda: len(self.observer.active)
        self.stands_still: Callable[[], float] = lambda: 0.0
        self.held_up: Callable[[], float] | None = None

    def begin_checks(self, loop: AbstractEventLoop | None = None) -> None:
        """Begin to ask the service's checks; those of an ASGI application on its own loop."""
        self.loop = loop
        self.checks = Checks(with_settings(self.service.checks, self.settings), loop)

    def begin_drain(self, *, replaced: bool = False) -> None:
        """Say "not ready" from now on, and `Connection: close` in every response.

        A process whose ports another has taken over stays ready: that one answers for both.
        """
        self.replaced = replaced
        self.draining = True
        self.observer.closing = self.may_close

    def readiness(self) -> tuple[bool, dict[str, Any]]:
        """Return whether requests should be sent here, and why not."""
        states = self.checks.states()
        causes = [f"check {state.name}" for state in states if state.critical and not state.up]
        if self.draining and not self.replaced:
            causes.append("draining")
        if self.observer.stuck_for() > self.service.stuck_after:
            causes.append("no request finished while others wait")
        if self.stands_still() > self.service.stuck_after:
            causes.append("the event loop does not turn")
        if not self.started:
            causes.append("starting")
        return not causes, {
            "status": "ready" if not causes else "not ready",
            "causes": causes,
            "pid": self.main_pid,
            "checks": {state.name: state.told() for state in states},
        }

    def answer(self, path: str, openmetrics: bool = False) -> Answer:
        """Return the admin server's response to a path; its metrics as they are asked for."""
        if path == "/startupz":
            state = "started" if self.started else "starting"
            return _json(200 if self.started else 503, {"status": state, "checks": {}})
        if path == "/livez":
            return _json(200, {"status": "alive", "checks": {}})
        if path == "/readyz":
            ready, body = self.readiness()
            return _json(200 if ready else 503, body)
        if path == "/metrics":
            text = self.observer.durations.exposition(openmetrics=openmetrics)
            own = metrics.page(self._metrics()).encode()
            if openmetrics:
                own = _COUNTERS.sub(rb"\1 ", own)
                theirs = self._applications[OPENMETRICS].collect()
                return 200, OPENMETRICS, b"".join((text, own, theirs, b"# EOF\n"))
            kind = "text/plain; version=0.0.4; charset=utf-8"
            return 200, kind, b"".join((text, own, self._applications[""].collect()))
        if path == "/info":
            return _json(200, self._info())
        return _json(404, {"error": "not found", "try": "/startupz /readyz /livez /metrics /info"})

    def _info(self) -> dict[str, Any]:
        return {
            **info(self.own),
            "python": sys.version.split()[0],
            "pid": self.main_pid,
            "image": self.own.morrow_release,
            "interface": self.interface,
            "threads": self.at_once.count,
            "draining": self.draining,
            "settings": masked(self.settings),
        }

    def _metrics(self) -> Iterator[str]:
        for name, help_text, value in (
            ("http_server_active_requests", "Requests being handled.", len(self.observer.active)),
            ("morrow_threads", "Requests that can be handled at once.", self.at_once.count),
            ("morrow_threads_busy", "Requests that are handled now.", self.busy()),
            ("morrow_draining", "1 while the service drains.", self.draining),
            ("morrow_worker_restarts_total", "Workers that died and were replaced.", self.restarts),
        ):
            yield from metrics.family(name, help_text, ({}, value))
        if self.held_up is not None:
            told = "Longest that the event loop came late since it was last read."
            yield from metrics.family("morrow_loop_held_up_seconds", told, ({}, self.held_up()))
        classes = self.observer.durations.by_class()
        yield from metrics.family("morrow_responses_total", "Requests ended, by class.", *classes)
        yield from metrics.family("morrow_info", "What runs.", (info(self.own), 1))
        states = [(metrics.of_check(s.name, s.critical), s.up) for s in self.checks.states()]
        yield from metrics.family("morrow_check_up", "1 while a check passes.", *states)
        if "prometheus_client" not in sys.modules:
            yield from metrics.process_lines()


def _json(status: int, body: dict[str, Any]) -> Answer:
    return status, "application/json", (json.dumps(body) + "\n").encode()
