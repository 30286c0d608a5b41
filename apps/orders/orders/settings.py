"""What orders reads from its environment: the web process, its worker and its migrations."""

from urllib.parse import quote

from morrow import Secret, Settings, Url, setting


class OrdersSettings(Settings):
    """What orders reads from its environment."""

    database_url: Url = setting(
        help="The database with its user and password: one secret, so that they change at once.",
        example="postgresql://orders:PASSWORD@db.example.com/orders",
    )
    database_renewal: int = setting(
        3600, minimum=1, help="Seconds until a connection to the database is made anew."
    )
    broker_url: Url = setting(
        help="Where jobs wait for the worker.", example="redis://redis.example.com:6379/0"
    )
    broker_password: Secret | None = setting(None, help="The broker's password, if it has one.")
    # The kit's own: so many requests are handled at once.
    morrow_concurrency: int = setting(100, minimum=1, help="Requests handled at once.")

    @property
    def database_connections(self) -> int:
        """How many connections the pool may open: a query takes a small part of a request."""
        return max(2, min(self.morrow_concurrency // 5, 20))

    @property
    def broker(self) -> str:
        """The broker's URL, password and all; for Celery only."""
        url = self.broker_url.reveal()
        if self.broker_password is None:
            return url
        scheme, _, rest = url.partition("://")
        return f"{scheme}://:{quote(self.broker_password.reveal(), safe='')}@{rest}"
