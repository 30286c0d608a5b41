"""PostgreSQL as its administrator sees it: who may log in, who is logged in, a new password.

Asked by psycopg (`morrow[postgres]`), one short connection a question: a rollout lies between two.
A password goes to the server as a SCRAM verifier, so no log of its statements has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.kept import DATABASE_ADMIN, kept

PATIENCE = 10  # seconds until a server that does not answer is given up
NAME = "morrow secrets rotate"


class Administrator:
    """Who gives users their passwords; `MORROW_POSTGRES_ADMIN` says how it logs in."""

    def __init__(self) -> None:
        self._login = kept(DATABASE_ADMIN)
        if not self._login:
            cause = f"{DATABASE_ADMIN} is not set"
            raise Failure(problem("database-admin", DATABASE_ADMIN, cause))
        try:
            import psycopg
        except ImportError:
            cause = "psycopg is not installed here"
            raise Failure(problem("extra-missing", "psycopg", cause, extra="postgres")) from None
        self._psycopg: Any = psycopg
        self._require_readable()

    def users(self, *names: str) -> dict[str, bool]:
        """Return which of them there are, and whether each may log in."""
        query = "select rolname, rolcanlogin from pg_roles where rolname = any(%s)"
        with self._asked() as connection:
            return dict(connection.execute(query, (list(names),)).fetchall())

    def sessions(self, name: str) -> int:
        """Return how many sessions a user has."""
        query = "select count(*) from pg_stat_activity where usename = %s"
        with self._asked() as connection:
            return int(connection.execute(query, (name,)).fetchone()[0])

    def let_in(self, name: str, password: str) -> None:
        """Give a user a new password, with which it may log in."""
        with self._asked() as connection:
            how = (password.encode(), name.encode(), b"scram-sha-256")
            verifier = connection.pgconn.encrypt_password(*how).decode()
            self._alter(connection, name, "alter role {} login password {}", verifier)

    def shut_out(self, name: str) -> None:
        """Take a user's password and right to log in; sessions that it has go on."""
        with self._asked() as connection:
            self._alter(connection, name, "alter role {} nologin password null")

    def try_login(self, name: str, password: str, database: str) -> None:
        """Log in once as that user, from here."""
        more = {"dbname": database} if database else {}
        try:
            with self._connect(user=name, password=password, **more) as connection:
                connection.execute("select 1")
        except self._psycopg.Error as error:
            raise Failure(problem("database-user-refused", name, _said(error))) from None

    def _alter(self, connection: Any, name: str, text: str, *more: str) -> None:  # noqa: ANN401
        sql = self._psycopg.sql
        words = (sql.Identifier(name), *map(sql.Literal, more))
        connection.execute(sql.SQL(text).format(*words))

    @contextmanager
    def _asked(self) -> Iterator[Any]:
        where = DATABASE_ADMIN
        try:
            connection = self._connect()
        except self._psycopg.Error as error:
            raise Failure(problem("database-login", where, _said(error))) from None
        try:
            with connection:
                yield connection
        except self._psycopg.Error as error:
            raise Failure(problem("database-denied", where, _said(error))) from None

    def _require_readable(self) -> None:
        """Raise where a password with @ or / in it would be taken for a host, and be said."""
        try:
            read = self._psycopg.conninfo.conninfo_to_dict(self._login)
        except self._psycopg.ProgrammingError:  # its message repeats what it cannot read
            read = {"host": "@"}
        port = str(read.get("port") or "").replace(",", "")
        place = f"{read.get('host')}{read.get('dbname')}"
        if "@" in place or (port and not port.isdigit()):
            cause = "libpq cannot read it: postgresql://ADMIN:PASSWORD@HOST/DATABASE"
            cause += ", with % in the place of what is special in the password"
            raise Failure(problem("database-login", DATABASE_ADMIN, cause))

    def _connect(self, **more: str) -> Any:  # noqa: ANN401 - psycopg is an extra
        how = {"autocommit": True, "connect_timeout": PATIENCE, "application_name": NAME}
        return self._psycopg.connect(self._login, **how, **more)


def _said(error: Exception) -> str:
    """Return the first lines of what the server or libpq said; neither repeats a password."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "; ".join(lines[:2]) or type(error).__name__
