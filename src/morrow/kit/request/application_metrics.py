"""What the application tells by itself: its pools and prometheus_client, read without harm."""

import sys
import threading
from collections.abc import Callable, Mapping

from morrow.kit.request.metrics import family, page
from morrow.kit.settings.problem import logger

# So long its collectors may take; a scrape has ten seconds in all.
PATIENCE = 2.0
PoolFunction = Callable[[], tuple[int, int]]
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class ApplicationMetrics:
    """Reads the application's pools and its registry on a thread of its own.

    >>> print(ApplicationMetrics({"database": lambda: (3, 10)}).collect().decode())
    ... # doctest: +ELLIPSIS
    # HELP morrow_application_metrics_up ...
    morrow_pool{pool="database"} 10
    ...
    morrow_pool_busy{pool="database"} 3
    ...
    """

    def __init__(self, pools: Mapping[str, PoolFunction], kind: str = "") -> None:
        self._pools, self._kind = pools, kind
        self._thread: threading.Thread | None = None
        self._text = b""
        self._failed = False

    def collect(self) -> bytes:
        """Return the text; what raises or takes too long leaves only a line that says so.

        See the class for an example.
        """
        if not self._pools and "prometheus_client" not in sys.modules:
            return b""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._read, name="collect", daemon=True)
            self._thread.start()
        self._thread.join(PATIENCE)
        slow = self._thread.is_alive()
        if slow:
            logger.warning("the application's collectors take longer than %g s", PATIENCE)
        bad = slow or self._failed
        told = family(
            "morrow_application_metrics_up",
            "0 while the application's own metrics cannot be read.",
            ({}, not bad),
        )
        own = page(told).encode()
        return own if slow else own + self._text

    def _read(self) -> None:
        self._failed = False
        self._text = self._of_pools()
        try:
            self._text += self._of_registry()
        except Exception:
            self._failed = True
            logger.exception("the application's metrics could not be read")

    def _of_pools(self) -> bytes:
        if not self._pools:
            return b""
        limits, busy = [], []
        for name, told in self._pools.items():
            try:
                used, limit = told()
                limits.append(({"pool": name}, float(limit)))
                busy.append(({"pool": name}, float(used)))
            except Exception:
                self._failed = True
                logger.exception("how full the pool %s is could not be read", name)
        lines = (
            *family("morrow_pool", "What a pool of the application may hold.", *limits),
            *family("morrow_pool_busy", "What of a pool is in use.", *busy),
        )
        return page(lines).encode()

    def _of_registry(self) -> bytes:
        client = sys.modules.get("prometheus_client")
        if client is None:
            return b""
        if not self._kind:
            return bytes(client.generate_latest())
        text: bytes = client.exposition.choose_encoder(self._kind)[0](client.REGISTRY)
        return text.removesuffix(b"# EOF\n")
