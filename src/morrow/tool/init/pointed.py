"""Lead an application to servers of this machine: in addresses, and in settings by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from morrow.tool.init.beside import POINTS
from morrow.tool.init.settings import Setting

ADDRESS = re.compile(r"(postgres(?:ql)?|redis)(\+\w+)?://(?=\S)(?:([^@/\s]*)@)?[^/?\s]*(.*)")
ENCRYPTED = re.compile(r"(?<=[?&])(sslmode|ssl)=[^&]*&?")
NAMES = {"postgres": POINTS["PostgreSQL"], "redis": r"REDIS"}
OTHERS = re.compile(r"MYSQL|MARIA|MONGO|MEMCACHE|RABBIT")
LOGIN = re.compile(r"(USER(NAME)?|PASS(WORD|WD)?)$")  # our Redis has none, and refuses one
HOST = re.compile(r"(HOST(NAME)?|SERVER|ADDRESS)$")


def pointed(
    given: Mapping[str, str], settings: Iterable[Setting], ports: Mapping[str, int], driver: str
) -> dict[str, str]:
    """Return the settings that lead there, with what is said of user and database kept.

    `driver`: an address for what would be a file, "" where a file may stay one.
    """
    found = {}
    for one in settings:
        value = given.get(one.name, one.example or one.default or "")
        if address := _address(value, ports):
            found[one.name] = address
        elif driver and one.name in given and one.store and value.startswith(("sqlite", "local")):
            found[one.name] = _address(driver, ports)
        elif (by_name := _by_name(one, value, ports)) is not None:
            found[one.name] = by_name
    return found


def _address(value: str, ports: Mapping[str, int]) -> str:
    said = ADDRESS.fullmatch(value)
    kind = "redis" if said and said[1] == "redis" else "postgres"
    if said is None or kind not in ports:
        return ""
    rest = ENCRYPTED.sub("", said[4]).rstrip("?&")
    at = f"{said[3] or 'postgres'}@" if kind == "postgres" else ""
    return f"{said[1]}{said[2] or ''}://{at}127.0.0.1:{ports[kind]}{rest}"


def _by_name(one: Setting, value: str, ports: Mapping[str, int]) -> str | None:
    name = one.name.upper()
    kinds = [kind for kind in ports if re.search(NAMES[kind], name) and not OTHERS.search(name)]
    if not kinds or "://" in value:
        return None
    if HOST.search(name):
        return "127.0.0.1"
    if kinds == ["redis"] and LOGIN.search(name) and (value or one.needed):
        return ""
    return str(ports[kinds[-1]]) if re.search(r"(?<![A-Z])PORT$|^PGPORT$", name) else None
