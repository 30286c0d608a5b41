"""One request the way that users go: to the address of the gateway or the load balancer."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from morrow.tool.base.errors import Problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import Json, View

PATIENCE = 20.0  # seconds until a gateway has learnt of a route
TIMEOUT = 5.0


@dataclass(frozen=True)
class Door:
    """An address where requests come in from outside, and the host that they ask for."""

    host: str
    address: str
    port: int
    tls: bool
    path: str


def doors(view: View, place: Place) -> list[Door]:
    """Return the first door of each route that the release declares."""
    found = []
    for kind in ("HTTPRoute", "Ingress"):
        for item in view.own(kind, place.name, place.namespace):
            door = _by_gateway(item, view, place) if kind == "HTTPRoute" else _by_ingress(item)
            found += [door] if door else []
    return found


def _by_gateway(route: Json, view: View, place: Place) -> Door | None:
    hosts = [host for host in route["spec"].get("hostnames") or [] if "*" not in host]
    rule = (route["spec"].get("rules") or [{}])[0]
    path = ((rule.get("matches") or [{}])[0].get("path") or {}).get("value", "/")
    for parent in route["spec"].get("parentRefs") or []:
        wanted = parent["name"], parent.get("namespace") or place.namespace
        for gateway in view.of("Gateway"):
            meta = gateway["metadata"]
            if (meta["name"], meta.get("namespace")) != wanted or not hosts:
                continue
            addresses = (gateway.get("status") or {}).get("addresses") or []
            for listener in gateway["spec"].get("listeners") or []:
                if parent.get("sectionName") not in (None, listener["name"]):
                    continue
                tls = listener["protocol"] in ("HTTPS", "TLS")
                # What a gateway lists may be its own, inner port: the usual ones are tried too.
                for port in dict.fromkeys((listener["port"], 443 if tls else 80)):
                    for address in addresses:
                        if listens(str(address["value"]), port):
                            return Door(hosts[0], str(address["value"]), port, tls, path)
    return None


def _by_ingress(ingress: Json) -> Door | None:
    spec = ingress["spec"]
    balancer = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    tls = bool(spec.get("tls"))
    port = 443 if tls else 80
    for rule in spec.get("rules") or []:
        host = rule.get("host") or ""
        paths = (rule.get("http") or {}).get("paths") or [{}]
        for entry in balancer:
            address = str(entry.get("ip") or entry.get("hostname"))
            if host and "*" not in host and listens(address, port):
                return Door(host, address, port, tls, paths[0].get("path") or "/")
    return None


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
    found = []
    for door in doors(view, place):
        began, answer = time.monotonic(), _ask(door)
        while not _good(answer) and time.monotonic() - began < PATIENCE:
            if answer == inside(door.path):
                break
            time.sleep(1)
            answer = _ask(door)
        where = f"{'https' if door.tls else 'http'}://{door.host}{door.path}"
        by = f"at {door.address}:{door.port}"
        if _good(answer) or answer == inside(door.path):
            terminal.say(f"  GET {where} {by} answers {answer}")
            continue
        cause = f"{by} the answer is {answer}; the service itself answers {inside(door.path)}"
        found.append(place.problem("outside-unserved", where, cause))
    return found


def _good(answer: int | str) -> bool:
    return isinstance(answer, int) and answer < 400


def _ask(door: Door) -> int | str:
    """Return the status, or why there is none. Who signed the certificate is not judged here."""
    try:
        raw = socket.create_connection((door.address, door.port), TIMEOUT)
    except OSError as wrong:
        return str(wrong)
    with contextlib.closing(raw):
        connection = http.client.HTTPConnection(door.host, door.port, timeout=TIMEOUT)
        try:
            if door.tls:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                connection.sock = context.wrap_socket(raw, server_hostname=door.host)
            else:
                connection.sock = raw
            connection.request("GET", door.path, headers={"Host": door.host, "Connection": "close"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException) as wrong:
            return str(wrong) or type(wrong).__name__
        finally:
            connection.close()
