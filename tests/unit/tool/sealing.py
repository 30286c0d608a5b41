"""The real sops and age, for a project whose secrets are an encrypted file."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.unit.tool.command import Told
from tests.unit.tool.local_service import LocalService
from tools.build import program


@dataclass(frozen=True)
class Identity:
    """A person's key."""

    file: Path
    recipient: str


def identity(file: Path) -> Identity:
    """Make one."""
    age = program("sops", "age-keygen")
    subprocess.run([age, "-o", file], check=True, capture_output=True)
    told = subprocess.run([age, "-y", file], check=True, capture_output=True, text=True)
    return Identity(file, told.stdout.strip())


def variables(who: Identity | None) -> dict[str, str]:
    """What the command needs to find sops, and to open what is sealed for somebody."""
    key = str(who.file) if who else "/dev/null"
    return {"MORROW_SOPS": str(program("sops")), "SOPS_AGE_KEY_FILE": key}


_told = variables  # a name that no parameter takes


def rule(folder: Path, *recipients: str, kind: str = "age") -> None:
    """Say who may open the files of secrets."""
    text = ",".join(recipients)
    (folder / ".sops.yaml").write_text(
        f"creation_rules:\n  - path_regex: '[.]secrets[.]yaml$'\n    {kind}: '{text}'\n"
    )


class Sealed(LocalService):
    """A project whose secrets are encrypted for one person."""

    def __init__(self, folder: Path, who: Identity) -> None:
        super().__init__(folder)
        self.who: Identity | None = who
        rule(folder, who.recipient)

    @property
    def file(self) -> Path:
        return self.folder / "environments" / "local.secrets.yaml"

    @property
    def settings(self) -> Path:
        return self.folder / "environments" / "local.yaml"

    @property
    def before(self) -> tuple[bytes, bytes]:
        return self.file.read_bytes(), self.settings.read_bytes()

    def write(self, *words: str, **more: str) -> None:  # type: ignore[override]
        super().write(*words, **more)  # type: ignore[arg-type]
        text = self.settings.read_text().replace("provider: generated", "provider: sops")
        self.settings.write_text(text)

    def morrow(self, *words: str, stdin: str = "", **variables: str) -> Told:
        return super().morrow(*words, stdin=stdin, **_told(self.who), **variables)
