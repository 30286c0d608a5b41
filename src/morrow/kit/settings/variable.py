"""One variable of the environment, as a settings class declares it."""

from dataclasses import MISSING, dataclass

from morrow.kit.settings.secret import Secret
from morrow.kit.settings.values import required


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the environment that a settings class declares."""

    field: str
    name: str
    kind: object
    default: object
    help: str = ""
    example: str = ""
    minimum: float | None = None
    maximum: float | None = None
    empty: bool = False
    keep: bool = False
    unprotected_only: bool = False

    @property
    def is_secret(self) -> bool:
        """Tell whether the value must never be shown."""
        return required(self.kind) is Secret

    @property
    def is_required(self) -> bool:
        """Tell whether the service cannot start without it."""
        return self.default is MISSING
