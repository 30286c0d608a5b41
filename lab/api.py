"""The lab's API server, asked without starting a kubectl: a start of the lab asks often."""

from __future__ import annotations

import http.client
import json
import ssl

from lab.errors import LabError
from lab.layout import API, API_PORT, HOST, PKI


def connection(timeout: float) -> http.client.HTTPSConnection:
    """Return a connection as the cluster's administrator."""
    trust = ssl.create_default_context(cafile=str(PKI / "ca.crt"))
    trust.load_cert_chain(str(PKI / "admin.crt"), str(PKI / "admin.key"))
    return http.client.HTTPSConnection(HOST, API_PORT, context=trust, timeout=timeout)


def listens() -> bool:
    """Say whether the API server answers at all; some of it may not be ready yet."""
    try:
        return bool(_ask("/livez"))
    except LabError:
        return False


def is_ready() -> bool:
    """Say whether the API server calls itself ready."""
    try:
        return _ask("/readyz")[0] == 200
    except LabError:
        return False


def ready_nodes() -> set[str]:
    """Return the names of the nodes that are Ready."""
    status, text = _ask("/api/v1/nodes")
    if status != 200:
        raise LabError(f"{API} answers {status} when asked for its nodes: {text!r}")
    return {
        item["metadata"]["name"]
        for item in json.loads(text)["items"]
        for condition in item["status"].get("conditions", [])
        if condition["type"] == "Ready" and condition["status"] == "True"
    }


def _ask(path: str) -> tuple[int, bytes]:
    try:
        asked = connection(timeout=5)
        try:
            asked.request("GET", path, headers={"Accept": "application/json"})
            answer = asked.getresponse()
            return answer.status, answer.read()
        finally:
            asked.close()
    except (OSError, http.client.HTTPException) as problem:
        raise LabError(f"{API} does not answer: {problem}") from problem
