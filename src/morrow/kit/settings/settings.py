"""What a service reads from its environment, declared once.

The declaration is a frozen dataclass. Loading, the schema and the tables are made from it.
"""

import dataclasses
import os
import typing
from collections.abc import Mapping, MutableMapping
from dataclasses import MISSING, dataclass
from typing import Any, ClassVar, Self, dataclass_transform
from urllib.parse import unquote

from morrow.kit.settings.loading import SettingsError, judge
from morrow.kit.settings.redact import keep_out
from morrow.kit.settings.secret import Secret
from morrow.kit.settings.url import Url
from morrow.kit.settings.values import is_supported, name_of, required
from morrow.kit.settings.variable import Variable


def setting(
    default: Any = MISSING,  # noqa: ANN401 - the annotation beside it has the type
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    help: str = "",
    example: str = "",
    empty: bool = False,
    keep: bool = False,
    unprotected_only: bool = False,
) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Say more about a setting than its type: a default, bounds, help, an example.

    `empty=True` takes an empty text as a value; `keep=True` leaves a secret in `os.environ`
    for a library that reads it there; `unprotected_only=True` makes a protected environment
    refuse every value but the default.

    >>> class Paging(Settings):
    ...     page_size: int = setting(20, minimum=1, maximum=100)
    >>> Paging.load({"PAGE_SIZE": "50"})
    Paging(page_size=50)
    """
    metadata = {name: told for name, told in locals().items() if name != "default"}
    if isinstance(default, list):
        return dataclasses.field(default_factory=default.copy, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(setting,))
class Settings:
    """The base of every declaration; a subclass is a frozen dataclass by itself.

    The variable's name is the field's in upper case. Read where it is used:

    >>> class Shop(Settings):
    ...     currency: str = "EUR"
    >>> Shop.load({"CURRENCY": "CHF"}).currency
    'CHF'
    """

    variables: ClassVar[tuple[Variable, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:  # noqa: ANN401 - passed through
        super().__init_subclass__(**options)
        dataclass(frozen=True, kw_only=True)(cls)
        hints = typing.get_type_hints(cls)
        cls.variables = tuple(
            _variable(cls, field, hints[field.name])
            for field in dataclasses.fields(cls)  # type: ignore[arg-type]
        )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings, or raise SettingsError with every problem at once.

        Without an argument `os.environ` is read, and declared secrets are taken out of it.

        >>> Settings.load({})
        Settings()
        """
        values, problems = judge(cls, os.environ if environ is None else environ)
        for value in values.values():
            for one in value if isinstance(value, list) else (value,):
                if isinstance(one, Secret):
                    keep_out([one.reveal()])
                elif isinstance(one, Url) and one.password:
                    keep_out([one.password, unquote(one.password)])  # drivers show it decoded
        if problems:
            raise SettingsError(problems)
        if environ is None:
            cls.take_secrets(os.environ)
        return cls(**values)

    @classmethod
    def take_secrets(cls, environ: MutableMapping[str, str]) -> None:
        """Remove the declared secrets from an environment, but those marked `keep`.

        >>> environ = {"HOME": "/"}
        >>> Settings.take_secrets(environ)
        >>> environ
        {'HOME': '/'}
        """
        for variable in cls.variables:
            if variable.is_secret and not variable.keep:
                environ.pop(variable.name, None)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _variable(cls: type, field: dataclasses.Field[Any], kind: object) -> Variable:
    where = f"{cls.__qualname__}.{field.name}"
    if not is_supported(kind):
        raise TypeError(
            f"{where}: a setting cannot have the type {kind!r}; "
            "use str, int, float, bool, Url, Duration, Size, Literal, Secret, or a list of one"
        )
    default = field.default
    if default is MISSING and field.default_factory is not MISSING:
        default = field.default_factory()
    if default is MISSING and required(kind) is not kind:
        default = None
    if required(kind) is Url and isinstance(default, str):
        default = Url(default)
    for bound in ("minimum", "maximum"):
        given = field.metadata.get(bound) is not None
        if given and name_of(kind) in ("text", "boolean", "secret"):
            raise TypeError(f"{where}: a {bound} needs a number, not {name_of(kind)}")
    return Variable(field.name, field.name.upper(), kind, default, **field.metadata)
