"""How Alembic reaches the database: by the service's own settings."""

import psycopg
from alembic import context
from sqlalchemy import create_engine, text

from orders.settings import OrdersSettings

LOCK = 5_301_902
"""One number for this service: two migrations at once wait for each other."""


def _connect() -> psycopg.Connection:
    return psycopg.connect(OrdersSettings.load().database_url.reveal(), connect_timeout=10)


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine("postgresql+psycopg://", creator=_connect).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            connection.execute(text(f"select pg_advisory_xact_lock({LOCK})"))
            # A table in use is not waited for longer: what waits behind it would stand still.
            connection.execute(text("set local lock_timeout = '5s'"))
            context.run_migrations()
