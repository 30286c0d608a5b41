"""From the scope of a request to the environ that PEP 3333 describes."""

import sys
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.util import FileWrapper

_MOST_NAMES = 1000


class _Names(dict[bytes, str]):
    """The variable of each header's name; empty for one that would hide another.

    A name with an underscore becomes the same variable as the one with a dash.
    """

    def __missing__(self, name: bytes) -> str:
        variable = (
            "" if b"_" in name else f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
        )
        if len(self) < _MOST_NAMES:
            self[name] = variable
        return variable


_NAMES = _Names({b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"})


class _File(FileWrapper):
    """A file, in pieces so large that most are one; a pipe as it was asked for."""

    def __init__(self, filelike: Any, blksize: int = 8192) -> None:  # noqa: ANN401 - what can be read
        whole = getattr(filelike, "seekable", bool)()
        super().__init__(filelike, max(blksize, 64 * 1024) if whole else blksize)
        # Who answers a part of a file looks for these: without them all before it is read.
        for name in ("seekable", "seek", "tell"):
            if method := getattr(filelike, name, None):
                setattr(self, name, method)


# What each request says anew stands here as well: a copy has room for it.
_ALWAYS: dict[str, Any] = {
    "REQUEST_METHOD": "",
    "SCRIPT_NAME": "",
    "PATH_INFO": "",
    "QUERY_STRING": "",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_NAME": "",
    "SERVER_PORT": "",
    "REMOTE_ADDR": "",
    "wsgi.url_scheme": "",
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SERVER_SOFTWARE": "Morrow",
    "wsgi.errors": sys.stderr,
    "wsgi.file_wrapper": _File,
    # All of the body is there: who reads to its end needs no length.
    "wsgi.input": None,
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
    path = scope["raw_path"]
    environ = _ALWAYS.copy()
    environ["REQUEST_METHOD"] = scope["method"]
    environ["PATH_INFO"] = (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")
    environ["SERVER_NAME"], environ["SERVER_PORT"] = scope["server"]
    environ["REMOTE_ADDR"] = scope["client"][0]
    environ["wsgi.url_scheme"] = scope["scheme"]
    environ["wsgi.input"] = BytesIO()
    if query := scope["query_string"]:
        environ["QUERY_STRING"] = query.decode("latin-1")
    if scope["http_version"] != "1.1":
        environ["SERVER_PROTOCOL"] = "HTTP/1.0"
    if "root_path" in scope:
        environ["SCRIPT_NAME"] = scope["root_path"]
    for name, value in scope["headers"]:
        if variable := _NAMES[name]:
            text = value.decode("latin-1")
            if variable in environ:
                text = f"{environ[variable]}{';' if name == b'cookie' else ','}{text}"
            environ[variable] = text
    return environ
