"""The server of a service: the one that its application's interface needs."""

import _thread

from morrow.kit.request.asgi import AsgiMiddleware, Places
from morrow.kit.request.forwarded import Proxies
from morrow.kit.request.wsgi import Middleware
from morrow.kit.serving.asgi_server import AsgiServer
from morrow.kit.serving.running import Running
from morrow.kit.serving.wsgi_server import WsgiServer
from morrow.kit.settings.loading import BAD_SETTINGS
from morrow.kit.settings.problem import StartError


def _has_threads() -> None:
    """Raise where gevent or eventlet has put greenlets in the place of threads."""
    library = _thread.start_new_thread.__module__.partition(".")[0]
    if library in ("gevent", "eventlet"):  # a debugger has its own too, and starts threads
        raise StartError(
            "threads-patched",
            f"{library} has replaced Python's threads, which requests run on here: take its "
            "monkey patch out, or serve service.wsgi() by gunicorn's worker for it",
            BAD_SETTINGS,
        )


OwnServer = WsgiServer | AsgiServer


def own_server(running: Running) -> OwnServer:
    """Return the server, ready to listen, and tell the service's state of it."""
    _has_threads()
    own, count = running.own, running.at_once.count
    proxies = Proxies(own.morrow_trusted_proxies)
    server: OwnServer
    if running.interface == "wsgi":
        server = WsgiServer(
            Middleware(running.app, running.observer, ready=running.readiness),
            running.observer,
            threads=count,
            body_limit=own.morrow_body_limit,
            proxies=proxies,
        )
    else:
        app = AsgiMiddleware(
            running.app,
            running.observer,
            Places(count),
            body_limit=own.morrow_body_limit,
            ready=running.readiness,
        )
        server = AsgiServer(app, proxies=proxies)
        running.stands_still, running.held_up = server.stands_still, server.held_up
    running.busy = lambda: server.busy
    running.begin_checks(server.loop if running.interface == "asgi" else None)
    return server
