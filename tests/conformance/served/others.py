"""Applications of others, by name: `others:flaskr`. Only the asked one is imported.

Where things are: the folder that tests/conformance/material.py filled, in CONFORMANCE.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def folder() -> Path:
    return Path(os.environ["CONFORMANCE"])


def flaskr() -> Any:
    from flaskr import create_app

    app = create_app({"SECRET_KEY": "k", "DATABASE": str(folder() / "flaskr.sqlite")})
    with app.app_context():
        from flaskr.db import init_db

        init_db()
    return app


def pypiserver() -> Any:
    from pypiserver import app

    return app(roots=[str(folder() / "packages")])


def radicale() -> Any:
    import radicale
    from radicale import config

    loaded = config.load()
    storage = {"filesystem_folder": str(folder() / "calendars")}
    loaded.update({"auth": {"type": "none"}, "storage": storage}, "test")
    return radicale.Application(loaded)


def falcon() -> Any:
    from falcon.bench.create import falcon as create

    return create(b"hello", {"X-Test": "Funky Chicken"})


def werkzeug() -> Any:
    from werkzeug.testapp import test_app

    return test_app


def wsgiref() -> Any:
    from wsgiref.simple_server import demo_app
    from wsgiref.validate import validator

    return validator(demo_app)


def prometheus_wsgi() -> Any:
    from prometheus_client import make_wsgi_app

    return make_wsgi_app()


def prometheus_asgi() -> Any:
    from prometheus_client import make_asgi_app

    return make_asgi_app()


def starlette() -> Any:
    from starlette.staticfiles import StaticFiles

    return StaticFiles(directory=folder() / "static", html=True)


def litestar() -> Any:
    from litestar import Litestar
    from litestar.static_files import create_static_files_router

    files = create_static_files_router("/static", [folder() / "static"])
    return Litestar([files])


def quart() -> Any:
    from quart import Quart

    return Quart("others", static_folder=str(folder() / "static"))


def datasette() -> Any:
    from datasette.app import Datasette

    return Datasette([str(folder() / "data.sqlite")]).app()


def _fastapi(example: str) -> Any:
    sys.path.insert(0, str(folder() / "fastapi"))
    from importlib import import_module

    return import_module(f"docs_src.{example}").app


def fastapi_events() -> Any:
    return _fastapi("server_sent_events.tutorial001")


def fastapi_sockets() -> Any:
    return _fastapi("websockets_.tutorial001")


def fastapi_stream() -> Any:
    return _fastapi("stream_data.tutorial001")


def fastapi_bigger() -> Any:
    return _fastapi("bigger_applications.app.main")


MADE = {name: made for name, made in list(globals().items()) if callable(made)}


def __getattr__(name: str) -> Any:
    if not name.startswith("app_") or name[4:] not in MADE:
        raise AttributeError(name)
    app = globals()[name] = MADE[name[4:]]()
    return app
