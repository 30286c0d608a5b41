"""The service as its author writes it: a declaration that can also be given to other servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from morrow.kit.serving.declaration import Declaration

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


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
        from morrow.kit.serving.foreign import start

        return start(self).application
