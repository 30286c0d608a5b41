"""Lead an application to servers of this machine: in addresses, and in settings by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from morrow.tool.init.beside import POINTS
from morrow.tool.init.settings import FOREIGN, VARIABLE, Setting

ADDRESS = re.compile(r"(postgres(?:ql)?|redis)(\+\w+)?://(?=\S)(?:([^@/\s]*)@)?[^/?\s]*(.*)")
# Kind and driver, database: whatever else an address says, a password may be in it.
BARE = re.compile(r"(\w+(?:\+\w+)?://)(?=\S)(?:[^/\s]*@)?[^@/?\s]*(/[\w-]*)?(?:\?[^@]*)?")
ENCRYPTED = re.compile(r"(?<=[?&])(sslmode|ssl)=[^&]*&?")
NAMES = {"postgres": POINTS["PostgreSQL"], "redis": r"REDIS"}
OTHERS = re.compile(r"MYSQL|MARIA|MONGO|MEMCACHE|RABBIT")
LOGIN = re.compile(r"(USER(NAME)?|PASS(WORD|WD)?)$")  # our Redis has none, and refuses one
HOST = re.compile(r"(HOST(NAME)?|SERVER|ADDRESS)$")


def pointed(
    given: Mapping[str, str], settings: Iterable[Setting], ports: Mapping[str, int], driver: str,
    kept: Mapping[str, str],
) -> dict[str, str]:  # fmt: skip
    """Return the settings that lead there, with what is said of user and database kept.

    `driver`: an address for what would be a file, "" where a file may stay one. `kept`: what a .env
    in Git says, before them all; of its values only the kind and the database of an address stay.
    """
    found = {}
    known = {one.name: one for one in settings}
    others = [name for name in kept if VARIABLE.fullmatch(name) and not FOREIGN.fullmatch(name)]
    more = {name: Setting(name, None, False, "", 0) for name in others if name not in known}
    for one in (known | more).values():
        usual = given.get(one.name, one.example or one.default or "")
        value = _bare(kept.get(one.name, "")) or usual
        if address := _address(value, ports):
            found[one.name] = address
        elif driver and one.name in given and one.store and value.startswith(("sqlite", "local")):
            found[one.name] = _address(driver, ports)
        elif (by_name := _by_name(one, value, ports)) is not None:
            found[one.name] = by_name
    return found


def _bare(value: str) -> str:
    if "://" not in value:
        return value
    said = BARE.fullmatch(value)
    return f"{said[1]}server{said[2] or ''}" if said else ""


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
