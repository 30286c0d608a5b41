"""What the gateway wrote of requests that it could not serve: it alone knows the pod."""

from __future__ import annotations

import json
import time
from typing import Any

from morrow.tool.load_result import Failed
from tests.e2e.cluster import Cluster


def server_of(failure: Failed, started: float, errors: list[dict[str, Any]]) -> str:
    """Return the address of the pod that a lost request had gone to; empty when nobody knows."""
    if not failure.cause.startswith("status-5"):
        return ""
    began = started + failure.at
    near = [
        (abs(line["began"] - began), line["server"])
        for line in errors
        if f"status-{line['status']}" == failure.cause and abs(line["began"] - began) < 0.5
    ]
    return str(min(near)[1]).partition(":")[0] if near else ""


def errors(cluster: Cluster, host: str) -> list[dict[str, Any]]:
    """Return what the gateway answered with a 5xx for a host: when, which status, from where."""
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
    return found
