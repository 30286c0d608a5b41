"""One request the way that users go: to the address of the gateway or the load balancer."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import urljoin, urlsplit

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.base.web import get
from morrow.tool.cluster.objects import status_of
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.network import policies_of
from morrow.tool.diagnose.view import View, own_pods

PATIENCE = 20.0  # seconds until a gateway has learnt of a route
TIMEOUT = 5.0
ROUTES = ("HTTPRoute", "Ingress")
MOST = 6  # doors that are tried
LOOKS = 4  # at a certificate


@dataclass(frozen=True)
class Door:
    """An address where requests come in from outside, and the host that they ask for."""

    host: str
    address: str
    port: int
    tls: bool
    path: str


def doors(view: View, place: Place) -> list[Door]:
    """Return a door for each host of each route that the release declares."""
    found: list[Door] = []
    opens = cache(listens)  # many hosts have one address
    for kind in ROUTES:
        for item in view.own(kind, place.name, place.namespace):
            ways = _by_gateway(item, view, place) if kind == "HTTPRoute" else _by_ingress(item)
            first: dict[str, Door] = {}
            for door in ways:
                if door.host not in first and opens(door.address, door.port):
                    first[door.host] = door
            found += first.values()
    return found[:MOST]


def _by_gateway(route: Json, view: View, place: Place) -> Iterator[Door]:
    """Yield where a route's hosts may be reached, TLS first: there users are led to."""
    path = _plain(route)
    hosts = [host for host in route["spec"].get("hostnames") or [] if "*" not in host]
    for parent in (route["spec"].get("parentRefs") or []) if path else ():
        wanted = parent["name"], parent.get("namespace") or place.namespace
        for gateway in view.of("Gateway"):
            meta = gateway["metadata"]
            if (meta["name"], meta.get("namespace")) != wanted:
                continue
            addresses = status_of(gateway).get("addresses") or []
            listeners = gateway["spec"].get("listeners") or []
            for listener in sorted(listeners, key=_tls, reverse=True):
                if parent.get("sectionName") not in (None, listener["name"]):
                    continue
                # What a gateway lists may be its own, inner port: the usual ones are tried too.
                usual = 443 if _tls(listener) else 80
                for host in filter(lambda one: _takes(listener, one), hosts):
                    for port in dict.fromkeys((listener["port"], usual)):
                        for address in addresses:
                            yield Door(host, str(address["value"]), port, _tls(listener), path)


def _plain(route: Json) -> str:
    """Return the first path of which it takes any GET: some ask for headers, or for a pattern."""
    for rule in route["spec"].get("rules") or [{}]:
        for match in rule.get("matches") or [{}]:
            path = match.get("path") or {}
            if match.get("method", "GET") != "GET" or {"headers", "queryParams"} & set(match):
                continue
            if path.get("type") != "RegularExpression":
                return str(path.get("value", "/"))
    return ""


def _tls(listener: Json) -> bool:
    return listener["protocol"] in ("HTTPS", "TLS")


def _takes(listener: Json, host: str) -> bool:
    own = str(listener.get("hostname") or "*")
    return own in ("*", host) or (own.startswith("*.") and host.endswith(own[1:]))


def _by_ingress(ingress: Json) -> Iterator[Door]:
    spec = ingress["spec"]
    balancer = (status_of(ingress).get("loadBalancer") or {}).get("ingress") or []
    tls = bool(spec.get("tls"))
    for rule in spec.get("rules") or []:
        host = rule.get("host") or ""
        paths = (rule.get("http") or {}).get("paths") or [{}]
        for entry in balancer:
            if host and "*" not in host:
                address = str(entry.get("ip") or entry.get("hostname"))
                yield Door(host, address, 443 if tls else 80, tls, paths[0].get("path") or "/")


def listens(address: str, port: int) -> bool:
    """Whether the port can be dialled: what a gateway lists may be its own, inner port."""
    try:
        with socket.create_connection((address, port), 3):
            return True
    except OSError:
        return False


def refused_outside(view: View, place: Place, inside: Callable[[str], int]) -> list[Problem]:
    """Return what is wrong at each door; `inside`: what the service itself answers for a path.

    A 4xx is the service's own affair where it answers the same inside.
    """
    found, ways = [], doors(view, place)
    if not ways and any(view.own(kind, place.name, place.namespace) for kind in ROUTES):
        terminal.warn("not asked from outside: no address of its route takes a plain GET from here")
    for door in ways:
        began, answer = time.monotonic(), _ask(door)
        while not _good(answer) and time.monotonic() - began < PATIENCE:
            if answer == inside(door.path):
                break
            time.sleep(1)
            answer = _ask(door)
        where, by = _url(door), f"at {door.address}:{door.port}"
        if _good(answer) or answer == inside(door.path):
            terminal.say(f"  GET {where} {by} answers {answer}")
            if wrong := _certificate_wrong(door):
                cause = f"{by} users are shown a certificate that they refuse: {wrong}"
                found.append(place.problem("certificate-wrong", where, cause))
            continue
        cause = f"{by} the answer is {answer}; the service itself answers {inside(door.path)}"
        policies = [one for pod in own_pods(view) for one in policies_of(pod, view)]
        names = sorted({one["metadata"]["name"] for one in policies})
        # A gateway may wait for pods that it does not reach, or answer 50x itself.
        if names and not (isinstance(answer, int) and answer < 502):
            cause += f"; NetworkPolicy {', '.join(names)} decides who reaches the pods"
        found.append(place.problem("outside-unserved", where, cause))
    return found


def _good(answer: int | str) -> bool:
    """Whether the way is there: who is asked to log in has come through."""
    return isinstance(answer, int) and (answer < 400 or answer == 401)


def _certificate_wrong(door: Door) -> str:
    """Return what is wrong with the certificate itself: its dates, its names.

    Who signed it is not judged: it is trusted for this one look. Of two replicas of a gateway
    each may show one of its own, so it is looked at again.
    """
    said = set()
    for _ in range(LOOKS if door.tls else 0):
        try:
            shown = ssl.DER_cert_to_PEM_cert(_certificate(door, _trusting_all()) or b"")
            strict = ssl.create_default_context(cadata=shown)
            strict.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            strict.verify_flags &= ~ssl.VERIFY_X509_STRICT
            _certificate(door, strict)
        except ssl.SSLCertVerificationError as wrong:
            said.add(str(wrong.verify_message))
        except OSError as wrong:
            said.add(str(wrong))
        else:
            return ""
    return max(said, key=len, default="")


def _certificate(door: Door, context: ssl.SSLContext) -> bytes | None:
    with (
        socket.create_connection((door.address, door.port), TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=door.host) as secured,
    ):
        return secured.getpeercert(True)


def _trusting_all() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _ask(door: Door) -> int | str:
    """Return the status, or why there is none. Who signed the certificate is not judged here."""
    context = _trusting_all() if door.tls else None
    answer = get(door.address, door.port, door.path, host=door.host, tls=context, timeout=TIMEOUT)
    if answer.status in (301, 302, 303, 307, 308) and answer.location:
        if answer.location == _url(door):
            return f"{answer.status}, which leads to the same address again and again"
        if to := _nobody(answer.location, door):
            return f"{answer.status}, which leads to {to}, where nobody listens"
    late = "timed out" in answer.reason
    return answer.status or (f"none within {TIMEOUT:.0f} s" if late else answer.reason)


def _nobody(location: str, door: Door) -> str:
    """Return where a redirect leads on the door's own host when no port is open there.

    What stands before the door may listen there: it is tried, too, at the address of its name.
    """
    try:
        to = urlsplit(location := urljoin(_url(door), location))
        port = to.port or {"http": 80, "https": 443}.get(to.scheme)
    except ValueError:  # it is none
        return ""
    if to.hostname != door.host or not port or port == door.port or door.port not in (80, 443):
        return ""
    try:
        named = {str(one[4][0]) for one in socket.getaddrinfo(door.host, port)}
    except OSError:
        if port in (80, 443):  # where a CDN listens for a name that is not known here
            return ""
        named = set()
    return "" if any(listens(one, port) for one in (door.address, *named)) else location


def _url(door: Door) -> str:
    return f"{'https' if door.tls else 'http'}://{door.host}{door.path}"
