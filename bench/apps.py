"""The same two pages under each of the things that are compared."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, request


def plain_app() -> Flask:
    """Return hello's page as an application that knows nothing of Morrow."""
    app = Flask("plain")

    @app.get("/")
    def hello() -> Response:
        return Response("Hello, this is a message from your Python app!", mimetype="text/plain")

    return app


def busy(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Sleep or burn for a while, as the path says."""
    end = time.monotonic() + 1.5
    if environ["PATH_INFO"] == "/sleep":
        time.sleep(1.5)
    while environ["PATH_INFO"] == "/burn" and time.monotonic() < end:
        pass
    start_response("200 OK", [("Content-Length", "0")])
    return []


def broken() -> Flask:
    """Be a factory that raises."""
    raise RuntimeError("no database")


def with_exporter() -> Flask:
    """Return it with prometheus_flask_exporter, as its page shows."""
    from prometheus_flask_exporter import PrometheusMetrics  # type: ignore[import-untyped]

    app = plain_app()
    PrometheusMetrics(app)
    return app


def with_client() -> Flask:
    """Return it with prometheus_client, written by hand as its page shows."""
    from prometheus_client import Counter, Histogram, generate_latest

    app = plain_app()
    count = Counter("requests", "Requests.", ["method", "route", "status"])
    seconds = Histogram("seconds", "Durations.", ["method", "route"])

    @app.before_request
    def begin() -> None:
        request.environ["began"] = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else ""
        took = time.perf_counter() - request.environ["began"]
        seconds.labels(request.method, route).observe(took)
        count.labels(request.method, route, response.status_code).inc()
        return response

    @app.get("/metrics")
    def metrics() -> bytes:
        return generate_latest()

    return app


def main() -> None:
    """Serve one of the rivals: `python -m bench.apps NAME PORT`."""
    name, port = sys.argv[1], int(sys.argv[2])
    if name == "granian":
        from granian.constants import Interfaces
        from granian.server import Server

        Server(
            "bench.apps:plain_app",
            factory=True,
            port=port,
            interface=Interfaces.WSGI,
            blocking_threads=int(os.environ.get("THREADS", "4")),
            log_enabled=False,
        ).serve()
    elif name == "flask":
        import logging

        # Its line for each request would be measured, not the server.
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        with_exporter().run(port=port, threaded=True)
    elif name == "waitress":
        import waitress  # type: ignore[import-untyped]

        waitress.serve(with_client(), host="127.0.0.1", port=port, threads=4)


if __name__ == "__main__":
    main()
