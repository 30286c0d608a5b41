"""Scheme and client address from a proxy's headers, if a declared network sent them.

Anyone can send X-Forwarded-For. It is believed only from MORROW_TRUSTED_PROXIES.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from morrow.kit.settings.loading import SettingProblem
from morrow.kit.settings.problem import bad_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def behind_proxies(app: WSGIApplication, networks: list[str]) -> WSGIApplication:
    """Return the application behind Granian's own reading of the headers.

    >>> def app(environ, start_response):
    ...     return [environ["wsgi.url_scheme"].encode()]
    >>> behind = behind_proxies(app, ["10.0.0.0/8"])
    >>> environ = {"REMOTE_ADDR": "10.0.0.7", "wsgi.url_scheme": "http"}
    >>> told = {"HTTP_X_FORWARDED_FOR": "192.0.2.1", "HTTP_X_FORWARDED_PROTO": "https"}
    >>> behind(environ | told, print)
    [b'https']
    """
    if not networks:
        return app
    try:
        for text in networks:
            ipaddress.ip_network(text)
    except ValueError as error:
        problem = SettingProblem(
            "MORROW_TRUSTED_PROXIES",
            "setting-malformed",
            f"is no list of networks, such as 10.0.0.0/8,fd00::/8: {error}",
        )
        raise bad_settings([problem]) from None
    from granian.utils.proxies import wrap_wsgi_with_proxy_headers

    wrap: Any = wrap_wsgi_with_proxy_headers
    wrapped: WSGIApplication = wrap(app, trusted_hosts=networks)
    return wrapped
