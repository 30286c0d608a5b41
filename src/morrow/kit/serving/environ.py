"""From the scope of a request to the environ that PEP 3333 describes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

_NAMES: dict[bytes, str] = {
    b"content-type": "CONTENT_TYPE",
    b"content-length": "CONTENT_LENGTH",
}
_MOST_NAMES = 1000


def _variable(name: bytes) -> str:
    variable = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
    if len(_NAMES) < _MOST_NAMES:
        _NAMES[name] = variable
    return variable


class _Empty:
    """The body of a request that has none."""

    def read(self, size: int = -1) -> bytes:
        return b""

    def readline(self, size: int = -1) -> bytes:
        return b""

    def readlines(self, hint: int = -1) -> list[bytes]:
        return []

    def __iter__(self) -> Iterator[bytes]:
        return iter(())


_ALWAYS: dict[str, Any] = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SERVER_SOFTWARE": "Morrow",
    "wsgi.errors": sys.stderr,
    # All of the body is there: who reads to its end needs no length.
    "wsgi.input": _Empty(),
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": False,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}


def environ_of(scope: dict[str, Any]) -> dict[str, Any]:
    """Return the WSGI environ of an ASGI scope.

    >>> scope = {"method": "GET", "raw_path": b"/a%2Fb", "query_string": b"", "scheme": "http"}
    >>> scope |= {"http_version": "1.1", "server": ("127.0.0.1", "80"), "client": ("::1", "9")}
    >>> environ_of(scope | {"headers": [(b"x-a", b"1"), (b"x-a", b"2")]})["HTTP_X_A"]
    '1,2'
    """
    server, path = scope["server"], scope["raw_path"]
    environ = {
        **_ALWAYS,
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", ""),
        "PATH_INFO": (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": "HTTP/1.1" if scope["http_version"] == "1.1" else "HTTP/1.0",
        "SERVER_NAME": server[0],
        "SERVER_PORT": server[1],
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.url_scheme": scope["scheme"],
    }
    for name, value in scope["headers"]:
        variable = _NAMES.get(name) or _variable(name)
        text = value.decode("latin-1")
        if variable in environ:
            text = f"{environ[variable]}{';' if name == b'cookie' else ','}{text}"
        environ[variable] = text
    return environ
