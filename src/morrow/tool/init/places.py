"""One place where an application may be, and the ways in which a file is a module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath as Pure

from morrow.tool.init.files import ASIDE, Repository

HERE = "morrow_local"  # a module beside manage.py
STEM = re.compile(r"\w[\w-]*")
STARTED = "morrow_app"  # a module of ours, beside a script or a factory


@dataclass(frozen=True)
class Candidate:
    """One place to ask: a module below a folder, an attribute or "" for whatever it holds."""

    source: str  # from the root; "" is the root itself
    module: str
    attribute: str
    why: str
    weight: int
    django: str = ""  # the settings module
    here: str = ""  # the text of settings for this machine, where its own lead elsewhere
    script: str = ""  # the text of `module`, where it is not there yet: STARTED
    unsaid: bool = False  # nothing in the code names its settings

    @property
    def file(self) -> str:
        """The file of its module, as far as the name tells: it may be a package."""
        return f"{self.source}/{self.module.replace('.', '/')}.py".lstrip("/")

    @property
    def aside(self) -> str:
        """The folder of tests or examples that it lies in, "" for none."""
        return f"{self.file.rpartition('/')[0]}/" if ASIDE.search(self.file) else ""

    @property
    def settings(self) -> str:
        """Django's settings on this machine."""
        return HERE if self.here else self.django

    @property
    def target(self) -> str:
        """As people write it."""
        return f"{self.module}:{self.attribute}" if self.attribute else self.module or self.django


def resolve(
    repository: Repository, module: str, attribute: str, why: str, weight: int, near: str = ""
) -> Iterator[Candidate]:
    """Find the folders below which a dotted name is a module."""
    path, here = module.replace(".", "/"), False
    for file in repository.python:
        for end in (f"{path}.py", f"{path}/__init__.py"):
            if file == end or file.endswith(f"/{end}"):
                source = file[: -len(end)].rstrip("/")
                far = source.count("/") + bool(source) + 4 * bool(ASIDE.search(f"{source}/"))
                close = 1 if near and not (source + "/").startswith(near + "/") else 0
                here = True
                yield Candidate(source, module, attribute, why, weight - far - close)
    if not here and attribute:  # it may be a package that is installed
        yield Candidate("", module, attribute, why, weight - 30)


def places(
    repository: Repository, file: str, attribute: str, why: str, weight: int
) -> Iterator[Candidate]:
    """Yield the ways in which a file can be imported: below its package's root, then higher."""
    pure = Pure(file)
    parts = list(pure.with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    if not parts:  # the repository's own folder is a package: from above it, where we are not
        return
    names = set(repository.python)
    top = len(parts) - 1
    while top > 0 and "/".join([*parts[:top], "__init__.py"]) in names:
        top -= 1
    order = dict.fromkeys((top, 0, *range(top, -1, -1), *range(top, len(parts))))
    for step, start in enumerate(order):
        # A file may be named as no name in Python is: who serves it imports it by a string.
        named = [*(one.isidentifier() for one in parts[start:-1]), bool(STEM.fullmatch(parts[-1]))]
        if 0 <= start < len(parts) and all(named):
            source, module = "/".join(parts[:start]), ".".join(parts[start:])
            if module == "__main__":  # whoever imports it gets the program that runs
                continue
            yield Candidate(source, module, attribute, why, weight - 2 * step)


def has_module(repository: Repository, module: str) -> bool:
    """Tell whether a dotted name is a file of the repository, from one of its folders."""
    path = module.replace(".", "/")
    return any(
        f"/{one}".endswith((f"/{path}.py", f"/{path}/__init__.py")) for one in repository.python
    )
