"""A probe for images without curl: one GET, exit 0 for 200."""

import sys
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit


def probe(url: str, timeout: float = 3.0) -> int:
    """Return 0 when `url` answers 200, 1 when not, 2 when it is no http URL.

    >>> probe("ftp://example.com/")
    2
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        sys.stderr.write(f"error: {url} is no http:// URL\n")
        return 2
    connection = HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request("GET", parts._replace(scheme="", netloc="").geturl() or "/")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        sys.stderr.write(f"error: {url}: {error}\n")
        return 1
    finally:
        connection.close()
    if status == 200:
        return 0
    sys.stderr.write(f"error: {url} answers {status}\n")
    return 1
