"""The routes that real frameworks match, as the kit's metrics name them: a JSON object.

It runs in the environment that has all of them: `python -m tests.unit.kit.framework_routes`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

from morrow.kit.request.asgi import AsgiMiddleware, Places
from morrow.kit.request.observer import Observer
from morrow.kit.request.routes import note_routes
from morrow.kit.request.wsgi import Middleware

WSGI: dict[str, Callable[[], Any]] = {}
ASGI: dict[str, Callable[[], Any]] = {}


def of(table: dict[str, Callable[[], Any]]) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    def add(make: Callable[[], Any]) -> Callable[[], Any]:
        table[make.__name__] = make
        return make

    return add


@of(WSGI)
def flask() -> Any:
    from flask import Flask

    app = Flask("routes")
    app.add_url_rule("/items/<int:number>", view_func=lambda number: "item")
    return app


@of(WSGI)
def bottle() -> Any:
    from pypiserver import bottle_wrapper

    app = bottle_wrapper.Bottle()
    app.route("/items/<number>", callback=lambda number: "item")
    return app


@of(WSGI)
def pyramid() -> Any:
    from pyramid.config import Configurator
    from pyramid.response import Response

    with Configurator() as config:
        config.add_route("item", "/items/{number}")
        config.add_view(lambda request: Response("item"), route_name="item")
    return config.make_wsgi_app()


class Item:
    def on_get(self, req: Any, resp: Any, number: str) -> None:
        resp.text = "item"


@of(WSGI)
def falcon() -> Any:
    import falcon

    app = falcon.App()
    app.add_route("/items/{number}", Item())
    return app


def _django() -> None:
    from django.conf import settings
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    def item(request: HttpRequest, number: int) -> HttpResponse:
        return HttpResponse("item")

    if not settings.configured:
        import django

        settings.configure(ROOT_URLCONF="urls", ALLOWED_HOSTS=["*"], SECRET_KEY="k")
        settings.ROOT_URLCONF = type(
            "urls", (), {"urlpatterns": [path("items/<int:number>", item)]}
        )
        django.setup()


@of(WSGI)
def django() -> Any:
    _django()
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


@of(ASGI)
def django_asgi() -> Any:
    _django()
    from django.core.asgi import get_asgi_application

    return get_asgi_application()


class AsyncItem:
    async def on_get(self, req: Any, resp: Any, number: str) -> None:
        resp.text = "item"


@of(ASGI)
def falcon_asgi() -> Any:
    import falcon.asgi

    app = falcon.asgi.App()
    app.add_route("/items/{number}", AsyncItem())
    return app


@of(ASGI)
def fastapi() -> Any:
    from importlib import import_module

    made = import_module("fastapi")
    router = made.APIRouter(prefix="/items")

    async def item(number: int) -> str:
        return "item"

    item.__annotations__ = {"number": int, "return": str}
    router.get("/{number}")(item)
    app = made.FastAPI()
    app.include_router(router)
    return app


@of(ASGI)
def starlette() -> Any:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def item(request: Any) -> PlainTextResponse:
        return PlainTextResponse("item")

    return Starlette(routes=[Route("/items/{number:int}", item)])


@of(ASGI)
def litestar() -> Any:
    from litestar import Litestar, get

    async def item(number: int) -> str:
        return "item"

    item.__annotations__ = {"number": int, "return": str}
    return Litestar([get("/items/{number:int}")(item)])


@of(ASGI)
def quart() -> Any:
    from quart import Quart

    app = Quart("routes")

    async def item(number: int) -> str:
        return "item"

    app.add_url_rule("/items/<int:number>", view_func=item)
    return app


@of(ASGI)
def blacksheep() -> Any:
    from blacksheep import Application

    app = Application()

    async def item(number: int) -> str:
        return "item"

    app.router.add_get("/items/{number}", item)
    asyncio.run(app.start())
    return app


def of_wsgi(app: Any, path: str, observer: Observer) -> None:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "x", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "SCRIPT_NAME": "",
        "QUERY_STRING": "", "REMOTE_ADDR": "192.0.2.1",
    }  # fmt: skip
    from io import BytesIO, StringIO

    environ |= {"wsgi.input": BytesIO(), "wsgi.errors": StringIO(), "wsgi.version": (1, 0)}
    answer = Middleware(app, observer)(environ, lambda status, headers, *more: lambda data: None)
    list(answer)
    if hasattr(answer, "close"):
        answer.close()


async def of_asgi(app: Any, path: str, observer: Observer) -> None:
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": "GET", "path": path, "raw_path": path.encode(), "root_path": "",
        "scheme": "http", "query_string": b"", "headers": [(b"host", b"x")], "state": {},
        "client": ("192.0.2.1", 9), "server": ("192.0.2.2", 80), "extensions": {},
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None: ...

    await AsgiMiddleware(app, observer, Places(1), body_limit=10)(scope, receive, send)


def told(observer: Observer) -> list[str]:
    text = observer.durations.exposition().decode()
    return re.findall(r'_count{.*http_route="(.*)",http_response_status_code="(.*)"} 1', text)


def main() -> None:
    found = {}
    for name, make in (WSGI | ASGI).items():
        app, observer = make(), Observer()
        note_routes(app)
        for path in ("/items/7", "/nowhere"):
            if name in WSGI:
                of_wsgi(app, path, observer)
            else:
                asyncio.run(of_asgi(app, path, observer))
        found[name] = told(observer)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
