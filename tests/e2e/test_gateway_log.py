"""Which pod a lost request had gone to, from the gateway's own lines."""

from __future__ import annotations

from typing import Any

from morrow.tool.load.result import Failed
from tests.e2e.gateway_log import server_of


def lost(at: float, latency: float, cause: str) -> Failed:
    return Failed(at, latency, "update", cause, "", False, False, "10.89.0.11:443", "")


def line(began: float, status: int, server: str) -> dict[str, Any]:
    return {"began": began, "status": status, "server": server}


def test_each_line_of_the_gateway_stands_for_one_request() -> None:
    lines = [line(101.0, 502, "10.1.0.2:5000"), line(101.2, 502, "10.1.0.3:5000")]
    first, second, third = (lost(1.0, 0.3, "status-502") for _ in range(3))
    assert server_of(first, 100.0, lines) == "10.1.0.2"
    assert server_of(second, 100.0, lines) == "10.1.0.3"
    assert server_of(third, 100.0, lines) == "", "none is left"


def test_a_client_that_was_late_finds_its_line() -> None:
    late = lost(1.0, 2.0, "status-502")
    assert server_of(late, 100.0, [line(102.9, 502, "10.1.0.2:5000")]) == "10.1.0.2"
    assert server_of(late, 100.0, [line(103.5, 502, "10.1.0.2:5000")]) == ""
    assert server_of(late, 100.0, [line(100.5, 502, "10.1.0.2:5000")]) == ""
    assert server_of(late, 100.0, [line(102.0, 504, "10.1.0.2:5000")]) == ""


def test_who_waited_no_longer_is_known_by_the_gateways_own_status() -> None:
    waited = lost(1.0, 5.0, "timeout")
    assert server_of(waited, 100.0, [line(101.0, 499, "10.1.0.2:5000")]) == "10.1.0.2"
    assert server_of(waited, 100.0, [line(101.0, 502, "10.1.0.2:5000")]) == ""
    assert server_of(lost(1.0, 0.1, "refused"), 100.0, [line(101.0, 502, "x:1")]) == ""
