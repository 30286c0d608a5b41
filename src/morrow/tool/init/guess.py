"""Values with which an application can be imported and run on this machine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from pathlib import Path

from morrow.tool.init.settings import INSIDE, SECRET, STORE, Setting
from morrow.tool.stores.store import CIPHER

# By how a kind begins, as annotations and casts name it: pydantic, environs, decouple, the kit.
TYPED = (
    (r"int|float|Decimal|Positive\w*|NonNegative\w*|conint|timedelta", "30"),
    (r"bool", "false"),
    (r"(\w*(Http|Any|Web)\w*Url|Url|url)", "http://127.0.0.1:9"),
    (r"EmailStr", "local@example.com"),
    (r"PostgresDsn", "postgresql://postgres@127.0.0.1:5432/local"),
    (r"(list|set|tuple|frozenset|List|Set|Tuple|Sequence)\b", "[]"),
    (r"(dict|Dict|Mapping|json|Json)\b", "{}"),
)

# A number or a text; a switch or a list of such a name is none.
PORT = r"$|((Optional|Union|Annotated|Final)\[|\w+\.)*(con)?(int|float|str|\w*(Int|Float|Port))\b"
# Where who is named listens; a number of no such name is a small one.
PORTS = (
    (r"MYSQL|MARIA", "3306"), (r"REDIS|CACHE", "6379"), (r"MONGO", "27017"),
    (r"RABBIT|AMQP|BROKER", "5672"), (r"SMTP|MAIL", "587"),
    (r"POSTGRES|(^|_)(PG|DB|DATABASE|SQL)", "5432"), (r"", "8000"),
)  # fmt: skip

DRIVERS = {
    "asyncpg": "postgresql+asyncpg://postgres@127.0.0.1:5432/local",
    "psycopg2": "postgresql://postgres@127.0.0.1:5432/local",
    "psycopg2-binary": "postgresql://postgres@127.0.0.1:5432/local",
    "psycopg": "postgresql+psycopg://postgres@127.0.0.1:5432/local",
    "aiosqlite": "sqlite+aiosqlite:///local.db",
    "pymysql": "mysql+pymysql://root@127.0.0.1:3306/local",
}
DRIVER_MODULES = ("aiosqlite", "asyncpg", "psycopg2", "psycopg", "MySQLdb", "pymysql", "aiomysql")

# Stands for a secret while it is asked, of the form that one is drawn in: a text in base64.
FOR_CIPHER = "cGxhY2Vob2xkZXIgYnkgaW5pdCwgMzIgYnl0ZXMgb2s="  # 32 bytes
PLACEHOLDER = "cGxhY2Vob2xkZXIgYnkgaW5pdCwgb2YgdGhlIGxlbmd0aCBvZiBvbmUgZHJhd24u"


def guess(name: str, known: Mapping[str, Setting]) -> str:
    """Return a value with which an application can at least be imported."""
    setting, name = known.get(name), name.upper()
    if STORE.search(name) and (setting is None or setting.store):
        return store_url(name)
    if setting is not None and setting.example and not INSIDE.search(setting.example):
        return setting.example
    kind = setting.kind if setting is not None else ""
    if literal := re.match(r"(?:\w+\.)*Literal\[['\"]?([^'\",\]]+)", kind):
        return literal[1]
    if re.search(r"(^|_)PRODUCTION$", name):
        return "true"
    port = re.search(r"(?<![A-Z])PORT$", name) or (name.startswith("PG") and name.endswith("PORT"))
    if port and re.match(PORT, kind):
        return next(value for pattern, value in PORTS if re.search(pattern, name))
    for pattern, value in TYPED:
        if re.match(rf"(Optional\[|\w+\.)*({pattern})\b", kind):
            return value
    for pattern, value in (
        (r"(^|_)(DEBUG|TESTING|ENABLED?|USE_\w+|IS_\w+|SSL|TLS)$", "false"),
        (
            r"(SECONDS|MINUTES|HOURS|DAYS|TTL|TIMEOUT|LIMIT|SIZE|COUNT|MAX\w*|MIN\w*|EXPIRE\w*)$",
            "30",
        ),
        (r"_DSN$", "http://local@127.0.0.1:9/1"),
        (r"ALLOWED_HOSTS|ORIGINS?$", "*"),
        (r"(URL|URI|ENDPOINT)$", "http://127.0.0.1:9"),
        (r"HOST$", "127.0.0.1"),
        (r"(DB|DATABASE|SQL)_(ENGINE|BACKEND)$", "django.db.backends.sqlite3"),
        (r"(LOG_?)LEVEL$", "INFO"),
    ):
        if re.search(pattern, name):
            return value
    if CIPHER.search(name):
        return FOR_CIPHER
    return PLACEHOLDER if SECRET.search(name) else "local"


def driver_url(asked: Set[str], python: str) -> str:
    """Return a store's address for the driver that is asked for, or at least installed."""
    there = {one.name for one in Path(python).parent.parent.glob("lib/python*/site-packages/*")}
    found = (url for names in (asked, there) for name, url in DRIVERS.items() if name in names)
    plain = there and "sqlalchemy" not in there  # only that names a driver in an address
    return re.sub(r"\+\w+", "", next(found, "")) if plain else next(found, "")


def store_url(name: str) -> str:
    """Return where a store would be on this machine."""
    for pattern, url in (
        (r"REDIS|BROKER|CELERY|CACHE|RESULT_BACKEND", "redis://127.0.0.1:6379/0"),
        (r"MONGO", "mongodb://127.0.0.1:27017/local"),
        (r"AMQP|RABBIT", "amqp://127.0.0.1:5672//"),
    ):
        if re.search(pattern, name):
            return url
    return "sqlite:///local.db" if re.search(r"(URL|URI|DSN)$", name) else "local"
