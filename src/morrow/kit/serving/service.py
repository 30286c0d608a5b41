"""The service as its author writes it: a declaration that can also be given to other servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from morrow.kit.serving.declaration import Declaration

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from morrow.kit.request.asgi import Application


class Service(Declaration):
    """A declaration that serves itself, and that another server can be given.

    >>> def app(environ, start_response):
    ...     start_response("200 OK", [])
    ...     return [b"hello"]
    >>> Service(app).settings.__name__
    'Settings'
    """

    def wsgi(self) -> WSGIApplication:
        """Load everything and return a WSGI application for another server.

        `application = service.wsgi()` in a module is what gunicorn or waitress is pointed at.

        >>> import os
        >>> os.environ["MORROW_ADMIN_PORT"] = "0"
        >>> callable(Service(lambda environ, start_response: []).wsgi())  # doctest: +ELLIPSIS
        {..."message": "serving under another server, ...}
        True
        """
        # Another server's business: what serves itself need not load it.
        from morrow.kit.serving.foreign import wsgi

        return wsgi(self)

    def asgi(self) -> Application:
        """Load everything and return an ASGI application for another server.

        `application = service.asgi()` in a module is what uvicorn or hypercorn is pointed at.

        >>> import os
        >>> os.environ["MORROW_ADMIN_PORT"] = "0"
        >>> async def app(scope, receive, send): ...
        >>> callable(Service(app).asgi())  # doctest: +ELLIPSIS
        {..."message": "serving under another server, ...}
        True
        """
        from morrow.kit.serving.foreign import asgi

        return asgi(self)
