"""Services that misbehave in every way the tests need."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from morrow import Secret, Service, Settings, setting

Start = Callable[..., Any]
release = threading.Event()


class SampleSettings(Settings):
    """What the sample reads."""

    token: Secret = setting(Secret("none"))
    kept: Secret = setting(Secret("none"), keep=True)
    number: int = setting(1, minimum=1, maximum=9)


def create_app(settings: SampleSettings) -> Flask:
    app = Flask(__name__)
    log = logging.getLogger("sample")

    @app.get("/")
    def index() -> str:
        return "sample"

    @app.get("/items/<int:number>")
    def item(number: int) -> str:
        return str(number)

    @app.get("/sleep/<float:seconds>")
    def sleep(seconds: float) -> str:
        time.sleep(seconds)
        return "slept"

    @app.get("/sleep-until/<path:made>")
    def sleep_until(made: str) -> str:
        while not Path("/", made).exists():
            time.sleep(0.01)
        return "slept"

    @app.get("/burn-until/<path:made>")
    def burn_until(made: str) -> str:
        while not Path("/", made).exists():
            pass
        return "burnt"

    @app.post("/echo")
    def echo() -> bytes:
        return request.get_data()

    @app.post("/count")
    def count() -> str:
        total = 0
        while piece := request.stream.read(10_000):
            total += len(piece)
        return str(total)

    @app.get("/stream")
    def stream() -> Response:
        def pieces() -> Iterator[bytes]:
            for number in range(3):
                log.info("piece %d", number)
                yield b"piece\n"

        return Response(pieces())

    @app.get("/log")
    def logged() -> str:
        log.info("inside")
        warnings.warn("careful", UserWarning, stacklevel=1)
        return "logged"

    @app.get("/raise")
    def raises() -> str:
        raise RuntimeError("on purpose")

    @app.get("/thread")
    def thread() -> str:
        def fail() -> None:
            raise RuntimeError("in a thread")

        one = threading.Thread(target=fail)
        one.start()
        one.join()
        return "started"

    @app.get("/die")
    def die() -> str:
        os._exit(3)

    @app.get("/environ")
    def environ() -> str:
        return repr(sorted(os.environ.items())) + repr(
            sorted((k, str(v)) for k, v in request.environ.items())
        )

    @app.get("/modules")
    def modules() -> str:
        return " ".join(sorted(sys.modules))

    @app.get("/where")
    def where() -> dict[str, Any]:
        return {"scheme": request.scheme, "client": request.remote_addr, "host": request.host}

    return app


service = Service(create_app, SampleSettings)


@service.check("good", every=0.05, timeout=1)
def good() -> None:
    return


@service.check("switch", every=0.05, timeout=0.2, failures=2, critical=True)
def switch() -> None:
    """Fails while the file that SWITCH names exists."""
    if os.path.exists(os.environ.get("SWITCH", "")):  # noqa: PTH110 - may be empty
        raise RuntimeError("switched off with p4ssw0rd")


def bare(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """Know nothing of Morrow."""
    if environ["PATH_INFO"] == "/raise":
        raise RuntimeError("on purpose")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"bare"]


def broken_factory() -> Flask:
    raise RuntimeError("no database")


raising = Service(broken_factory, factory=True)
wrong = Service(lambda: 3, factory=True)
stuck = Service(create_app, SampleSettings, stuck_after=0.3)
NOT_CALLABLE = 3
