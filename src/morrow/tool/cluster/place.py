"""Where a release lives, for messages: every fix can be typed for exactly this one."""

from __future__ import annotations

from dataclasses import dataclass

from morrow.tool.base.errors import Problem, problem
from morrow.tool.base.terminal import typed
from morrow.tool.environment.model import Environment
from morrow.tool.programs.kubectl import Kubectl


@dataclass(frozen=True)
class Place:
    """Where a release lives, and where a person fixes it."""

    environment: str
    file: str
    name: str
    namespace: str
    context: str = ""
    provider: str = "generated"
    secret: str = ""
    secret_keys: tuple[str, ...] = ()

    @property
    def kubectl(self) -> str:
        """The start of a kubectl command that can be typed."""
        return Kubectl(self.context, self.namespace).typed

    def problem(
        self, code: str, object: str, cause: str, details: tuple[str, ...] = (), **fields: str
    ) -> Problem:
        """Make a problem whose fix can be typed for this release."""
        known = {
            "kubectl": self.kubectl,
            "file": self.file,
            "environment": self.environment,
            "up": f"{typed()} up {self.environment}",
        }
        return problem(code, object, cause, details=details, **{**known, **fields})


def place_of(environment: Environment) -> Place:
    """Return where the release lives, for messages."""
    return Place(
        environment=environment.label,
        file=environment.shown(environment.file),
        name=environment.name,
        namespace=environment.namespace,
        context=environment.context,
        provider=environment.secrets.provider,
        secret=environment.secrets.object_name,
        secret_keys=environment.secrets.keys,
    )
