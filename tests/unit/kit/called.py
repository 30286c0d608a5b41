"""An application that is called in this process, behind the kit's middleware."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from morrow.kit.request.observer import Observer
from morrow.kit.request.wsgi import Middleware

Environ = dict[str, Any]


class Client:
    """Calls a WSGI application and keeps what it said."""

    def __init__(self, app: Callable[..., Any], slow: float = 1.0, **options: Any) -> None:
        self.observer = Observer(slow=slow)
        self.wrapped = Middleware(app, self.observer, **options)
        self.status = ""
        self.headers: dict[str, str] = {}

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], object]:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        return lambda data: None

    def call(self, path: str = "/", more: Environ | None = None, **environ: str) -> bytes:
        base = {"REQUEST_METHOD": "GET", "PATH_INFO": path}
        result = self.wrapped(base | environ | (more or {}), self.start_response)
        try:
            return b"".join(result)
        finally:
            if hasattr(result, "close"):
                result.close()

    def series(self) -> list[str]:
        return [
            line
            for line in self.observer.durations.exposition().decode().splitlines()
            if "_count{" in line
        ]


def plain(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"plain"]
