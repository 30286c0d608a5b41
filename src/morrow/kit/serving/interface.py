"""Which interface an application has: told by it or by its author, never guessed."""

import inspect
import re
from collections.abc import Callable
from typing import Any, Literal

from morrow.kit.settings.loading import BAD_SETTINGS
from morrow.kit.settings.problem import StartError

Interface = Literal["wsgi", "asgi"]

# What speaks neither interface, though it can be called, and what to do then.
_OWN = "a server of its own: run it as a program, `python -m morrow worker -- python shop.py`"
SERVERS = {
    "aiohttp": _OWN,
    "tornado": _OWN,
    "gradio": "which FastAPI can serve: gradio.mount_gradio_app(FastAPI(), demo, path='/')",
}

_SAYS_FACTORY = re.compile(
    r"(create|make|build|get)_(\w+_)?(app|application|asgi|wsgi)|(\w+_)?factory", re.ASCII
).fullmatch


def says_factory(app: Callable[..., Any]) -> bool:
    """Tell whether a function's name says that it makes the application.

    >>> def create_app(): ...
    >>> says_factory(create_app), says_factory(print)
    (True, False)
    """
    return inspect.isroutine(app) and bool(_SAYS_FACTORY(getattr(app, "__name__", "")))


def interface_of(app: object, where: str = "the application") -> Interface:
    """Return the interface that an application tells, or raise what to write instead.

    >>> def app(environ, start_response): ...
    >>> async def other(scope, receive, send): ...
    >>> interface_of(app), interface_of(other)
    ('wsgi', 'asgi')
    """
    if not callable(app):
        mend = "write app.wsgifunc()" if hasattr(app, "wsgifunc") else ""  # web.py
        raise _unknown(f"{where} is {type(app).__name__}, which cannot be called", mend)
    bases = {one.__module__.partition(".")[0] for one in type(app).__mro__}
    library = type(app).__module__.partition(".")[0]
    if library in SERVERS and "starlette" not in bases:  # Gradio's App is FastAPI's
        raise _unknown(f"{where} is of {library}, {SERVERS[library]}")
    call = app if inspect.isroutine(app) or inspect.isclass(app) else type(app).__call__
    inner = inspect.unwrap(call)
    while hasattr(inner, "func"):  # functools.partial
        inner = inner.func
    if inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(inner):
        return "asgi"
    try:
        signature = inspect.signature(app)
    except (TypeError, ValueError):
        return "wsgi"  # written in C, and no coroutine function: it is called as PEP 3333 says
    names = [name.lstrip("_") for name in signature.parameters]
    if names[:3] == ["scope", "receive", "send"]:
        return "asgi"
    if names == ["scope"]:
        raise _unknown(
            f"{where} is an application of ASGI 2", "wrap it by asgiref's guarantee_single_callable"
        )
    try:
        # What is called, not what it wraps: Werkzeug's `@Request.application` takes other words.
        inspect.signature(app, follow_wrapped=False).bind(None, None)
    except TypeError:
        raise _unknown(
            f"{where} takes no request: it can be called neither as WSGI nor as ASGI",
            "if it makes the application, say so: Service(..., factory=True), "
            "or MODULE:NAME() where no Service is",
        ) from None
    return "wsgi"


def _unknown(what: str, mend: str = "") -> StartError:
    told = f"{what}; {mend}" if mend else what
    return StartError("interface-unknown", told, BAD_SETTINGS)
