"""From an environment to a settings object, or to the list of all that is wrong with it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from morrow.kit.settings.redact import clean
from morrow.kit.settings.values import Duration, Size, ValueRefused, parse, render, required
from morrow.kit.settings.variable import Variable

# The exit code of a service with bad settings (EX_CONFIG).
BAD_SETTINGS = 78


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """One thing that is wrong with one variable. It never holds a value."""

    variable: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.variable} {self.message}"


class SettingsError(Exception):
    """Every problem of an environment, by variable name.

    >>> str(SettingsError([SettingProblem("PORT", "setting-missing", "is missing")]))
    '1 bad setting: PORT is missing'
    """

    def __init__(self, problems: Iterable[SettingProblem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        listed = "; ".join(map(str, self.problems))
        super().__init__(f"{count} bad setting{'s' if count != 1 else ''}: {listed}")


class Declared(Protocol):
    """A settings class, or an object of one: all that is asked of it here."""

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Return what it declares."""


def judge(
    declared: Declared, environ: Mapping[str, str], given: Collection[str] = ()
) -> tuple[dict[str, object], list[SettingProblem]]:
    """Return the values by field and the problems. `given` are variables known to be set.

    >>> from morrow import Settings
    >>> class Shop(Settings):
    ...     page_size: int = 20
    >>> judge(Shop, {})
    ({'page_size': 20}, [])
    """
    values: dict[str, object] = {}
    problems: list[SettingProblem] = []
    named = environ.get("MORROW_SECRETS_DIR")
    folder = Path(named) if named else None
    protected = environ.get("MORROW_PROTECTED", "").lower() in ("true", "1", "yes", "on")
    # `cert_file` beside `cert` is a setting of its own.
    others = _OF_OTHERS | {variable.name for variable in declared.variables}
    for variable in declared.variables:
        try:
            text = _read(variable, environ, folder, others)
            if text is not None:
                values[variable.field] = _checked(variable, text, protected)
            elif not variable.is_required:
                values[variable.field] = variable.default
            elif variable.name not in given:
                raise _Refused("setting-missing", "is missing: set it" + _for(variable))
        except _Refused as refused:
            problems.append(SettingProblem(variable.name, refused.code, refused.message))
    return values, problems


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


def _for(variable: Variable) -> str:
    if variable.example:
        return f", such as {variable.name}={variable.example}"
    return f" ({variable.help.rstrip('.')})" if variable.help else ""


# Variables that libraries read themselves: never the file of a setting.
_OF_OTHERS = frozenset(
    {"SSL_CERT_FILE", "AWS_CONFIG_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "COVERAGE_FILE"}
    | {"AWS_SHARED_CREDENTIALS_FILE", "PIP_CONFIG_FILE", "GIT_CONFIG_FILE"}
)


def _read(
    variable: Variable, environ: Mapping[str, str], folder: Path | None, others: Collection[str]
) -> str | None:
    """Return the text from the one place that gives it; two places are one too many.

    `others` end with `_FILE` as well, and are not the place of this variable.
    """
    found: list[tuple[str, str]] = []
    # The empty text of a shell or a chart means "not set", unless the declaration takes it.
    if (text := environ.get(variable.name)) is not None and (text or variable.empty):
        found.append((variable.name, text))
    named = f"{variable.name}_FILE"
    if named not in others and (path := environ.get(named)):
        found.append((named, _file(Path(path), named)))
    if folder is not None and (mounted := _mounted(folder, variable.name)) is not None:
        found.append(("MORROW_SECRETS_DIR", _file(mounted, "the file in MORROW_SECRETS_DIR")))
    if len(found) > 1:
        places = " and ".join(place for place, _ in found)
        raise _Refused("setting-twice", f"is given twice, by {places}: keep one")
    if not found:
        return None
    text = found[0][1]
    return text if text or variable.empty else None


def _mounted(folder: Path, name: str) -> Path | None:
    """Return the file of a variable. A link may lead about inside the folder, never out."""
    path = folder / name
    if not path.exists():
        return None
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _Refused("setting-outside", "is a link that leads out of MORROW_SECRETS_DIR")
    return path


def _file(path: Path, place: str) -> str:
    try:
        # What an editor or `echo` adds at the ends is no part of a value; all else is, so the
        # file is not read as text, which would make one line's end of every kind.
        return path.read_bytes().decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise _Refused("setting-unreadable", f"cannot be read: {place} is no UTF-8 text") from None
    except OSError as error:
        raise _Refused("setting-unreadable", f"cannot be read: {place}: {error.strerror}") from None


def _checked(variable: Variable, text: str, protected: bool) -> object:
    try:
        value = parse(variable.kind, text)
    except ValueRefused as refused:
        raise _Refused("setting-malformed", str(refused)) from None
    if variable.unprotected_only and protected and value != variable.default:
        raise _Refused("setting-protected", "is refused in a protected environment: remove it")
    for number in value if isinstance(value, list) else [value]:
        if variable.minimum is not None and number < variable.minimum:
            raise _Refused("setting-bounds", f"is below {_bound(variable, variable.minimum)}")
        if variable.maximum is not None and number > variable.maximum:
            raise _Refused("setting-bounds", f"is above {_bound(variable, variable.maximum)}")
    return value


def _bound(variable: Variable, bound: float) -> str:
    kind = required(variable.kind)
    if kind is Duration:
        return render(Duration(bound))
    return render(Size(bound)) if kind is Size else f"{bound:g}"


def masked(settings: Declared) -> dict[str, str]:
    """Return the values by variable name as text, secrets masked.

    >>> from morrow import Settings
    >>> class Shop(Settings):
    ...     page_size: int = 20
    >>> masked(Shop.load({}))
    {'PAGE_SIZE': '20'}
    """
    return {
        variable.name: clean(render(getattr(settings, variable.field)))
        for variable in settings.variables
    }
