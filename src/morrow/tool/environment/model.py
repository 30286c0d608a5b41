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

KINDS = ("process", "kubernetes")
# Their Secret is someone else's, and has one name for all revisions.
NAMED_ONCE = ("existing",)


@dataclass(frozen=True)
class Rotation:
    """A secret that names a database's user, of two that take turns."""

    key: str
    users: tuple[str, ...]  # two


@dataclass(frozen=True)
class Secrets:
    """Where secrets come from."""

    provider: str  # generated | existing | sops | external
    revision: str
    keys: tuple[str, ...]
    name: str
    object_name: str  # of the Secret in the cluster
    version: str = ""  # external: what the revision is in the store
    entry: str = ""  # external: where in the store
    max_age: str = ""
    rotation: Rotation | None = None


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
        table = self.values.get("target")
        return table if isinstance(table, dict) else {}

    def value(self, *path: str) -> Any:  # noqa: ANN401 - what YAML holds
        """Return the value at `path`; None where there is none."""
        value: Any = self.values
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value

    @property
    def kind(self) -> str:
        """Process or kubernetes."""
        return str(self.target.get("kind", "kubernetes"))

    @property
    def in_cluster(self) -> bool:
        """Whether it has what only a cluster has: a namespace, an API server, pods."""
        return self.kind == "kubernetes"

    @property
    def namespace(self) -> str:
        """The namespace; the service's name unless stated."""
        return str(self.target.get("namespace") or self.name)

    @property
    def delivery(self) -> str:
        """Helm, terraform or gitops."""
        return str(self.target.get("delivery") or "helm")

    @property
    def in_git(self) -> bool:
        """Whether Git remembers its releases, since a controller applies what a branch holds."""
        return self.delivery == "gitops"

    @property
    def branch(self) -> str:
        """The branch that the controller follows."""
        return str(self.target.get("branch") or "main")

    @property
    def proposes(self) -> bool:
        """Whether a change of that branch is proposed, not pushed."""
        asked = self.target.get("pullRequest")
        return self.protected if asked is None else bool(asked)

    @property
    def protected(self) -> bool:
        """Whether changes ask for the name."""
        return bool(self.target.get("protected"))

    @property
    def config(self) -> dict[str, str]:
        """The plain settings, by variable; null takes one away."""
        stated = (self.values.get("config") or {}).items()
        return {key: str(value) for key, value in stated if value is not None}

    @property
    def settings(self) -> dict[str, str]:
        """All text that the service gets by variable: what stands under `env`, and the config."""
        others = self.values.get("env") or {}
        return {key: text for key, text in others.items() if isinstance(text, str)} | self.config

    @property
    def processes(self) -> dict[str, dict[str, Any]]:
        """What runs beside the web process, by name."""
        processes = self.values.get("processes") or {}
        return {str(name): one for name, one in processes.items() if isinstance(one, dict)}

    @property
    def kit(self) -> bool:
        """Whether the image is built with the kit, as the chart judges it."""
        return bool(self.value("image", "kit") and self.value("ports", "admin"))

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
        version = str(self.value("secrets", "version") or "")
        entry = str(self.value("secrets", "external", "key") or self.name)
        max_age = str(self.value("secrets", "maxAge") or "")
        rotation = self._rotation()
        known = (provider, revision, keys, name, object_name, version, entry, max_age, rotation)
        return Secrets(*known)

    def _rotation(self) -> Rotation | None:
        table = self.value("secrets", "rotation")
        if not isinstance(table, dict) or not table.get("kind"):
            return None
        return Rotation(str(table.get("key") or ""), tuple(map(str, table.get("users") or ())))

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
        return self.project.shown(file)

    def place(self, *path: str | int) -> str:
        """Return file:line of the value that wins at `path`, or of the nearest above it."""
        for length in range(len(path), 0, -1):
            for layer in reversed(self.layers):
                if line := layer.lines.get(path[:length]):
                    return f"{self.shown(layer.file)}:{line}"
        return self.shown(self.file)

    def origin(self, path: Path_) -> str:
        """Return file:line of exactly this value, or "" when the chart gives it."""
        for layer in reversed(self.layers):
            if path in layer.lines:
                return f"{self.shown(layer.file)}:{layer.lines[path]}"
        return ""
