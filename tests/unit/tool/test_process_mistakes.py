"""What goes wrong with a process on this machine, and what is said of it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from morrow.tool.targets.process import state
from tests.ports import free_ports
from tests.unit.tool.command import MAIN
from tests.unit.tool.local_service import LocalService, local_service


def change(shop: LocalService, old: str, new: str, file: str = "environments/local.yaml") -> None:
    path = shop.folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_plan_and_doctor_see_a_taken_port_and_a_wrong_application(
    shop: LocalService, taken: int
) -> None:
    change(shop, f"http: {shop.http}", f"http: {taken}")
    change(shop, "shop:service", "shop:servce", "pyproject.toml")
    planned = shop.morrow("plan", "local", "--json")
    assert planned.code == 2
    codes = [(one["code"], one["object"]) for one in planned.answer["problems"]]
    assert codes == [("settings-unreadable", "shop:servce"), ("port-taken", f"port {taken}")]
    doctor = shop.morrow("doctor", "local", "--json")
    failed = [one["problem"]["code"] for one in doctor.answer["checks"] if one["state"] == "fail"]
    assert (doctor.code, failed) == (1, ["settings-unreadable", "port-taken"])
    # Doctor does not stop at what the service says of its settings.
    change(shop, 'GREETING: "hello"', 'GREETNG: "hello"')
    doctor = shop.morrow("doctor", "local", "--json")
    failed = [one["problem"]["code"] for one in doctor.answer["checks"] if one["state"] == "fail"]
    assert failed[-2:] == ["settings-unreadable", "port-taken"]
    assert "settings-unknown" in failed
    shop.write()
    good = shop.morrow("doctor", "local", "--json")
    assert good.code == 0, "the control"


def test_changed_ports_move_a_running_service(shop: LocalService) -> None:
    assert shop.morrow("up", "local").code == 0
    (http,) = free_ports(1)
    assert shop.morrow("up", "local", "--port", str(http)).code == 0
    assert shop.morrow("up", "local", "--json").answer["url"] == f"http://127.0.0.1:{http}/", (
        "the control: a port that was asked for stays"
    )
    before = shop.http, shop.admin
    shop.http, shop.admin = free_ports(2)
    shop.write()
    planned = shop.morrow("plan", "local", "--detailed-exitcode")
    assert planned.code == 2
    assert f"ports.http: {http} -> {shop.http}" in planned.out
    assert f"-> {shop.admin}" in planned.out
    moved = shop.morrow("up", "local", "--json").answer
    assert (moved["url"], moved["admin"]) == tuple(
        f"http://127.0.0.1:{port}/" for port in (shop.http, shop.admin)
    )
    assert shop.get() == "one hello"
    assert {shop.http, shop.admin}.isdisjoint(before)
    assert shop.morrow("plan", "local", "--detailed-exitcode").code == 0
    (admin,) = free_ports(1)
    asked = shop.morrow("up", "local", "--admin-port", str(admin), "--json").answer
    assert asked["admin"] == f"http://127.0.0.1:{admin}/"
    assert shop.get(admin, "/readyz")


def test_two_services_of_the_same_ports_stand_side_by_side(
    shop: LocalService, tmp_path: Path
) -> None:
    """With `--port` the second's probes move as far; nothing of it meets the first."""
    assert shop.morrow("up", "local").code == 0
    ports = (shop.http, shop.admin)
    step = next(n for n in range(2, 999) if not any(state.taken(one + n) for one in ports))
    with local_service(tmp_path / "second") as second:
        second.http, second.admin = shop.http, shop.admin
        second.write(answer="two")
        assert second.morrow("up", "local", "--json").problem["code"] == "port-taken", "the control"
        beside = second.morrow("up", "local", "--port", str(shop.http + step), "--json")
        assert beside.answer["admin"] == f"http://127.0.0.1:{shop.admin + step}/"
        assert (shop.get(), second.get(shop.http + step)) == ("one hello", "two hello")
        assert json.loads(shop.get(shop.admin, "/readyz"))["pid"] == shop.processes()[0]


def test_two_equal_ports_are_refused(shop: LocalService) -> None:
    change(shop, f"admin: {shop.admin}", f"admin: {shop.http}")
    for verb in ("plan", "up"):
        refused = shop.morrow(verb, "local", "--json")
        assert (refused.code, refused.problem["object"]) == (2, "ports.admin")
        assert f"both {shop.http}" in refused.problem["cause"]
    shop.write()
    both = shop.morrow("up", "local", "--port", "5001", "--admin-port", "5001")
    assert (both.code, "are the same" in both.err) == (2, True)


def test_a_wrong_source_and_a_failing_import_are_told_apart(shop: LocalService) -> None:
    file = shop.folder / "source" / "shop.py"
    file.write_text("import os\nimport nothing_of_that_name\n")
    failing = shop.morrow("plan", "local", "--json").problem
    assert failing["code"] == "settings-unreadable"
    assert "shop.py, line 2)" in failing["cause"]
    assert failing["fix"].startswith("edit shop:ShopSettings, then")
    (shop.folder / "empty").mkdir()
    change(shop, 'source = "source"', 'source = "empty"', "pyproject.toml")
    wrong = shop.morrow("plan", "local", "--json").problem
    assert wrong["fix"].startswith("edit source or settings in pyproject.toml")


def test_an_import_that_hangs_is_said_and_ends_in_the_time_given(shop: LocalService) -> None:
    file = shop.folder / "source" / "shop.py"
    file.write_text(f"import time\ntime.sleep(600)\n{file.read_text()}")
    hung = shop.morrow("up", "local", "--timeout", "4")
    assert hung.code == 2
    assert "waiting for shop:ShopSettings to be imported" in hung.err
    assert "its import has not ended after 4 s" in hung.err


def test_a_check_that_keeps_it_unready_is_the_cause(shop: LocalService) -> None:
    check = '@service.check("database", critical=True)\n'
    shop.write(more=f'{check}def database():\n    raise OSError("no route to db")\n')
    never = shop.morrow("up", "local", "--timeout", "20", "--json").problem
    assert never["code"] == "process-never-ready"
    assert "not ready in 20 s: database: " in never["cause"]
    assert "up local --timeout 80" in never["fix"]
    assert "no route to db" in never["cause"]


def test_secrets_that_do_not_come_to_serve_leave_the_file_as_it_was(shop: LocalService) -> None:
    start = 'assert settings.api_token.reveal() != "bad", "refused"'
    shop.write(start=start)
    assert shop.morrow("up", "local").code == 0
    before = (shop.folder / "environments" / "local.yaml").read_text()
    failed = shop.morrow("secrets", "set", "local", "API_TOKEN", stdin="bad")
    assert failed.code == 1, failed
    assert 'secrets.revision: "1" again' in failed.err
    assert (shop.folder / "environments" / "local.yaml").read_text() == before
    assert shop.get() == "one hello"
    good = shop.morrow("secrets", "set", "local", "API_TOKEN", stdin="good")
    assert good.code == 0, good
    assert (shop.folder / "environments" / "local.yaml").read_text() != before, "the control"


def test_ctrl_c_ends_following_without_an_error(shop: LocalService) -> None:
    assert shop.morrow("up", "local").code == 0
    words = [sys.executable, "-c", MAIN, "logs", "local", "-f"]
    with subprocess.Popen(
        words, cwd=shop.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as follows:
        assert follows.stdout is not None
        assert follows.stdout.readline()
        time.sleep(0.3)
        follows.send_signal(signal.SIGINT)
        _, err = follows.communicate(timeout=60)
    assert follows.returncode == 0, err
    assert not re.search("error|Traceback", err)


def test_a_readme_and_what_the_service_writes_are_no_new_version(shop: LocalService) -> None:
    change(shop, 'source = "source"', 'source = "."', "pyproject.toml")
    (shop.folder / "source" / "shop.py").rename(shop.folder / "shop.py")
    writes = 'open("seen.json", "w").write("[]")'
    code = (shop.folder / "shop.py").read_text()
    (shop.folder / "shop.py").write_text(code.replace("    pass", f"    {writes}"))
    assert shop.morrow("up", "local").code == 0
    assert (shop.folder / "seen.json").exists()
    (shop.folder / "README.md").write_text("Another word.")
    assert "already runs" in shop.morrow("up", "local").out
    (shop.folder / "shop.py").write_text((shop.folder / "shop.py").read_text() + "# edited\n")
    assert shop.morrow("plan", "local", "--detailed-exitcode").code == 2, "the control"
