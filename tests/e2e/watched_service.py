"""What the pods of the monitoring's test run: it can be given every fault that has an alert.

hello's image has no prometheus_client; a module of that name stands in for it with one gauge.
"""

from __future__ import annotations

import os
import sys
import time
import types
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from flask import Flask

from morrow import Service, Settings
from morrow.kit.request.metrics import process_lines

DOWN, WAITING, TAKEN = Path("/tmp/down"), Path("/tmp/waiting"), Path("/tmp/taken")


class ShopSettings(Settings):
    """Nothing."""


def generate_latest() -> bytes:
    """Return how many tasks wait, and of the process what the real one says too."""
    gauge = ["# TYPE web_tasks_waiting gauge", f"web_tasks_waiting {5 * WAITING.exists()}"]
    return "".join(f"{line}\n" for line in (*gauge, *process_lines())).encode()


def wsgi() -> Flask:
    """Answer well, badly and late."""
    app = Flask("web")

    @app.get("/")
    def good() -> str:
        return "good"

    @app.get("/bad")
    def bad() -> str:
        raise RuntimeError("bad")

    @app.get("/slow")
    def slow() -> str:
        time.sleep(0.8)
        return "late"

    return app


async def asgi(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[object]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer well, or hold up the loop for a second of computing."""
    if scope["type"] == "lifespan":
        for part in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{part}.complete"})
        return
    ends = time.monotonic() + 1
    while scope["path"] == "/block" and time.monotonic() < ends:
        pass
    status = 404 if scope["path"] == "/nothing" else 200
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"good"})


def create_app(settings: ShopSettings) -> Any:
    """Make the one that the environment asks for."""
    gauge = types.ModuleType("prometheus_client")
    gauge.generate_latest = generate_latest  # type: ignore[attr-defined]
    gauge.REGISTRY = gauge.exposition = gauge  # type: ignore[attr-defined]
    gauge.choose_encoder = lambda kind: (lambda registry: generate_latest(), kind)  # type: ignore[attr-defined]
    sys.modules["prometheus_client"] = gauge
    return asgi if os.environ.get("KIND") == "asgi" else wsgi()


service = Service(create_app, ShopSettings)


@service.check("database", every=0.5, timeout=1, failures=1, critical=True)
def database() -> None:
    """Fail while it was told to."""
    if DOWN.exists():
        raise RuntimeError("down")


@service.pool("database")
def connections() -> tuple[int, int]:
    """Have one connection left while it was told to."""
    return 9 if TAKEN.exists() else 1, 10
