"""Ask a registry for an image, as somebody without a password."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

# Where Docker Hub answers for the name that stands in images.
HUB = {"docker.io": "registry-1.docker.io"}
TIMEOUT = 5.0
KINDS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


@dataclass(frozen=True)
class Answer:
    """What the registry said of an image: the status, and whether everybody needs a token."""

    status: int
    with_token: bool = False


def registry_of(image: str) -> str:
    """Return the registry that an image names, "" where it names none.

    >>> registry_of("localhost/shop"), registry_of("example.com:5000/a/b:1"), registry_of("a/b:1")
    ('localhost', 'example.com:5000', '')
    """
    host, _, rest = image.partition("/")
    return host if rest and re.search(r"[.:]|^localhost$", host) else ""


def ask_for(host: str, path: str, reference: str) -> Answer:
    """Ask for an image's manifest; raise OSError where the registry gives no proper answer."""
    host, url = HUB.get(host, host), f"/v2/{path}/manifests/{reference}"
    try:
        try:
            return _ask(http.client.HTTPSConnection, host, url)
        except ssl.SSLError:  # a registry without TLS
            return _ask(http.client.HTTPConnection, host, url)
    except (http.client.HTTPException, ValueError) as wrong:
        raise OSError(str(wrong) or type(wrong).__name__) from wrong


def unreached(host: str) -> str:
    """Return why nothing can be connected with where a registry is; "" where it answers.

    Behind a proxy that tells nothing of the registry, so nothing is said.
    """
    from urllib.request import getproxies, proxy_bypass  # slow to import, and seldom needed

    where = urlsplit(f"//{HUB.get(host, host)}")
    try:
        if getproxies().keys() & {"http", "https", "all"} and not proxy_bypass(where.netloc):
            return ""
        with socket.create_connection((where.hostname, where.port or 443), TIMEOUT):
            return ""
    except (OSError, ValueError) as wrong:
        return str(wrong)


def _ask(kind: type[http.client.HTTPConnection], host: str, url: str) -> Answer:
    status, challenge, _ = _request(kind(host, timeout=TIMEOUT), "HEAD", url)
    token = _token(challenge) if status == 401 else ""
    if not token:
        return Answer(status)
    connection = kind(host, timeout=TIMEOUT)
    status, _, _ = _request(connection, "HEAD", url, Authorization=f"Bearer {token}")
    return Answer(status, with_token=True)


def _token(challenge: str) -> str:
    """Fetch the token that a public registry gives to everybody; "" where it gives none."""
    scheme, _, rest = challenge.partition(" ")
    fields = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    place = urlsplit(fields.pop("realm", ""))
    if scheme.lower() != "bearer" or place.scheme not in ("http", "https"):
        return ""
    secure = place.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    query = "&".join(filter(None, (place.query, urlencode(fields))))
    url = f"{place.path or '/'}?{query}"
    status, _, body = _request(kind(place.netloc, timeout=TIMEOUT), "GET", url)
    content = json.loads(body) if status == 200 else {}
    answer = content if isinstance(content, dict) else {}
    return str(answer.get("token") or answer.get("access_token") or "")


def _request(
    connection: http.client.HTTPConnection, method: str, url: str, **headers: str
) -> tuple[int, str, bytes]:
    try:
        connection.request(method, url, headers={"Accept": f"{KINDS}, */*", **headers})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("WWW-Authenticate") or "", answer.read(1 << 20)
    finally:
        connection.close()
