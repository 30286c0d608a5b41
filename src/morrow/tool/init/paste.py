"""Pyramid's way: `main(global_config, **settings)`, and the settings in an .ini file beside it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from morrow.tool.init.files import ASIDE, Repository
from morrow.tool.init.places import STARTED, Candidate, places

FILES = ("production.ini", "development.ini")
SECTION = re.compile(r"(?m)^\[(app:main|app:\w+)\]")
BARE = """\
# What its .ini file would start, made by the same function. {why}.
from {module} import {name}

application = {name}({{}})
"""
WITH = """\
# What {ini} starts, made by the same function. {why}.
from configparser import ConfigParser
from pathlib import Path

from {module} import {name}

here = Path(__file__).parent
ini = ConfigParser(defaults={{"here": str(here), "__file__": str(here / "{ini}")}})
ini.optionxform = str  # names keep their case
ini.read(here / "{ini}", encoding="utf-8")
settings = {{name: one for name, one in ini["{section}"].items() if name not in ini.defaults()}}
settings.pop("use", None)
application = {name}(dict(ini.defaults()), **settings)
"""


def pasted(repository: Repository) -> Iterator[Candidate]:
    """Yield a candidate for each such function."""
    for file, tree in repository.trees.items():
        aside = 45 if ASIDE.search(file) else 0
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or not node.args.kwarg:
                continue
            if [one.arg for one in node.args.args] not in (["global_config"], ["global_conf"]):
                continue
            why = f"{file}:{node.lineno} takes what PasteDeploy gives"
            for one in places(repository, file, "application", why, 80 - aside):
                text = _text(repository, one, node.name)
                yield replace(one, module=STARTED, script=text)


def _text(repository: Repository, one: Candidate, name: str) -> str:
    inside = f"{one.source}/" if one.source else ""
    for path in FILES:
        if found := SECTION.search(repository.text(inside + path)):
            given = {"ini": path, "section": found[1]}
            return WITH.format(module=one.module, name=name, why=one.why, **given)
    return BARE.format(module=one.module, name=name, why=one.why)
