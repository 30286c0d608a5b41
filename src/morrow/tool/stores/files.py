"""The store `generated` of a process: files that git ignores and only their owner reads."""

from __future__ import annotations

import os
import secrets as random
import shutil
from collections.abc import Mapping
from pathlib import Path

from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.stores.store import Store


class Files(Store):
    """A folder for each revision, in it a file for each variable."""

    in_place = False
    random = True

    def held(self, site: Site) -> tuple[str, set[str]]:
        """Say which keys have a file."""
        environment = site.environment
        folder = folder_of(environment, environment.secrets.revision)
        there = {key for key in environment.secrets.keys if (folder / key).is_file()}
        return environment.shown(folder), there

    def check(self, site: Site) -> None:
        """Find nothing to refuse: what is missing is made."""

    def make(self, site: Site) -> None:
        """Make the files of the present revision."""
        complete(site.environment, site.environment.secrets.revision)

    def set(self, site: Site, given: Mapping[str, bytes]) -> None:
        """Refuse: a revision never changes."""
        raise NotImplementedError

    def next_revision(self, site: Site) -> str:
        """Return the first after the present one that has no folder."""
        present = site.environment.secrets.revision
        number = int(present) if present.isdigit() else 0
        while True:
            number += 1
            if not folder_of(site.environment, str(number)).exists():
                return str(number)

    def renew(self, site: Site, revision: str, given: Mapping[str, bytes]) -> None:
        """Copy what stays, write what is given; what is missing is made when the process starts."""
        environment = site.environment
        old = folder_of(environment, environment.secrets.revision)
        new = folder_of(environment, revision)
        new.mkdir(parents=True, mode=0o700)
        for key in environment.secrets.keys:
            held = (old / key).read_bytes() if (old / key).is_file() else b""
            if value := given.get(key) or held:
                _write(new / key, value)

    def sweep(self, site: Site, naming: str) -> list[str]:
        """Keep old revisions: they are small, and a process that runs may read them."""
        return []

    def purge(self, site: Site) -> None:
        """Remove every revision."""
        environment = site.environment
        for folder in folder_of(environment, "").parent.glob("secrets-*"):
            shutil.rmtree(folder)


def folder_of(environment: Environment, revision: str) -> Path:
    """Return the folder of a revision."""
    return environment.project.state / environment.label / f"secrets-{revision}"


def complete(environment: Environment, revision: str) -> Path:
    """Return the folder of a revision, named by variable inside; what is missing is made once."""
    folder = folder_of(environment, revision)
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    for key in environment.secrets.keys:
        if not (folder / key).is_file():
            _write(folder / key, random.token_urlsafe(32).encode())
    return folder


def _write(file: Path, value: bytes) -> None:
    """Write it whole or not at all: a command killed here must leave no empty secret."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(value)
    draft.replace(file)
