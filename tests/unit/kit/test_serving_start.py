"""How a service starts: failures, settings, secrets, what is said on a terminal."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.kit.served import environment, quickest, run, served

FAILURES = {
    "sample:raising": "the factory raised: RuntimeError: no database (",
    "sample:wrong": "the factory raised: TypeError: the factory gave int, not an application",
    "nowhere:service": "cannot import nowhere: ModuleNotFoundError: No module named 'nowhere' "
    "(is its folder on PYTHONPATH?)",
    "sample:nothing": "sample:nothing: sample has no nothing",
    "sample:NOT_CALLABLE": "sample:NOT_CALLABLE is int, which cannot be called",
    ":x": "':x' is no MODULE:ATTRIBUTE",
}


@pytest.mark.parametrize("target", FAILURES)
def test_failed_start_is_one_line_and_non_zero_within_two_seconds(target: str) -> None:
    def seconds() -> float:
        began = time.monotonic()
        ended = run(target)
        (line,) = ended.stdout.splitlines()
        assert ended.returncode == (78 if target == "sample:NOT_CALLABLE" else 1)
        assert FAILURES[target] in line
        assert ended.stderr == ""
        return time.monotonic() - began

    assert quickest(seconds, 2, 5) < 2


def test_taken_port_names_the_port_and_the_mend() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        ended = run("sample:service", MORROW_PORT=port)
        assert ended.returncode == 1
        assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in ended.stdout
        assert "stop what holds it, or set MORROW_PORT to another" in ended.stdout
        ended = run("sample:service", MORROW_ADMIN_PORT=port)
        assert "set MORROW_ADMIN_PORT to another" in ended.stdout
    ended = run("sample:service", MORROW_HOST="192.0.2.1")
    assert ended.returncode == 1
    assert "port-refused" in ended.stdout


def test_bad_settings_are_told_at_once_without_values() -> None:
    ended = run(
        "hello.app:service",
        SECRET_KEY="canary-value",
        SECRET_KEY_FILE=__file__,
        API_BASE_URL="canary-value",
        MAX_CONNECTIONS="canary-value",
        MORROW_DRIAN="5",
    )
    assert ended.returncode == 78
    (line,) = ended.stdout.splitlines()
    for name in ("SECRET_KEY", "DB_PASSWORD", "API_BASE_URL", "MAX_CONNECTIONS", "MORROW_DRIAN"):
        assert name in line
    assert "did you mean MORROW_DRAIN?" in line
    told = json.loads(line)
    assert told["code"] == "bad-settings"
    assert {one["variable"]: one["code"] for one in told["problems"]} == {
        "SECRET_KEY": "setting-twice",
        "DB_PASSWORD": "setting-missing",
        "API_BASE_URL": "setting-malformed",
        "MAX_CONNECTIONS": "setting-malformed",
        "MORROW_DRIAN": "setting-unknown",
    }
    for one in told["problems"]:
        assert f"{one['variable']} {one['message']}" in told["message"]
    assert "canary-value" not in ended.stdout
    assert ended.stderr == ""


def test_own_and_the_services_problems_come_together() -> None:
    ended = run("hello.app:service", MORROW_PORT="http", MORROW_XY="1")
    assert ended.returncode == 78
    (line,) = ended.stdout.splitlines()
    for name in ("MORROW_PORT", "MORROW_XY", "SECRET_KEY", "DB_PASSWORD", "API_BASE_URL"):
        assert name in line


def test_mounted_secrets_are_read(tmp_path: Path) -> None:
    (tmp_path / "SECRET_KEY").write_text("k\n")
    (tmp_path / "DB_PASSWORD").write_text("from the folder\n")
    with served(
        "hello.app:service",
        MORROW_SECRETS_DIR=str(tmp_path),
        API_BASE_URL="https://api.example.com",
        REVEAL_SECRETS="true",
    ) as hello:
        assert hello.get("/config").json()["DB_PASSWORD"] == "from the folder"


def test_secrets_leave_the_environment_before_it_is_copied() -> None:
    with served("sample:service", TOKEN="taken-out", KEPT="left-in") as one:
        shown = one.get("/environ").text
        assert "taken-out" not in shown
        assert "left-in" in shown


def test_trusted_proxies_are_believed_and_others_not() -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
    with served("sample:service", MORROW_TRUSTED_PROXIES="127.0.0.0/8") as one:
        seen = one.get("/where", headers=headers).json()
        assert (seen["scheme"], seen["client"]) == ("https", "198.51.100.7")
    with served("sample:service", MORROW_TRUSTED_PROXIES="10.0.0.0/8") as one:
        seen = one.get("/where", headers=headers).json()
        assert (seen["scheme"], seen["client"]) == ("http", "127.0.0.1")
    ended = run("sample:service", MORROW_TRUSTED_PROXIES="the-gateway")
    assert ended.returncode == 78
    assert "MORROW_TRUSTED_PROXIES is no list of networks" in ended.stdout


def test_output_is_for_people_on_a_terminal() -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "morrow", "sample:raising"],
        stdout=theirs,
        env=environment(),
    )
    assert process.wait(20) == 1
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "critical morrow: sample:raising: the factory raised" in shown
    assert "{" not in shown


def test_threads_are_printed_with_their_reason() -> None:
    with served("sample:service", MORROW_THREADS="7") as one:
        line = one.messages("serving")[0]
        assert (line["threads"], line["because"]) == (7, "MORROW_THREADS")
