"""Headers that must not be believed: names that hide others, and words of unknown proxies.

Anyone can send X-Forwarded-For. It is believed only from MORROW_TRUSTED_PROXIES. A name with
an underscore becomes the same variable as the one with a dash, so it is dropped.
"""

import ipaddress
import re
from functools import lru_cache
from typing import Any

from morrow.kit.settings.loading import SettingProblem
from morrow.kit.settings.problem import bad_settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Scope = dict[str, Any]

_HOST = re.compile(rb"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?").fullmatch
_PREFIX = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+").fullmatch


def _address(text: str) -> Address | None:
    """Return the address; one of IPv4 that a socket of IPv6 has written differently as IPv4."""
    text = text.strip().removeprefix("[").partition("]")[0]
    if text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


class Proxies:
    """The networks whose words about the client are believed.

    >>> scope = {"client": ("10.0.0.7", "1"), "scheme": "http", "server": ("10.0.0.1", "80")}
    >>> scope["headers"] = [(b"x-forwarded-for", b"192.0.2.1"), (b"x-forwarded-proto", b"https")]
    >>> Proxies(["10.0.0.0/8"]).apply(scope)
    >>> scope["client"][0], scope["scheme"]
    ('192.0.2.1', 'https')
    """

    def __init__(self, networks: list[str]) -> None:
        try:
            self.networks = [ipaddress.ip_network(text) for text in networks]
        except ValueError as error:
            problem = SettingProblem(
                "MORROW_TRUSTED_PROXIES",
                "setting-malformed",
                f"is no list of networks, such as 10.0.0.0/8,fd00::/8: {error}",
            )
            raise bad_settings([problem]) from None
        self._known = lru_cache(4096)(self._believed)

    def _believed(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(
            address.version == network.version and address in network for network in self.networks
        )

    def apply(self, scope: Scope) -> None:
        """Drop names with underscores, then believe what may be believed.

        See the class for an example.
        """
        headers = scope["headers"]
        for name, _ in headers:
            if b"_" in name:
                scope["headers"] = [pair for pair in headers if b"_" not in pair[0]]
                break
        self.believe(scope)

    def believe(self, scope: Scope) -> None:
        """Take what a trusted proxy says into the scope; of names with underscores nothing.

        >>> scope = {"client": ("::ffff:192.0.2.1", "1"), "headers": []}
        >>> Proxies([]).believe(scope)
        >>> scope["client"]
        ('192.0.2.1', '1')
        """
        host, port = scope["client"]
        if host.startswith("::ffff:"):
            host = str(_address(host) or host)
            scope["client"] = (host, port)
        if self.networks and self._known(host):
            self._take(scope, scope["headers"])

    def _take(self, scope: Scope, headers: list[tuple[bytes, bytes]]) -> None:
        told: dict[bytes, str] = {}
        for name, value in headers:
            if name.startswith(b"x-forwarded-"):
                text = value.decode("latin-1")
                told[name] = f"{told[name]},{text}" if name in told else text

        def last(what: bytes) -> str:
            """Return what the nearest proxy said: it writes at the end."""
            return told.get(b"x-forwarded-" + what, "").rpartition(",")[2].strip()

        # From the right: the first that is no proxy of ours is the client.
        chain = [one.strip() for one in told.get(b"x-forwarded-for", "").split(",") if one.strip()]
        client = next((one for one in reversed(chain) if not self._known(one)), "")
        client = client or (chain[0] if chain else "")
        if client and (address := _address(client)) is not None:
            scope["client"] = (str(address), "0")
        if (scheme := last(b"proto").lower().replace("ws", "http")) in ("http", "https"):
            is_socket = scope.get("type") == "websocket"
            scope["scheme"] = scheme.replace("http", "ws") if is_socket else scheme
        if (port := last(b"port")).isdecimal() and len(port) <= 5:
            scope["server"] = (scope["server"][0], port)
        host = last(b"host").encode("latin-1")
        if host and _HOST(host):
            scope["headers"] = [(b"host", host), *(one for one in headers if one[0] != b"host")]
        if (prefix := last(b"prefix").rstrip("/")) and _PREFIX(prefix):
            scope["root_path"] = prefix
