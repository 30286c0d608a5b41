"""Where things are: the [tool.morrow] table of pyproject.toml, found from here upward.

How others use it: `project = Project.find()`; every path is absolute. `project.extra` holds
the tables that one command alone reads (`verify`).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, problem

PLACES = {
    "source": ".",
    "chart": "chart",
    "environments": "environments",
    "terraform": "terraform/environments",
}
NAMES = ("app", "settings")
TABLES = ("verify",)


def of_environments(stem: str) -> bool:
    """Whether a file belongs to one or all environments, and is none itself."""
    return stem == "base" or stem.endswith((".platform", ".secrets"))


@dataclass(frozen=True)
class Project:
    """What pyproject.toml says."""

    root: Path
    app: str  # "module:attribute" of the service
    settings: str  # "module:Class" of its declaration, or ""
    source: Path  # put on PYTHONPATH so that both can be imported
    chart: Path
    environments: Path
    terraform: Path  # one root folder for each environment below it
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """The folder for what the tool keeps; git ignores it."""
        return self.root / ".morrow"

    def make_state(self) -> Path:
        """Make that folder. It holds secrets: no repository must take it by accident."""
        self.state.mkdir(exist_ok=True)
        ignore = self.state / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        return self.state

    def environment_names(self) -> list[str]:
        """Name every environment that has a file."""
        files = sorted(self.environments.glob("*.yaml"))
        return [file.stem for file in files if not of_environments(file.stem)]

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """Read the nearest pyproject.toml with a [tool.morrow] table."""
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            file = folder / "pyproject.toml"
            if not file.is_file():
                continue
            try:
                table = tomllib.loads(file.read_text()).get("tool", {}).get("morrow")
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
                raise Failure(
                    problem("project-invalid", str(file), str(wrong), file=str(file))
                ) from None
            if table is not None:
                return cls._from_table(file, table)
        raise Failure(
            problem("project-missing", str(here), "no pyproject.toml here or above names it")
        )

    @classmethod
    def _from_table(cls, file: Path, table: dict[str, Any]) -> Project:
        known = (*NAMES, *PLACES, *TABLES)
        wrong = []
        for key, value in table.items():
            if key not in known:
                wrong.append(f"unknown key {key!r}; known: {', '.join(known)}")
            elif key not in TABLES and not isinstance(value, str):
                wrong.append(f"{key} must be a string")
        if wrong:
            raise Failure(
                *(
                    problem("project-invalid", "[tool.morrow]", cause, file=str(file))
                    for cause in wrong
                )
            )
        root = file.parent
        places = {key: (root / table.get(key, usual)).resolve() for key, usual in PLACES.items()}
        extra = {key: table[key] for key in TABLES if key in table}
        return cls(
            root=root,
            app=table.get("app", ""),
            settings=table.get("settings", ""),
            extra=extra,
            **places,
        )
