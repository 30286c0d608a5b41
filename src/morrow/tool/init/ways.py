"""The ways in which an application is imported on this machine: with which variables."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from morrow.tool.init.files import Repository
from morrow.tool.init.guess import driver_url, guess, store_url
from morrow.tool.init.settings import SIGNS, Setting
from morrow.tool.programs.python import Interpreter

Way = dict[str, str]


def ways(
    repository: Repository, python: Interpreter, settings: Iterable[Setting], *,
    django: bool, network: bool,
) -> list[Way]:  # fmt: skip
    """Return what to import it with: a store on this machine first, then as its driver asks."""
    known = {one.name: one for one in settings}
    first = {
        one.name: guess(one.name, known)
        for one in known.values()
        if one.needed or (one.default is None and _signs(repository, one.name))
    }
    if django:
        first |= {name: "True" for name in known if name.upper().endswith("DEBUG")}
        hosts = [name for name in known if name.upper().endswith("ALLOWED_HOSTS")]
        first |= dict.fromkeys(hosts, "127.0.0.1,localhost")
    if network:  # who lets it out says where things are
        return [first | {name: os.environ[name] for name in known if name in os.environ}]
    stores = [one for one in known.values() if one.store and (one.needed or one.default is None)]
    driver = driver_url(repository.requirements, python.path)
    # A file needs nobody; a server that nothing asks for is better not named at all.
    own = {one.name: store_url(one.name) for one in stores}
    own = {one.name: own[one.name] for one in stores if one.needed or "sqlite" in own[one.name]}
    other = {
        one.name: one.example or ("sqlite" in own.get(one.name, "") and driver)
        or store_url(one.name)
        for one in stores
    }  # fmt: skip
    shown = {  # what a README has people copy
        one.name: one.example
        for one in known.values()
        if one.example not in (None, "", one.default)
        and not (one.needed or one.store or one.secret)
    }
    bare = [
        one
        for one in known.values()
        if not one.example and one.default is None and not (one.needed or one.store)
    ]
    empty = {one.name: guess(one.name, known) for one in bare if one.example == ""}
    # The code's own default is a server that may not be here: a file, where it takes one.
    led = {one.name: url for one in known.values() if one.store and (url := _file(one))}
    # Read without a default, and used all the same: `int(os.getenv("PORT"))`. Whose a secret is,
    # nobody knows.
    unsaid = {one.name: guess(one.name, known) for one in bare if not one.secret}
    found = [{**first, **own}, {**first, **shown, **own}, {**first, **shown, **other}, first,
             {**first, **shown, **own, **empty}, {**first, **own, **unsaid, **shown},
             {**first, **shown, **own, **led}]  # fmt: skip
    if "tortoise-orm" in repository.requirements:  # to it, a third slash is this machine's root
        two = re.compile("^sqlite:///")
        found = [{name: two.sub("sqlite://", url) for name, url in way.items()} for way in found]
    return [way for at, way in enumerate(found) if way not in found[:at]]


def _file(setting: Setting) -> str:
    """Return SQLite's address in the place of a default that leads to a server, "" for others."""
    server = re.match(r"(postgres(ql)?|mysql|mariadb)(\+\w+)?:", setting.default or "")
    url = store_url(setting.name) if server else ""
    if server and re.search("async|aio", server[3] or ""):
        return url.replace("sqlite:", "sqlite+aiosqlite:")
    return url if "sqlite" in url else ""


def _signs(repository: Repository, name: str) -> bool:
    """Whether nothing works without it: a framework's key, or one of the project's own name."""
    folder, name = repository.root.name.upper(), name.upper()
    own = re.fullmatch(r"([A-Z]+)_SECRET(_KEY)?", name)
    return bool(SIGNS.fullmatch(name) or (own and own[1] in re.split(r"[^A-Z]+", folder)))
