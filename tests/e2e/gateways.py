"""The second gateway that the lab can have, another implementation of the Gateway API."""

from __future__ import annotations

from dataclasses import replace

from lab import contour, status
from tests.e2e.cluster import Cluster
from tests.unit.frame.skips import cannot


def second(cluster: Cluster) -> Cluster:
    """Return the cluster with Contour as its gateway; skip where it is not."""
    if "contour" not in status.read().added:
        cannot("Contour in the cluster", "`python -m lab add contour` brings it", "contour")
    return replace(
        cluster,
        gateway=f"{contour.SPACE}/{contour.GATEWAY}",
        gateway_addresses=tuple(contour.ADDRESSES),
    )
