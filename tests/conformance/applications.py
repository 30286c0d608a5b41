"""The applications, and what each offers to be asked for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Application:
    """One application, how it is named to a server, and paths of it by their use."""

    name: str
    interface: str
    target: str
    page: str
    offers: dict[str, str] = field(default_factory=dict)
    ours: bool = False


EDGES = {
    "environ": "/environ/",
    "echo": "/echo",
    "cookies": "/cookies",
    "latin": "/latin",
    "stream": "/stream",
    "pieces": "/stream",
    "big": "/big",
    "slow": "/slow",
    "missing": "/missing",
    "204": "/status/204",
}

APPLICATIONS = (
    Application("httpbin", "wsgi", "httpbin:app", "/html", {
        "missing": "/nowhere", "redirect": "/relative-redirect/1",
        "cookies": "/cookies/set?a=1&b=2", "file": "/range/1024", "204": "/status/204",
        "304": "/status/304", "stream": "/stream/3",
    }),
    Application("flaskr", "wsgi", "others:app_flaskr", "/", {
        "missing": "/nowhere", "redirect": "/create", "file": "/static/style.css",
    }),
    Application("Django, startproject, WSGI", "wsgi", "project.wsgi:application", "/admin/login/",
                {"missing": "/nowhere", "redirect": "/admin/"}),
    Application("pypiserver (Bottle)", "wsgi", "others:app_pypiserver", "/", {
        "missing": "/packages/nowhere-1.0.tar.gz", "redirect": "/simple",
        "file": "/packages/thing-1.0.tar.gz",
    }),
    Application("Radicale", "wsgi", "others:app_radicale", "/.web/", {"redirect": "/"}),
    Application("Falcon's own bench", "wsgi", "others:app_falcon", "/hello/1/test",
                {"missing": "/nowhere"}),
    Application("Werkzeug's test page", "wsgi", "others:app_werkzeug", "/"),
    Application("wsgiref's demo under its validator", "wsgi", "others:app_wsgiref", "/"),
    Application("prometheus_client, WSGI", "wsgi", "others:app_prometheus_wsgi", "/metrics"),
    Application("PEP 3333's corners", "wsgi", "edge_wsgi:app", "/", {
        **EDGES, "wsgi-edge": "/", "304": "/status/304", "job": "/job/", "limit": "/echo",
    }, ours=True),
    Application("FastAPI's example of server-sent events", "asgi", "others:app_fastapi_events",
                "/docs", {"missing": "/nowhere", "stream": "/items/stream"}),
    Application("FastAPI's example of websockets", "asgi", "others:app_fastapi_sockets", "/",
                {"missing": "/nowhere", "websocket": "/ws"}),
    Application("FastAPI's example of streams", "asgi", "others:app_fastapi_stream", "/docs",
                {"missing": "/nowhere", "stream": "/story/stream"}),
    Application("FastAPI's bigger application", "asgi", "others:app_fastapi_bigger",
                "/?token=jessica", {"missing": "/nowhere"}),
    Application("Datasette", "asgi", "others:app_datasette", "/", {
        "missing": "/nowhere", "file": "/-/static/app.css",
    }),
    Application("Django, startproject, ASGI", "asgi", "project.asgi:application", "/admin/login/",
                {"missing": "/nowhere", "redirect": "/admin/"}),
    Application("Starlette's static files", "asgi", "others:app_starlette", "/",
                {"missing": "/nowhere", "file": "/text.txt"}),
    Application("Litestar's static files", "asgi", "others:app_litestar", "/static/text.txt",
                {"missing": "/nowhere"}),
    Application("Quart's static files", "asgi", "others:app_quart", "/static/text.txt",
                {"missing": "/nowhere", "file": "/static/text.txt"}),
    Application("prometheus_client, ASGI", "asgi", "others:app_prometheus_asgi", "/metrics"),
    Application("ASGI's corners", "asgi", "edge_asgi:app", "/", {
        **EDGES, "asgi-edge": "/", "websocket": "/ws", "websocket-echo": "/ws", "limit": "/echo",
    }, ours=True),
)  # fmt: skip
