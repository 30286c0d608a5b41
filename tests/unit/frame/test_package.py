"""The wheel, installed in an empty environment outside the clone, takes a stranger's code up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_ports
from tests.unit.frame import pythons
from tests.unit.frame.markdown import blocks
from tests.unit.frame.repository import ROOT
from tests.unit.frame.skips import cannot
from tests.unit.frame.test_python_versions import DECLARED
from tools.build import program
from tools.environments import UV

BLOCKS = blocks((ROOT / "README.md").read_text())
SHIPPED = ("modules", "environments/dev", "platform", "cluster")
APP = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"a stranger's answer"]
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as `make dist` builds it."""
    folder = tmp_path_factory.mktemp("dist")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


def test_it_carries_everything_with_one_version_and_needs_nothing(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        head = opened.read(metadata).decode()
        chart = opened.read("morrow/tool/shipped/chart/Chart.yaml").decode()
    tracked = subprocess.run(
        ["git", "ls-files", "chart", *(f"terraform/{kind}" for kind in SHIPPED)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    left_out = ("chart/ci/", "chart/examples/")
    wanted = {f"morrow/tool/shipped/{one}" for one in tracked if not one.startswith(left_out)}
    wanted = {one for one in wanted if "/.terraform" not in one and "/tests/" not in one}
    assert "morrow/tool/shipped/terraform/platform/bootstrap/bucket.tf" in wanted
    assert {name for name in names if "/shipped/" in name} == wanted
    assert "morrow/tool/shipped/chart/values.schema.json" in wanted
    version = next(line for line in head.splitlines() if line.startswith("Version: "))
    assert f"version: {version.removeprefix('Version: ')}\n" in chart
    needs = [line for line in head.splitlines() if line.startswith("Requires-Dist: ")]
    assert needs
    assert all("extra ==" in line for line in needs), "the kit needs nothing"


@pytest.fixture(params=[DECLARED[0], DECLARED[-1]])
def installed(request: pytest.FixtureRequest, wheel: Path, tmp_path: Path) -> Iterator[Path]:
    """A stranger's folder, and `morrow` on a PATH of its own."""
    python = pythons.interpreter(request.param)
    if python is None:
        cannot(f"the wheel on Python {request.param}", "no such interpreter on this machine")
    home = tmp_path / "venv"
    for words in (
        ("venv", "--python", str(python), str(home)),
        ("pip", "install", "--python", str(home / "bin/python"), "--require-hashes", "--no-deps",
         "--requirement", str(ROOT / "requirements" / "tool.txt")),
        ("pip", "install", "--python", str(home / "bin/python"), "--no-deps", str(wheel)),
    ):  # fmt: skip
        subprocess.run([UV, "--quiet", *words], check=True)
    folder = tmp_path / "stranger"
    folder.mkdir()
    (folder / "wsgi.py").write_text(APP)
    yield folder
    subprocess.run([home / "bin" / "morrow", "down", "local"], cwd=folder, check=False)


def test_a_stranger_without_the_clone(installed: Path) -> None:
    command = installed.parent / "venv" / "bin" / "morrow"
    helm = shutil.which("helm") or program("helm")
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}

    def morrow(*words: str) -> str:
        done = subprocess.run(
            [command, *words], cwd=installed, env=keep | {"MORROW_HELM": str(helm)},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    (block,) = (one for one in BLOCKS if one.marks.get("test") == "stranger")
    assert block.text.splitlines()[1:] == ["morrow init --yes && morrow up local"]
    assert json.loads(morrow("init", "--yes", "--json"))["app"] == "wsgi:application"
    local = installed / "environments" / "local.yaml"
    http, admin = free_ports(2)
    local.write_text(f"{local.read_text()}ports: {{http: {http}, admin: {admin}}}\n")
    assert json.loads(morrow("up", "local", "--json"))["result"] == "runs"
    told = json.loads(morrow("verify", "local", "--during", "update", "--json"))
    assert told["ok"], told
    assert told["load"]["failed"] == 0
    made = json.loads(morrow("eject", "terraform", "--json"))["made"]
    assert made == ["terraform/modules/service", "chart"]
    assert "copy" not in morrow("doctor", "local")
    made = json.loads(morrow("env", "new", "prod", "--on", "aws", "--json"))["made"]
    assert {"terraform/modules/network", "terraform/platform/prod/main.tf"} <= set(made)
    chart = installed / "chart" / "Chart.yaml"
    chart.write_text(chart.read_text().replace("version: 0.", "version: 9."))
    assert "it is of version 9." in morrow("doctor", "local")
