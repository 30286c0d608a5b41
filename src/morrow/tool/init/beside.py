"""What runs beside the web process, and what the service needs that is not in its image."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from morrow.tool.init.files import ASIDE, Repository
from morrow.tool.init.settings import Setting


@dataclass(frozen=True)
class Beside:
    """A worker, a cron or a job, as `processes` says it."""

    name: str
    kind: str
    command: tuple[str, ...]
    why: str
    schedule: str = ""


@dataclass(frozen=True)
class Store:
    """A database, cache or broker that the requirements name."""

    kind: str
    package: str
    settings: tuple[str, ...]

    @property
    def told(self) -> str:
        """Its name, who needs it, and the settings that lead there."""
        by = f", by {', '.join(self.settings)}" if self.settings else ""
        return f"{self.kind} ({self.package}{by})"


STORES = {
    "PostgreSQL": (
        "psycopg",
        "psycopg2",
        "psycopg2-binary",
        "psycopg-binary",
        "asyncpg",
        "pg8000",
        "postgres",
        "postgresql",
        "postgresql-asyncpg",
    ),
    "MySQL": ("mysqlclient", "pymysql", "aiomysql", "mysql-connector-python", "asyncmy", "mysql"),
    "MongoDB": ("pymongo", "motor", "mongoengine", "beanie", "odmantic", "flask-pymongo"),
    "Redis": (
        "redis",
        "django-redis",
        "aioredis",
        "flask-redis",
        "channels-redis",
        "fastapi-cache2",
    ),
    "RabbitMQ": ("pika", "aio-pika", "rabbitmq", "librabbitmq"),
    "Elasticsearch": ("elasticsearch", "opensearch-py", "elasticsearch-dsl"),
    "Memcached": ("pymemcache", "python-memcached", "pylibmc"),
    "Kafka": ("kafka-python", "aiokafka", "confluent-kafka"),
}
NAMED = r"^DB_|^DB(HOST|NAME|USER|PASS|PORT|URL)|DATABASE|SQLALCHEMY"
POINTS = {
    "PostgreSQL": rf"POSTGRES|^PG(HOST|USER|PASSWORD|PORT)|{NAMED}",
    "MySQL": rf"MYSQL|{NAMED}",
    "MongoDB": r"MONGO",
    "Redis": r"REDIS|BROKER|CACHE|RESULT_BACKEND",
    "RabbitMQ": r"RABBIT|AMQP|BROKER",
    "Elasticsearch": r"ELASTIC|OPENSEARCH",
    "Memcached": r"MEMCACHE",
    "Kafka": r"KAFKA",
}
MIGRATES = re.compile(
    r"(?<![\w-])(migrate|upgrade)(?![\w-])"
)  # a line of a Procfile does what ours would
# What says where it is, before who asks.
WHERE = (r"(URL|URI|DSN)$", r"(HOST(NAME)?|SERVERS?|ADDRESS)$", r"PORT$", r"(NAME|DB)$",
         r"USER(NAME)?$", r"PASS(WORD)?$")  # fmt: skip


def stores(
    repository: Repository, settings: Iterable[Setting], given: Iterable[str] = ()
) -> list[Store]:
    """Name what it needs, and the settings that point there; `given`: addresses in vain."""
    found, asked = [], repository.requirements | repository.extras
    asked |= {re.split(r"[+:]", address)[0] for address in given}
    for kind, packages in STORES.items():
        named = [one for one in packages if one in asked]
        if named:
            pointing = re.compile(POINTS[kind])
            names = [one.name for one in settings if pointing.search(one.name)]
            leads = [one for end in WHERE for one in names if re.search(end, one)]
            found.append(Store(kind, named[0], tuple(dict.fromkeys(leads or names))[:4]))
    return found


def beside(repository: Repository, source: str) -> list[Beside]:
    """Return workers, crons and jobs, each name once."""
    found: dict[str, Beside] = {}
    for one in (
        *_procfile(repository, source),
        *_workers(repository, source),
        *_jobs(repository, source),
    ):
        # One worker of a kind: the Procfile knows its options.
        if one.name not in found and not any(
            (old.command[:1] == one.command[:1] == ("celery",) and old.kind == one.kind
            and ("beat" in old.command) == ("beat" in one.command))
            or (old.kind == one.kind == "job" and MIGRATES.search(" ".join(old.command)))
            for old in found.values()
        ):  # fmt: skip
            found[one.name] = one
    return list(found.values())


def _procfile(repository: Repository, source: str) -> Iterator[Beside]:
    for path in dict.fromkeys((f"{source}/Procfile".lstrip("/"), "Procfile")):
        for line in repository.text(path).splitlines():
            name, colon, command = line.partition(":")
            name = re.sub(r"[^a-z0-9-]+", "-", name.strip().lower()).strip("-")
            if not colon or not name or line.lstrip().startswith("#") or name == "web":
                continue
            try:
                words = shlex.split(command)
            except ValueError:
                continue
            if not words:
                continue
            shell = bool(re.search(r"[|&;$<>`]", command)) or "=" in words[0]
            given = ("sh", "-c", command.strip()) if shell else tuple(words)
            yield Beside(name[:30], "job" if name == "release" else "worker", given, path)


def _workers(repository: Repository, source: str) -> Iterator[Beside]:
    asked = repository.requirements
    inside = f"{source}/" if source else ""
    for file, tree in repository.trees.items():
        if not file.startswith(inside) or ASIDE.search(file):
            continue
        inner = file[len(inside) :].removesuffix(".py").removesuffix("/__init__")
        module = inner.replace("/", ".")
        for node in tree.body:
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            made = ast.unparse(node.value.func).rpartition(".")[2]
            target = node.targets[0]
            if made == "Celery" and isinstance(target, ast.Name):
                # A package's own `celery.py` is found by the package's name.
                named = module.removesuffix(".celery") if module.endswith(".celery") else module
                app = named if named != module else f"{module}:{target.id}"
                words: tuple[str, ...] = ("celery", "-A", app, "worker", "--loglevel", "INFO")
                yield Beside("worker", "worker", words, f"{file}:{node.lineno} makes Celery")
                text = repository.text(file)
                if "beat_schedule" in text or "django-celery-beat" in asked:
                    words = ("celery", "-A", app, "beat", "--loglevel", "INFO")
                    yield Beside("beat", "worker", words, f"{file} has a schedule")
        if "dramatiq" in asked and re.search(r"(?m)^@(\w+\.)?actor", repository.text(file)):
            yield Beside("worker", "worker", ("dramatiq", module), f"{file} has actors")
    if "django-rq" in asked:
        manage = ("python", "manage.py", "rqworker")
        yield Beside("worker", "worker", manage, "the requirements name django-rq")
    elif "rq" in asked:
        yield Beside("worker", "worker", ("rq", "worker"), "the requirements name rq")


def _jobs(repository: Repository, source: str) -> Iterator[Beside]:
    inside = f"{source}/" if source else ""
    manage = f"{inside}manage.py"
    if repository.text(manage) and "django" in repository.text(manage).lower():
        run: tuple[str, ...] = ("python", "manage.py", "migrate", "--no-input")
        yield Beside("migrate", "job", run, f"{manage}: once a release, never once a replica")
        return
    for path in repository.named("alembic.ini", depth=3):
        folder = path.rpartition("/")[0]
        if not inside or path.startswith(inside) or not folder:
            config = path[len(inside) :] if path.startswith(inside) else path
            extra = () if config == "alembic.ini" else ("-c", config)
            yield Beside("migrate", "job", ("alembic", *extra, "upgrade", "head"), path)
            return
    migrations = (repository.root / inside / "migrations").is_dir()
    if migrations and "flask-migrate" in repository.requirements:
        words = ("flask", "db", "upgrade")
        yield Beside("migrate", "job", words, "the requirements name Flask-Migrate")
