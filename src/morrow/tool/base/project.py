"""Where things are: [tool.morrow] of pyproject.toml, or morrow.toml, found from here upward.

How others use it: `project = Project.find()`; every path is absolute. `project.extra` holds
the tables that one command alone reads (`verify`). What the table leaves out comes from the
package: its own chart, where the project has none.

The package brings the chart, the Terraform modules and AWS's roots beside its code: a wheel holds
them in `morrow/tool/shipped`; a checkout of the sources has them at its root.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem

PLACES = {
    "source": ".",
    "chart": "chart",
    "environments": "environments",
    "terraform": "terraform/environments",
}
NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?$")  # of an environment
NAMES = ("app", "settings", "python")
TABLES = ("verify",)
FILES = ("pyproject.toml", "morrow.toml")
_WHEEL = Path(__file__).resolve().parents[1] / "shipped"
_CHECKOUT = Path(__file__).resolve().parents[4]


def shipped(name: str) -> Path:
    """Return the folder of one part, as this version of the package has it."""
    return (_WHEEL if _WHEEL.is_dir() else _CHECKOUT) / name


def table_of(file: Path) -> dict[str, Any] | None:
    """Return what a file says of the project: morrow.toml is wholly ours."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise Failure(problem("project-invalid", str(file), str(wrong), file=str(file))) from None
    if file.name == "morrow.toml":
        return content
    tables = content.get("tool")
    table = tables.get("morrow") if isinstance(tables, dict) else None
    return table if isinstance(table, dict) else None


def of_environments(stem: str) -> bool:
    """Whether a file is only a part of environments: base, platform or secrets."""
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
    python: str = ""  # the service's interpreter; "": the tool finds it

    @property
    def state(self) -> Path:
        """The folder for what the tool keeps; git ignores it."""
        return self.root / ".morrow"

    @property
    def chart_name(self) -> str:
        """What the chart calls itself: a copy of ours may have another name."""
        import yaml

        return str(yaml.safe_load((self.chart / "Chart.yaml").read_text())["name"])

    def make_state(self) -> Path:
        """Make that folder. It holds secrets: no repository must take it by accident."""
        self.state.mkdir(exist_ok=True)
        ignore = self.state / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        return self.state

    def shown(self, file: Path) -> str:
        """Return a path as people type it from the project's folder."""
        if file.is_relative_to(self.root):
            return str(file.relative_to(self.root))
        own = file.parent == self.environments  # a plan's own copy: people know the original
        return f"{file.parent.name}/{file.name}" if own else str(file)

    def environment_names(self) -> list[str]:
        """Name every environment that has a file."""
        files = sorted(filter(Path.is_file, self.environments.glob("*.yaml")))
        return [file.stem for file in files if not of_environments(file.stem)]

    def missing(self) -> list[Problem]:
        """Return a problem where the chart, which every check needs, is missing."""
        schema, file = self.chart / "values.schema.json", str(self.root / "pyproject.toml")
        if schema.is_file():
            return []
        cause = f"chart: {schema} is not there"
        return [problem("project-invalid", "[tool.morrow]", cause, file=file)]

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """Read the nearest pyproject.toml with a [tool.morrow] table, or morrow.toml."""
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            for name in FILES:
                file = folder / name
                if file.is_file() and (table := table_of(file)) is not None:
                    return cls._from_table(file, table)
        cause = "neither a pyproject.toml nor a morrow.toml here or above names it"
        raise Failure(problem("project-missing", str(here), cause))

    @classmethod
    def _from_table(cls, file: Path, table: dict[str, Any]) -> Project:
        known = (*NAMES, *PLACES, *TABLES)
        causes = []
        for key, value in table.items():
            if key not in known:
                causes.append(f"unknown key {key!r}; known: {', '.join(known)}")
            elif key not in TABLES and not isinstance(value, str):
                causes.append(f"{key} must be a string")
        if causes:
            shown = str(file)
            raise Failure(
                *(problem("project-invalid", "[tool.morrow]", one, file=shown) for one in causes)
            )
        root = file.parent
        # `resolve` would raise on a link that points to itself.
        usual = {**PLACES, **{key: table[key] for key in PLACES if key in table}}
        places = {key: Path(os.path.realpath(root / path)) for key, path in usual.items()}
        if "chart" not in table and not (places["chart"] / "values.schema.json").is_file():
            places["chart"] = shipped("chart")
        extra = {key: table[key] for key in TABLES if key in table}
        return cls(
            root=root,
            app=table.get("app", ""),
            settings=table.get("settings", ""),
            python=table.get("python", ""),
            extra=extra,
            **places,
        )
