"""Workers that are replaced, and a process that takes over."""

from __future__ import annotations

import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.unit.kit.served import ask, environment, run, served, wait_for


def test_dead_worker_is_replaced_on_the_same_socket() -> None:
    with served("sample:service") as one:
        # A control: the socket would refuse if the worker alone held it.
        first = one.worker_pid()
        os.kill(first, signal.SIGKILL)
        assert one.get("/").status == 200
        wait_for(lambda: one.admin("/readyz").status == 200, "the new worker")
        assert one.worker_pid() != first
        assert one.metric("morrow_worker_restarts_total") == 1
        died = one.told("the worker died")
        assert [line["message"] for line in died] == ["the worker died: signal SIGKILL"]
        assert one.stop() == 0


def test_three_deaths_in_a_minute_end_it() -> None:
    with served("sample:service") as one:
        for _ in range(3):
            wait_for(lambda: one.get("/").status == 200, "a worker")
            with pytest.raises(OSError):  # noqa: PT011 - reset or closed
                one.get("/die")
        assert one.wait() == 1
        assert one.messages("the worker died 3 times in a minute")


def test_the_worker_ends_when_the_main_process_is_killed() -> None:
    with served("sample:service") as one:
        worker = one.worker_pid()
        one.terminate(signal.SIGKILL)
        one.wait()

        def gone() -> bool:
            try:
                os.kill(worker, 0)
            except ProcessLookupError:
                return True
            status = Path(f"/proc/{worker}/stat")
            return status.exists() and status.read_text().split()[2] == "Z"

        wait_for(gone, "the worker's end")


def test_hangup_replaces_the_worker_without_a_lost_request() -> None:
    with served("sample:service", MORROW_DRAIN="200ms") as one:
        first = one.worker_pid()
        one.terminate(signal.SIGHUP)
        wait_for(lambda: len(one.messages("serving")) == 2, "the new worker")
        for _ in range(20):
            assert one.get("/").status == 200
        one.told("stopped")
        wait_for(lambda: first not in one.worker_pids(), "the end of the old one")
        assert one.get("/").status == 200
        assert one.stop() == 0


def test_what_a_replaced_worker_lost_is_told_and_ends_non_zero() -> None:
    with served("sample:service", MORROW_GRACE="300ms") as one, ThreadPoolExecutor(1) as pool:
        cut = pool.submit(one.get, "/sleep/30.0")
        wait_for(lambda: one.metric("http_server_active_requests") == 1, "the request")
        one.terminate(signal.SIGHUP)
        one.told("the old worker lost requests")
        assert one.get("/").status == 200
        assert one.stop() == 1
        with pytest.raises(OSError):  # noqa: PT011 - reset or closed, as the kernel likes
            cut.result()


APP = """
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"{}"]
"""


def test_reload_serves_the_changed_source_and_survives_a_broken_one(tmp_path: Path) -> None:
    source = tmp_path / "edited.py"
    source.write_text(APP.format("one"))
    paths = os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]])
    with served("edited:app", "--reload", PWD=str(tmp_path), PYTHONPATH=paths) as one:
        assert one.get("/").text == "one"
        source.write_text(APP.format("the second"))
        wait_for(lambda: one.get("/").text == "the second", "the change")
        source.write_text("this is no Python")
        one.told("cannot import edited")
        assert one.get("/").text == "the second"
        source.write_text(APP.format("the third one"))
        wait_for(lambda: one.get("/").text == "the third one", "the mend")
        assert one.stop() == 0


def test_a_successor_takes_the_ports_over_without_a_lost_request(tmp_path: Path) -> None:
    path = str(tmp_path / "handover")
    env = {"MORROW_HANDOVER": path, "MORROW_DRAIN": "500ms"}
    failed: list[Exception] = []
    answered = 0
    done = threading.Event()
    with served("sample:service", **env) as old:
        port = old.port

        def load() -> None:
            nonlocal answered
            while not done.is_set():
                try:
                    assert ask(port, "/").status == 200
                    answered += 1
                except (OSError, AssertionError) as error:
                    failed.append(error)

        client = threading.Thread(target=load)
        client.start()
        with served("sample:service", **env) as new:
            assert new.port == port
            assert old.wait() == 0
            assert ask(port, "/healthz").status == 200
            assert new.admin("/readyz").json()["pid"] == new.process.pid
            done.set()
            client.join()
            assert old.messages("a successor has taken the ports over")
            assert old.messages("stopped")[0]["lost"] == 0
            assert os.path.exists(path)  # noqa: PTH110 - a socket
            # A third one: the successor offers them in its turn.
            with served("sample:service", **env) as third:
                assert third.port == port
                assert new.wait() == 0
                assert third.stop() == 0
    assert failed == []
    assert answered > 10
    assert not os.path.exists(path)  # noqa: PTH110 - a socket


def test_a_successor_that_fails_leaves_the_old_one_serving(tmp_path: Path) -> None:
    path = str(tmp_path / "handover")
    with served("sample:service", MORROW_HANDOVER=path) as old:
        ended = run("sample:service", MORROW_HANDOVER=path, NUMBER="10")
        assert ended.returncode == 78
        assert "NUMBER is above 9" in ended.stdout
        assert old.get("/").status == 200
        assert old.admin("/readyz").json()["pid"] == old.process.pid
        assert old.stop() == 0


def test_what_a_crash_left_at_the_path_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "handover"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    with served("sample:service", MORROW_HANDOVER=str(path)) as one:
        assert one.get("/").status == 200
