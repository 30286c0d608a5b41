"""The contract of a verification: how it is read, and which promise is broken."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.base.project import Project
from morrow.tool.base.web import Answer
from morrow.tool.verify.contract import certificate_line, contract_of, metrics_missing


def project(folder: Path, table: str) -> Project:
    (folder / "pyproject.toml").write_text(f"[tool.morrow]\n{table}")
    return Project.find(folder)


def test_the_contract_is_read(tmp_path: Path) -> None:
    table = '[[tool.morrow.verify.checks]]\npath = "/a"\nstatus = 404\nkeys = ["X"]\njson = {Y = 1}'
    (check,) = contract_of(project(tmp_path, table)).checks
    assert check.promise == "GET /a answers 404 with X, Y = 1"
    assert contract_of(project(tmp_path, "")).checks[0].promise == "GET / answers 200"


def test_every_mistake_in_the_contract_is_named(tmp_path: Path) -> None:
    table = (
        "[tool.morrow.verify]\nchekcs = 1\nchange = {A = 1}\n[[tool.morrow.verify.checks]]\n"
        'path = "a"\nstatus = "200"\nbody = "x"\nkeys = [1]\n'
    )
    with pytest.raises(Failure) as caught:
        contract_of(project(tmp_path, table))
    said = " ".join(found.cause for found in caught.value.problems)
    for mistake in ("'chekcs'", "change must", "path must begin", "status must be", "'body'"):
        assert mistake in said
    assert "keys must be text" in said
    assert caught.value.exit_code == 2
    with pytest.raises(Failure) as caught:
        contract_of(project(tmp_path, "[tool.morrow.verify]\nchecks = 1\n"))
    assert caught.value.problems[0].cause == "checks must be a list of tables"


def test_a_certificate_near_its_end_breaks_the_promise() -> None:
    def until(days: float) -> Answer:
        end = time.strftime("%b %d %H:%M:%S %Y GMT", time.gmtime(time.time() + days * 86400 + 60))
        return Answer(200, b"", 0, certificate={"notAfter": end})

    assert certificate_line(until(15)).ok
    assert not certificate_line(until(13)).ok
    assert (
        certificate_line(Answer(0, b"", 0, "no answer: expired")).observed == "no answer: expired"
    )


def test_missing_metrics_are_named() -> None:
    text = '# TYPE http_server_request_duration_seconds histogram\nmorrow_threads{a="b"} 4\n'
    text += "http_server_active_requests 0\n# HELP morrow_info What runs."
    assert metrics_missing(text) == ["morrow_info", "morrow_threads_busy"]
