"""The store `generated` of a process: files that git ignores and only their owner reads.

A process reads its secrets from a folder, so each store of a process gives it one.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from morrow.tool.base.files import draft_of
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.stores.store import Store, fresh


class Files(Store):
    """A folder for each revision, in it a file for each variable.

    Old ones are kept: they are small, and a process that runs may read them.
    """

    in_place = False
    random = True

    def inventory(self, site: Site) -> tuple[str, set[str]]:
        """Say which keys have a file."""
        environment = site.environment
        folder = self.folder(environment, environment.secrets.revision)
        there = {key for key in environment.secrets.keys if (folder / key).is_file()}
        return environment.shown(folder), there

    def folder(self, environment: Environment, revision: str) -> Path:
        """Return where a revision's files are, or will be."""
        return environment.project.state / environment.label / f"secrets-{revision}"

    def complete(self, environment: Environment, revision: str) -> Path:
        """Return the folder of a revision; what is missing in it is made once."""
        folder = self.folder(environment, revision)
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        missing = [key for key in environment.secrets.keys if not (folder / key).is_file()]
        for key, value in self.missing(environment, missing).items():
            write(folder / key, value)
        return folder

    def missing(self, environment: Environment, keys: list[str]) -> dict[str, bytes]:
        """Return the values of keys that have no file yet."""
        return {key: fresh(key) for key in keys}

    def values(self, site: Site) -> dict[str, bytes]:
        """Read the present ones."""
        folder = self.folder(site.environment, site.environment.secrets.revision)
        files = {key: folder / key for key in site.environment.secrets.keys}
        return {key: file.read_bytes() for key, file in files.items() if file.is_file()}

    def make(self, site: Site) -> None:
        """Make the files of the present revision."""
        self.complete(site.environment, site.environment.secrets.revision)

    def next_revision(self, site: Site) -> str:
        """Return the first after the present one that has no folder."""
        present = site.environment.secrets.revision
        number = int(present) if present.isdigit() else 0
        while True:
            number += 1
            if not self.folder(site.environment, str(number)).exists():
                return str(number)

    def renew(self, site: Site, revision: str, given: Mapping[str, bytes]) -> dict[str, str]:
        """Copy what stays, write what is given; what is missing is made when the process starts."""
        environment = site.environment
        old = self.folder(environment, environment.secrets.revision)
        new = self.folder(environment, revision)
        new.mkdir(parents=True, mode=0o700)
        for key in environment.secrets.keys:
            present = (old / key).read_bytes() if (old / key).is_file() else b""
            if value := given.get(key) or present:
                write(new / key, value)
            if value and value == present:  # an unchanged value keeps its time
                shutil.copystat(old / key, new / key)
        return {}

    def ages(self, site: Site) -> dict[str, datetime]:
        """Return when each file was written."""
        folder = self.folder(site.environment, site.environment.secrets.revision)
        files = [(key, folder / key) for key in site.environment.secrets.keys]
        return {key: datetime.fromtimestamp(file.stat().st_mtime, UTC)
                for key, file in files if file.is_file()}  # fmt: skip

    def purge(self, site: Site) -> None:
        """Remove every revision."""
        environment = site.environment
        for folder in self.folder(environment, "").parent.glob("secrets-*"):
            shutil.rmtree(folder)


def write(file: Path, value: bytes) -> None:
    """Write it for this user alone: a command killed here must leave no empty secret."""
    with draft_of(file, 0o600) as draft:
        draft.write_bytes(value)
