"""A service is started with its project's own interpreter, which knows nothing of Morrow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from morrow.tool.base.project import Project
from morrow.tool.programs.python import discover
from tests.unit.frame import pythons
from tests.unit.frame.skips import cannot
from tests.unit.frame.test_python_versions import DECLARED
from tests.unit.tool.local_service import LocalService
from tests.unit.tool.local_service import local_service as service_in


@pytest.fixture
def project(tmp_path: Path) -> Iterator[LocalService]:
    with service_in(tmp_path) as made:
        yield made


STRANGER = """
import os, sys
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    text = sys.prefix + "|" + os.environ["API_TOKEN"]
    try:
        import click
        text += "|sees the tool's libraries"
    except ImportError:
        pass
    return [text.encode()]
"""


def make(folder: Path) -> None:
    words = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(words, check=True)


def test_a_stranger_is_served_from_its_own_environment(project: LocalService) -> None:
    make(project.folder / ".venv")
    (project.folder / "source" / "shop.py").write_text(STRANGER)
    pyproject = project.folder / "pyproject.toml"
    text = pyproject.read_text().replace('"shop:service"', '"shop:application"')
    pyproject.write_text(text.replace('settings = "shop:ShopSettings"', ""))
    file = project.folder / "environments" / "local.yaml"
    file.write_text(file.read_text().replace("secrets: {", "secrets: {as: env, "))
    up = project.morrow("up", "local", "--json")
    assert up.code == 0, up.out + up.err
    prefix, _, secret = project.get().partition("|")
    assert prefix == str(project.folder / ".venv")
    assert secret == (project.state / "secrets-1" / "API_TOKEN").read_text()
    assert "sees" not in secret


def test_settings_may_be_left_out_where_app_is_a_service(project: LocalService) -> None:
    project.write(declared=False)
    assert "API_TOKEN" in project.morrow("settings").out
    file = project.folder / "environments" / "local.yaml"
    file.write_text(file.read_text().replace("GREETING", "GREETNG"))
    assert project.morrow("plan", "local", "--json").problem["code"] == "settings-unknown"


def test_the_named_one_wins_and_a_wrong_name_is_told(project: LocalService) -> None:
    make(project.folder / "other")
    make(project.folder / ".venv")
    pyproject = project.folder / "pyproject.toml"
    whole = pyproject.read_text()
    named = 'python = "{}"\nsource ='
    pyproject.write_text(whole.replace("source =", named.format("other/bin/python")))
    found = Project.find(project.folder)
    assert discover(found.root, found.python).path == str(project.folder / "other/bin/python")
    assert discover(found.root).path == str(project.folder / ".venv/bin/python")
    pyproject.write_text(whole.replace("source =", named.format("nowhere/python")))
    assert project.morrow("up", "local", "--json").problem["code"] == "python-unusable"


def test_a_project_without_pyproject_is_found_by_morrow_toml(project: LocalService) -> None:
    pyproject = project.folder / "pyproject.toml"
    text = pyproject.read_text().replace("[tool.morrow]", "").replace("tool.morrow.", "")
    pyproject.write_text("[project]\nname = 'x'\n")
    assert project.morrow("status", "local", "--json").problem["code"] == "project-missing"
    (project.folder / "morrow.toml").write_text(text)
    assert project.morrow("status", "local", "--json").answer["running"] is False


def test_an_interpreter_of_another_version_gets_a_server_of_its_own(project: LocalService) -> None:
    other = next(v for v in DECLARED if v != "{}.{}".format(*sys.version_info))
    python = pythons.interpreter(other)
    if python is None:
        cannot(f"a service on Python {other}", "no such interpreter on this machine")
    words = [str(python), "-m", "venv", "--without-pip", str(project.folder / ".venv")]
    subprocess.run(words, check=True)
    up = project.morrow("up", "local", "--timeout", "100", "--json")
    assert up.code == 0, up.out + up.err
    assert project.get() == "one hello"
    log = next(project.state.glob("*/service.log")).read_text()
    assert (project.folder / ".morrow" / "kit" / other / "granian").is_symlink(), log
