"""What an application reads from its environment, by its syntax trees: name, default, place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from morrow.tool.init.examples import examples
from morrow.tool.init.files import ASIDE, Repository
from morrow.tool.init.implied import implied

VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{1,100}")
LOWER = re.compile(r"(?!(http|https|ftp|no|all)_proxy$)[A-Za-z_]\w{1,100}", re.ASCII)
SECRET = re.compile(
    r"(SECRET|PASSWORD|PASSWD|_PASS$|^PASS$|TOKEN|API_?KEY|PRIVATE|CREDENTIAL|ACCESS_KEY|_KEY$|_DSN$"
    r"|SALT$|SIGNING|ENCRYPTION_KEY|WEBHOOK_URL)"
)
PLAIN = re.compile(
    r"(PUBLIC|_(ID|NAME|USER|URL|URI|PATH|FILE|HOST|PORT|MINUTES|SECONDS|HOURS|DAYS|TTL|LIFETIME|AGE"
    r"|EXPIRES?|EXPIRY|EXPIRATION|LENGTH|ALGORITHM|TYPE|HEADER|PREFIX|ENABLED|LIMIT|COST|IN)$|EXPIRE"
    r"|KEY_ID$|(LIVES?|VALID)_IN_|^TOKENS?_|MAX_TOKENS|SECRETS_DIR)"
)
NO_TEXT = re.compile(r"(int|float|bool|Decimal|timedelta|Literal|list|tuple|set|dict)\b")
# A random value does; but for what another side decides: a store, a mail server, a provider.
RANDOM = re.compile(r"^(?!.*(CLIENT_SECRET|WEBHOOK|AWS|S3_|STRIPE|OAUTH|SMTP|MAIL|(?<![A-Z])DB|"
                    r"SLACK|TWILIO|GOOGLE|GITHUB|GITLAB|FACEBOOK|TWITTER|LINKED_?IN|AZURE|PAYPAL|"
                    r"DATABASE|POSTGRES|SQL|(?<![A-Z])PG|MONGO|REDIS|RABBIT|BROKER))"
                    r".*(SECRET|SALT|SIGNING|ENCRYPTION_KEY|PASSWORD)")  # fmt: skip
# Read without a default and needed all the same: frameworks refuse to work without it.
SIGNS = re.compile(r"((APP|DJANGO|FLASK|JWT|SESSION|CSRF|SECURITY)_)?(SECRET(_KEY)?|PASSWORD_SALT)")
STORE = re.compile(r"(DATABASE|DB|POSTGRES\w*|MYSQL|SQLALCHEMY|REDIS|MONGO\w*|BROKER|AMQP|RABBITMQ|"
                   r"CELERY|CACHE|RESULT_BACKEND)(_\w+)?_?(URL|URI|DSN)$")  # fmt: skip
INSIDE = re.compile(r"://[^/\s:@]*:[^/\s@]+@|-----BEGIN|^(sk|pk|rk)_(live|test)_|^AKIA[0-9A-Z]{16}$|"
                    r"^gh[pousr]_\w{20,}|^xox[abp]-")  # fmt: skip
NOWHERE = re.compile(r"://[^\s/?#]*(:(port|PORT)\b|<[\w-]+>)")  # in its user, host or port
FORM = re.compile(r"://\S*<[\w-]+>")  # anywhere in a store's
FOREIGN = re.compile(r"(PATH|HOME|USER|SHELL|LANG|TERM|PWD|TZ|CI|HOSTNAME|TMPDIR|VIRTUAL_ENV|PORT|"
                     r"EDITOR|PYTEST_\w+|PYTHON\w*|MORROW_\w+|FLASK_(APP|RUN_\w+)|DYNO|GITHUB_(ACTIONS?|"
                     r"ACTOR|ENV|JOB|OUTPUT|(HEAD_|BASE_)?REF\w*|REPOSITORY|EVENT_\w+|RUN_\w+|"
                     r"SHA|WORKSPACE)|TEST_\w+|PATH_INFO|SCRIPT_NAME|REMOTE_\w+|QUERY_STRING|REQUEST_\w+|HTTP_(HOST|X_\w+)|"
                     r"WERKZEUG_\w+|LC_\w+|KUBERNETES_\w+|DJANGO_SETTINGS_MODULE)")  # fmt: skip
READERS = {"getenv", "env", "config", "environ_get", "get_env", "get_env_variable"}
DECOUPLE = re.compile(r"(?m)^\s*(from|import)\s+decouple\b")
NAMING = ("environ_name", "envvar", "env_var", "env_name")
CASTS = {"str", "bool", "int", "float", "list", "json", "url", "db", "db_url", "path", "dict",
         "tuple"}  # fmt: skip


class Call(NamedTuple):
    """One read of a variable."""

    name: str
    default: str | None
    needed: bool
    kind: str = ""  # the annotation, where there is one
    example: str | None = None
    lower: bool = False  # it is surely a variable, whatever its letters


@dataclass(frozen=True)
class Setting:
    """One variable."""

    name: str
    default: str | None  # as the code or an example has it
    needed: bool  # the code has no default
    file: str
    line: int
    example: str | None = None
    kind: str = ""

    @property
    def at(self) -> str:
        """Where it is read."""
        return f"{self.file}:{self.line}"

    @property
    def secret(self) -> bool:
        """Whether it is one, by its name or by the value beside it."""
        if self.kind.startswith("Secret") or NO_TEXT.match(self.kind):
            return self.kind.startswith("Secret")  # a number or a switch is none
        if any(INSIDE.search(value or "") for value in (self.default, self.example)):
            return True
        name = self.name.upper()
        return bool(SECRET.search(name)) and not PLAIN.search(name)

    @property
    def own(self) -> bool:
        """Whether the code has a value that must not be kept; an empty one says: not in use."""
        signs = SIGNS.fullmatch(self.name.upper())
        return bool(self.default) or (self.default is not None and bool(signs))

    @property
    def store(self) -> bool:
        """Whether it leads to a database, a cache or a broker."""
        return bool(STORE.search(self.name.upper())) and self.kind != "Url"


def settings_of(repository: Repository, source: str, aside: str = "") -> list[Setting]:
    """Return what the code below `source` reads, and in `aside`: its own folder of examples."""
    found: dict[str, Setting] = {}
    inside = f"{source}/" if source else ""
    trees = {
        file: list(ast.walk(tree))
        for file, tree in repository.trees.items()
        if file.startswith(inside) and (file.startswith(aside or "/") or not ASIDE.search(file))
    }
    classes = {
        one.name: one for tree in trees.values() for one in tree if isinstance(one, ast.ClassDef)
    }
    for file, tree in trees.items():
        decouple = DECOUPLE.search(repository.text(file))
        for node in tree:
            fields = _fields(node, classes) if isinstance(node, ast.ClassDef) else ()
            for call in (*_read(node), *fields):
                form = LOWER if call.lower or decouple else VARIABLE
                if form.fullmatch(call.name) and not FOREIGN.fullmatch(call.name.upper()):
                    old = found.get(call.name)
                    if old is None or (old.needed and not call.needed):
                        at = (file, getattr(node, "lineno", 1), call.example, call.kind)
                        found[call.name] = Setting(call.name, call.default, call.needed, *at)
    exact = {name.upper(): name for name in found}
    for upper, (value, place) in examples(repository, source).items():
        name = exact.get(upper, upper)
        file, _, number = place.rpartition(":")
        if name in found:
            found[name] = replace(found[name], example=value)
        elif VARIABLE.fullmatch(name) and not FOREIGN.fullmatch(name):
            found[name] = Setting(name, None, False, file, int(number), value)
    return sorted(found.values(), key=lambda one: one.name)


def _read(node: ast.AST) -> Iterator[Call]:
    """Yield what one expression reads: os.environ, getenv, environ, decouple, Starlette."""
    if isinstance(node, ast.Call) and node.args and (kind := _number(node.func)):
        yield from (one._replace(kind=kind) for one in _read(node.args[0]))
        return
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and _ends(node.value, "environ")
        and (name := _text(node.slice))
    ):
        yield Call(name, None, True, lower=ast.unparse(node.value) == "os.environ")
    yield from (Call(*one) for one in implied(node))
    if isinstance(node, ast.Call):  # a table of settings, or an option of a command
        named = [one.value for one in node.keywords if one.arg in NAMING]
        yield from (Call(name, None, False) for one in named if (name := _text(one)))
    if not isinstance(node, ast.Call) or not node.args or not (name := _text(node.args[0])):
        return
    function, rest = node.func, node.args[1:]
    words = {one.arg: one.value for one in node.keywords}
    default = words.get("default") or words.get("fallback")
    if isinstance(function, ast.Attribute) and function.attr in ("get", "setdefault", "pop"):
        if _ends(function.value, "environ"):
            yield Call(name, _text(rest[0]) if rest else None, False)
    elif _ends(function, "getenv"):
        given = rest[0] if rest else default
        yield Call(name, _text(given), False, lower=True)
    elif isinstance(function, ast.Name) and function.id in READERS:
        positional = rest[0] if rest and function.id != "config" else None
        value = default if default is not None else positional
        cast = words.get("cast")
        yield Call(name, _text(value), value is None, ast.unparse(cast) if cast else "")
    elif (
        isinstance(function, ast.Attribute)
        and _ends(function.value, "env")
        and function.attr in CASTS
    ):
        value = default if default is not None else (rest[0] if rest else None)
        yield Call(name, _text(value), value is None, function.attr)


def _fields(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> Iterator[Call]:
    """Yield the fields of a pydantic BaseSettings, or of the kit's Settings."""
    if not any(_ends(base, name) for base in node.bases for name in ("BaseSettings", "Settings")):
        return
    said = {"env_prefix": "", "env_nested_delimiter": ""}
    for inner in ast.walk(node):
        for name in said:
            if isinstance(inner, ast.keyword) and inner.arg == name:
                said[name] = _text(inner.value) or ""
            if isinstance(inner, ast.Assign) and _ends(inner.targets[0], name):
                said[name] = _text(inner.value) or ""
    above = [classes.get(ast.unparse(base).rpartition(".")[2]) for base in node.bases]
    for one in (node, *filter(None, above)):  # a model beside BaseSettings states fields, too
        yield from _stated(one, said["env_prefix"], said["env_nested_delimiter"], classes, {})


def _stated(
    node: ast.ClassDef,
    prefix: str,
    nested: str,
    classes: Mapping[str, ast.ClassDef],
    given: Mapping[str | None, ast.expr],
    around: frozenset[ast.ClassDef] = frozenset(),
) -> Iterator[Call]:
    """Yield what the class states; a model within it by its own fields, with what it is given."""
    around |= {node}
    for one in node.body:
        if not isinstance(one, ast.AnnAssign) or not isinstance(one.target, ast.Name):
            continue
        example = None
        name, value, needed = f"{prefix}{one.target.id}".upper(), one.value, one.value is None
        if one.target.id == "model_config" or "ClassVar" in ast.dump(one.annotation):
            continue
        if isinstance(value, ast.Call) and (
            _ends(value.func, "Field") or _ends(value.func, "setting")
        ):
            words = {word.arg: word.value for word in value.keywords}
            for alias in ("validation_alias", "alias", "env"):
                name = (_text(words.get(alias)) or name).upper()
            value = value.args[0] if value.args else words.get("default")
            example = _text(words.get("example"))
            needed = (value is None or _text(value) == "...") and "default_factory" not in words
        if one.target.id in given or None in given:  # by its name, or by `**`
            value, needed = given.get(one.target.id, value), False
        kind = ast.unparse(one.annotation)
        made = isinstance(value, ast.Call) and _ends(value.func, kind.rpartition(".")[2])
        within = classes.get(kind.rpartition(".")[2]) if nested and (needed or made) else None
        if within is not None and within not in around:
            inner = value.keywords if isinstance(value, ast.Call) else []
            own = {word.arg: word.value for word in inner}
            yield from _stated(within, f"{name}{nested}", nested, classes, own, around)
            continue
        default = None if needed else _text(value)
        form = FORM if STORE.search(name) else NOWHERE
        if form.search(default or "") or NOWHERE.search(default or ""):  # it only shows its form
            needed, default = True, None
        yield Call(name, default, needed, kind, example)


def _number(node: ast.AST) -> str:
    """Return what makes a number of what is read."""
    return node.id if isinstance(node, ast.Name) and node.id in ("int", "float") else ""


def _ends(node: ast.AST, name: str) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == name) or (
        isinstance(node, ast.Name) and node.id == name
    )


def _text(node: ast.AST | None) -> str | None:
    if isinstance(node, ast.Constant) and node.value is not None:
        return "..." if node.value is ... else str(node.value)
    return None
