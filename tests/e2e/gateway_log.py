"""What the gateway wrote of requests that it could not serve: it alone knows the pod."""

from __future__ import annotations

import json
import time
from typing import Any

from morrow.tool.load.result import Failed
from tests.e2e.cluster import Cluster

CLIENT_LEFT = 499  # what the gateway writes of a request whose client waited no longer
NEAR = 0.1  # seconds between two clocks that tell of the same moment


def server_of(failure: Failed, started: float, errors: list[dict[str, Any]]) -> str:
    """Return the address of the pod that a lost request had gone to; empty when nobody knows.

    It was sent some time between when it was due and when it was given up. A line of the
    gateway's stands for one request: it is taken from `errors`.
    """
    status = f"status-{CLIENT_LEFT}" if failure.cause == "timeout" else failure.cause
    due = started + failure.at
    for line in errors:
        in_time = due - NEAR <= line["began"] <= due + failure.latency + NEAR
        if in_time and f"status-{line['status']}" == status:
            errors.remove(line)
            return str(line["server"]).partition(":")[0]
    return ""


def errors(cluster: Cluster, host: str) -> list[dict[str, Any]]:
    """Return what failed at the gateway for a host, by time: when, which status, which server."""
    where = ["-n", cluster.gateway.split("/")[0], "-l", "app.kubernetes.io/name=traefik"]
    found = []
    for line in cluster.kubectl("logs", *where, "--since=10m", "--tail=-1").splitlines():
        if not line.startswith("{"):
            continue
        entry = json.loads(line)
        if entry.get("RequestHost") == host:
            stamp = time.strptime(entry["StartUTC"][:19], "%Y-%m-%dT%H:%M:%S")
            part = float("0." + entry["StartUTC"][20:].rstrip("Z"))
            began = time.mktime(stamp) - time.timezone + part
            server = entry.get("ServiceAddr", "")
            found.append({"began": began, "status": entry["DownstreamStatus"], "server": server})
    return sorted(found, key=lambda line: float(line["began"]))
