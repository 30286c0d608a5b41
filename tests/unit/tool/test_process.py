"""up, down, status and logs of a process: the real service, started by the real command."""

from __future__ import annotations

import json
import re
import time

import pytest

from morrow.tool.load.load import Load
from morrow.tool.load.result import Options
from tests.unit.tool.local_service import LocalService


def test_a_life(shop: LocalService) -> None:
    before = shop.morrow("status", "local", "--json")
    assert (before.code, before.answer["running"]) == (1, False)

    first = shop.morrow("up", "local")
    assert first.code == 0, first
    url = f"http://127.0.0.1:{shop.http}/"
    probes = f"http://127.0.0.1:{shop.admin}/readyz"
    assert f"service  {url}" in first.out
    assert f"probes   {probes}" in first.out
    after_next = first.out.partition("next:\n")[2].splitlines()
    assert [line.split()[0] for line in after_next] == ["curl", "morrow", "morrow"]
    assert shop.get() == "one hello"

    again = shop.morrow("up", "local")
    assert again.code == 0
    assert "already runs" in again.out
    pid = shop.morrow("status", "local", "--json").answer["pid"]
    assert f"(pid {pid})" in first.out
    assert f"(pid {pid})" in again.out

    shop.write("two", greeting="world")
    assert "files have changed" in shop.morrow("status", "local").out
    second = shop.morrow("up", "local", "--json")
    assert (second.code, second.answer["result"]) == (0, "took-over")
    assert second.answer["pid"] != pid
    assert second.answer["url"] == url
    assert shop.get() == "two world"
    assert shop.processes() == [second.answer["pid"]]

    status = shop.morrow("status", "local", "--json")
    assert status.code == 0
    assert status.answer["ready"] is True
    assert status.answer["current"] is True
    assert "ready" in shop.morrow("status", "local").out

    logs = shop.morrow("logs", "local", "-n", "2")
    assert (logs.code, len(logs.out.splitlines())) == (0, 2)
    assert '"serving"' in logs.out
    assert len(shop.morrow("logs", "local", "--json").answer["lines"]) >= 2

    down = shop.morrow("down", "local", "--json")
    assert (down.code, down.answer["stopped"]) == (0, [second.answer["pid"]])
    assert shop.processes() == []
    assert shop.morrow("status", "local").code == 1
    assert "does not run" in shop.morrow("down", "local").out
    assert shop.morrow("logs", "local").code == 0, "logs stay after the end"


def test_a_new_version_and_a_new_config_take_over_without_a_lost_request(
    shop: LocalService,
) -> None:
    assert shop.morrow("up", "local").code == 0
    with Load(Options(f"http://127.0.0.1:{shop.http}/", rate=50, status=200)) as load:
        for answer, greeting in (("two", "hello"), ("two", "world"), ("three", "again")):
            shop.write(answer, greeting=greeting)
            load.mark(f"{answer} {greeting}")
            assert shop.morrow("up", "local", "--json").answer["result"] == "took-over"
            assert shop.get() == f"{answer} {greeting}"
        load.mark("after")
        time.sleep(1)
    result = load.result
    assert len(result.events) == 4
    assert result.requests >= 150
    assert not result.failures, result.summary()


def test_a_rotation_reaches_the_process_that_serves(shop: LocalService) -> None:
    old = shop.morrow("up", "local", "--json").answer["pid"]
    told = shop.morrow("secrets", "rotate", "local", "--json")
    assert (told.code, told.answer["revision"]) == (0, "2"), told
    status = shop.morrow("status", "local", "--json").answer
    assert (status["secrets_revision"], status["current"]) == ("2", True)
    assert status["pid"] != old
    assert json.loads(shop.get(shop.admin, "/info"))["secrets_revision"] == "2"
    values = [(shop.state / f"secrets-{n}" / "API_TOKEN").read_text() for n in (1, 2)]
    assert values[0] != values[1], "the old one stays, and the new one is new"
    text = (shop.folder / "environments" / "local.yaml").read_text()
    assert 'secrets: {provider: generated, revision: "2", keys: [API_TOKEN]}' in text


def test_settings_are_judged_before_anything_starts(shop: LocalService) -> None:
    shop.write(config="  GREETNG: x")
    refused = shop.morrow("up", "local", "--json")
    assert refused.code == 2
    assert {p["object"] for p in refused.answer["problems"]} == {"GREETNG"}
    assert not shop.state.exists()


def test_refused_settings_name_the_variable_the_file_and_the_fix(shop: LocalService) -> None:
    shop.write(greeting="", declared=False)
    failed = shop.morrow("up", "local", "--json")
    assert failed.code == 2, "the application is a Service, which says what it reads"
    found = failed.problem
    assert (found["code"], found["object"]) == ("settings-missing", "GREETING")
    assert re.search(r"environments/local\.yaml:\d+", found["details"][0])
    assert shop.processes() == []


@pytest.mark.parametrize(
    ("broken", "options", "code", "said"),
    [
        ({"start": 'raise OSError("no route to the shelf")'}, (), "process-crashed", "shelf"),
        (
            {
                "more": '@service.check("shelf", every=1, failures=1, critical=True)\n'
                'def shelf():\n    raise OSError("shelf is empty")\n'
            },
            ("--timeout", "4"),
            "process-never-ready",
            "raised OSError",
        ),
    ],
)
def test_a_bad_version_leaves_the_old_one_serving(
    shop: LocalService,
    broken: dict[str, str],
    options: tuple[str, ...],
    code: str,
    said: str,
) -> None:
    old = shop.morrow("up", "local", "--json").answer["pid"]
    shop.write("two", **broken)  # type: ignore[arg-type]
    failed = shop.morrow("up", "local", "--json", *options)
    assert failed.code == 1
    assert (found := failed.problem)["code"] == code
    if code == "process-crashed":
        assert not found["details"][-1].startswith("{"), "for people"
        assert "raised: OSError: no route" in found["cause"]
        assert "Traceback (most recent call last):" in found["details"]
    assert "the old process serves on" in found["cause"]
    assert said in " ".join(found["details"])
    assert found["fix"].startswith(("tail .morrow/local/", "fix what"))
    assert shop.get() == "one hello"
    assert shop.processes() == [old]
    shop.write("three")
    assert shop.morrow("up", "local").code == 0
    assert shop.get() == "three hello"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("up", "local", "--plan", "pyproject.toml"), "--plan is for a cluster"),
        (("logs", "local", "-f", "--json"), "choose one"),
        (("up", "lokal"), "did you mean 'local'?"),
        (("up", "local", "--port", "0"), "--port"),
    ],
)
def test_wrong_use_is_refused(shop: LocalService, words: tuple[str, ...], said: str) -> None:
    told = shop.morrow(*words)
    assert told.code == 2
    assert said in told.err + told.out


def test_a_start_that_was_killed_before_its_log_hides_no_other(shop: LocalService) -> None:
    assert shop.morrow("up", "local").code == 0
    assert shop.morrow("down", "local").code == 0
    (shop.state / "2").mkdir()
    run = (shop.state / "1" / "run.json").read_text().replace('"number": 1', '"number": 2')
    (shop.state / "2" / "run.json").write_text(run)
    logs = shop.morrow("logs", "local")
    assert (logs.code, '"serving"' in logs.out) == (0, True), logs


def test_what_stands_under_env_reaches_the_process(shop: LocalService) -> None:
    file = shop.folder / "environments" / "local.yaml"
    text = file.read_text()
    file.write_text(text.replace("config:\n", "env:\n"))
    up = shop.morrow("up", "local")
    assert up.code == 0, up
    assert shop.get() == "one hello"
    assert shop.morrow("status", "local", "--json").answer["current"] is True
    file.write_text(text.replace("config:\n", "env:\n").replace('"hello"', '"other"'))
    planned = shop.morrow("plan", "local", "--detailed-exitcode")
    assert planned.code == 2
    assert 'settings.GREETING: "hello" -> "other"' in planned.out
    reference = "env: {GREETING: {fieldRef: {fieldPath: status.podIP}}}"
    file.write_text(text.replace('config:\n  GREETING: "hello"', reference))
    refused = shop.morrow("up", "local", "--json")
    assert (refused.code, refused.problem["code"]) == (2, "settings-missing")
