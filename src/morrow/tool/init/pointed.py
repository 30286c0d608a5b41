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
        elif by_name := _by_name(one, value, ports):
            found[one.name] = by_name
    return found


def _address(value: str, ports: Mapping[str, int]) -> str:
    said = ADDRESS.fullmatch(value)
    kind = "redis" if said and said[1] == "redis" else "postgres"
    if said is None or kind not in ports:
        return ""
    user = said[3] or ("postgres" if kind == "postgres" else "")
    rest = ENCRYPTED.sub("", said[4]).rstrip("?&")
    at = f"{user}@" if user else ""
    return f"{said[1]}{said[2] or ''}://{at}127.0.0.1:{ports[kind]}{rest}"


def _by_name(one: Setting, value: str, ports: Mapping[str, int]) -> str:
    name = one.name.upper()
    kinds = [kind for kind in ports if re.search(NAMES[kind], name) and not OTHERS.search(name)]
    if not kinds or "://" in value:
        return ""
    if HOST.search(name):
        return "127.0.0.1"
    return str(ports[kinds[-1]]) if re.search(r"(?<![A-Z])PORT$|^PGPORT$", name) else ""
