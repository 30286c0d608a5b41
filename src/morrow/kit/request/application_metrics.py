"""What the application counts by itself with prometheus_client, read so that it cannot harm."""

import sys
import threading

from morrow.kit.request.metrics import family
from morrow.kit.settings.problem import logger

# So long its collectors may take; a scrape has ten seconds in all.
PATIENCE = 2.0
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class ApplicationMetrics:
    """Reads the application's registry on a thread of its own.

    >>> ApplicationMetrics().collect() if "prometheus_client" not in sys.modules else b""
    b''
    """

    def __init__(self, kind: str = "") -> None:
        self._kind = kind
        self._thread: threading.Thread | None = None
        self._text = b""
        self._failed = False

    def collect(self) -> bytes:
        """Return the text; what raises or takes too long leaves only a line that says so.

        See the class for an example.
        """
        if "prometheus_client" not in sys.modules:
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
        own = "".join(f"{line}\n" for line in told).encode()
        return own if bad else own + self._text

    def _read(self) -> None:
        try:
            client = sys.modules["prometheus_client"]
            if self._kind:
                text = client.exposition.choose_encoder(self._kind)[0](client.REGISTRY)
                self._text = text.removesuffix(b"# EOF\n")
            else:
                self._text = client.generate_latest()
            self._failed = False
        except Exception:
            self._failed = True
            logger.exception("the application's metrics could not be read")
