"""Ports of a process: taken ones, others, and names that are long."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path

from tests.ports import free_port
from tests.unit.tool.local_service import LocalService, local_service


def test_a_taken_port_is_named_with_its_holder_and_a_mend_that_works(shop: LocalService) -> None:
    with socket.create_server(("127.0.0.1", shop.http)):
        refused = shop.morrow("up", "local", "--json")
        assert refused.code == 2
        found = refused.problem
        assert (found["code"], found["object"]) == ("port-taken", f"port {shop.http}")
        if sys.platform == "linux":
            assert f"(pid {os.getpid()})" in found["cause"]
        assert shop.processes() == []
        by_make = shop.morrow("up", "local", MAKELEVEL="1")
        assert re.search(r"fix: make up PORT=\d+", by_make.err)
        words = found["fix"].split()
        assert words[:3] == ["morrow", "up", "local"]
        assert shop.morrow(*words[1:]).code == 0
    assert shop.get(int(words[-1])) == "one hello"
    kept = shop.morrow("up", "local")
    assert "already runs" in kept.out, "without --port it stays where it is"


def test_a_taken_admin_port_gives_way(shop: LocalService) -> None:
    with socket.create_server(("127.0.0.1", shop.admin)):
        done = shop.morrow("up", "local")
    assert done.code == 0
    assert f"port {shop.admin} is taken; the probes are on" in done.err


def test_another_port_moves_the_service(shop: LocalService) -> None:
    assert shop.morrow("up", "local").code == 0
    port = free_port()
    moved = shop.morrow("up", "local", "--port", str(port), "--json")
    assert moved.answer["url"] == f"http://127.0.0.1:{port}/"
    assert shop.get(port) == "one hello"
    assert shop.processes() == [moved.answer["pid"]]


def test_a_deep_folder_is_no_obstacle(tmp_path: Path) -> None:
    with local_service(tmp_path / ("deep" * 20) / ("deeper" * 15)) as shop:
        assert shop.morrow("up", "local").code == 0
        shop.write("two")
        assert shop.morrow("up", "local", "--json").answer["result"] == "took-over"
        assert shop.get() == "two hello"
