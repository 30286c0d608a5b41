"""The orders in PostgreSQL."""

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from orders.settings import OrdersSettings


@dataclass(frozen=True, slots=True)
class Order:
    """One order."""

    id: int
    item: str
    quantity: int
    state: str


class Store:
    """A pool of connections, and the queries. Opened and closed with the application."""

    def __init__(self, settings: OrdersSettings) -> None:
        self._pool = AsyncConnectionPool[AsyncConnection[Any]](
            settings.database_url.reveal(),
            min_size=1,
            max_size=settings.database_connections,
            max_lifetime=settings.database_renewal,
            timeout=5,  # a request that gets no connection by then is an error, not a wait
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    async def open(self) -> None:
        """Begin to connect; without a database the application starts all the same, not ready."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Give the connections back."""
        await self._pool.close()

    def connections(self) -> tuple[int, int]:
        """Return how many connections are in use and how many there may be."""
        told = self._pool.get_stats()
        return told["pool_size"] - told["pool_available"], self._pool.max_size

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with self._pool.connection(timeout=1) as connection:
            await connection.execute("select 1")

    async def add(self, item: str, quantity: int) -> Order:
        """Keep a new order."""
        query = "insert into orders (item, quantity) values (%s, %s) returning *"
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Order))
            order = await (await cursor.execute(query, (item, quantity))).fetchone()
        assert order is not None  # noqa: S101 - `returning` gives one row
        return order

    async def get(self, number: int) -> Order | None:
        """Return an order."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Order))
            query = "select * from orders where id = %s"
            return await (await cursor.execute(query, (number,))).fetchone()

    async def latest(self, count: int) -> list[Order]:
        """Return the newest orders."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Order))
            query = "select * from orders order by id desc limit %s"
            return await (await cursor.execute(query, (count,))).fetchall()
