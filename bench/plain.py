"""One page, as an application that knows nothing of Morrow: by Flask, and by FastAPI."""

from __future__ import annotations

from typing import Any


def _flask() -> Any:  # noqa: ANN401 - one of two
    from bench.apps import plain_app

    return plain_app()


def _fastapi() -> Any:  # noqa: ANN401 - as above
    from fastapi import FastAPI  # type: ignore[import-not-found, unused-ignore]
    from fastapi.responses import PlainTextResponse  # type: ignore[import-not-found, unused-ignore]

    app = FastAPI()

    @app.get("/")  # type: ignore[untyped-decorator, unused-ignore]
    async def hello() -> PlainTextResponse:
        return PlainTextResponse("Hello, this is a message from your Python app!")

    return app


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as above
    if name not in ("flask", "fastapi"):
        raise AttributeError(name)
    app = globals()[name] = {"flask": _flask, "fastapi": _fastapi}[name]()
    return app
