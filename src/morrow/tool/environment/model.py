"""An environment: base.yaml and its own file, merged as Helm merges them, checked, typed.

How others use it:

    environment = load(project, "dev")            # raises Failure with all problems
    environment = load(project, "dev", context=…) # --context overrides
    environment.kind          "process" | "kubernetes"
    environment.context, .namespace, .delivery, .protected
    environment.name          the service's name = release = prefix of its objects
    environment.config        {VARIABLE: text}
    environment.secrets       provider, revision, keys, name, object_name
    environment.values        over the chart's defaults: what the templates see
    environment.files         the values files, in Helm's order
    environment.place("secrets", "revision")  "environments/dev.yaml:9", for messages

`environment.load` checks the files against the chart's schema. `rules.judge.load` asks the
service and the chart's templates as well, which takes half a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from morrow.tool.base.project import Project
from morrow.tool.environment.yaml import Path_, ValuesFile

# Their Secret is someone else's, and has one name for all revisions.
NAMED_ONCE = ("existing",)


@dataclass(frozen=True)
class Secrets:
    """Where secrets come from."""

    provider: str  # generated | existing | sops | external
    revision: str
    keys: tuple[str, ...]
    name: str
    object_name: str  # of the Secret in the cluster


@dataclass(frozen=True)
class Environment:
    """One environment, merged and checked."""

    project: Project
    label: str  # the file's name: dev, prod
    layers: tuple[ValuesFile, ...]
    given: dict[str, Any]  # the files alone
    values: dict[str, Any]  # over the chart's defaults
    context: str

    @property
    def files(self) -> list[Path]:
        """The values files, in the order in which Helm takes them."""
        return [layer.file for layer in self.layers]

    @property
    def name(self) -> str:
        """The service's name: release, objects and selectors."""
        return str(self.values.get("name") or "")

    @property
    def target(self) -> dict[str, Any]:
        """The table that is the tool's."""
        found = self.values.get("target")
        return found if isinstance(found, dict) else {}

    def value(self, *path: str) -> Any:  # noqa: ANN401 - what YAML holds
        """Return the value at `path`; None where there is none."""
        found: Any = self.values
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        return found

    @property
    def kind(self) -> str:
        """Process or kubernetes."""
        return str(self.target.get("kind", "kubernetes"))

    @property
    def namespace(self) -> str:
        """The namespace; the service's name unless stated."""
        return str(self.target.get("namespace") or self.name)

    @property
    def delivery(self) -> str:
        """Helm or terraform."""
        return str(self.target.get("delivery") or "helm")

    @property
    def protected(self) -> bool:
        """Whether changes ask for the name."""
        return bool(self.target.get("protected"))

    @property
    def config(self) -> dict[str, str]:
        """The plain settings, by variable."""
        return {key: str(value) for key, value in (self.values.get("config") or {}).items()}

    @property
    def settings(self) -> dict[str, str]:
        """All text that the service gets by variable: what stands under `env`, and the config."""
        others = self.values.get("env") or {}
        return {key: text for key, text in others.items() if isinstance(text, str)} | self.config

    @property
    def image(self) -> str:
        """The image as the chart renders it: repository:tag@digest."""
        tag, digest = self.value("image", "tag"), self.value("image", "digest")
        name = str(self.value("image", "repository") or "")
        return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")

    @property
    def secrets(self) -> Secrets:
        """Where secrets come from."""
        provider = str(self.value("secrets", "provider") or "generated")
        revision = str(self.value("secrets", "revision") or "")
        name = str(self.value("secrets", "name") or "")
        object_name = name or self.name
        if provider not in NAMED_ONCE:
            object_name = f"{object_name}-{revision}"
        keys = tuple(self.value("secrets", "keys") or ())
        return Secrets(provider, revision, keys, name, object_name)

    def secret_of(self, revision: str) -> str:
        """Return the name of the Secret that another revision is in."""
        secrets = self.secrets
        return f"{secrets.name or self.name}-{revision}"

    @property
    def file(self) -> Path:
        """The environment's own file."""
        return self.layers[-1].file

    def shown(self, file: Path) -> str:
        """Return a file's path as people type it from the project's folder."""
        return shown(self.project, file)

    def place(self, *path: str | int) -> str:
        """Return file:line of the value that wins at `path`, or of the nearest above it."""
        return place(self.layers, self.project, path)

    def origin(self, path: Path_) -> str:
        """Return file:line of exactly this value, or "" when the chart gives it."""
        for layer in reversed(self.layers):
            if path in layer.lines:
                return f"{self.shown(layer.file)}:{layer.lines[path]}"
        return ""


def place(layers: tuple[ValuesFile, ...], project: Project, path: Path_) -> str:
    """Return file:line of the value that wins at `path`, or of the nearest above it."""
    for length in range(len(path), 0, -1):
        for layer in reversed(layers):
            line = layer.lines.get(tuple(path[:length]))
            if line:
                return f"{shown(project, layer.file)}:{line}"
    return shown(project, layers[-1].file)


def shown(project: Project, file: Path) -> str:
    """Return a file's path as people type it from the project's folder."""
    if file.parent == project.environments and not file.is_relative_to(project.root):
        return f"{file.parent.name}/{file.name}"  # a plan's own copy: people know the original
    return str(file.relative_to(project.root)) if file.is_relative_to(project.root) else str(file)
