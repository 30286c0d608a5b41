"""Every version of Python that the package declares is one that its tests run on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.unit.frame import pythons
from tests.unit.frame.repository import ROOT
from tests.unit.frame.skips import cannot
from tools.environments import environment

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DECLARED = sorted(
    found[1]
    for line in PROJECT["classifiers"]
    if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line))
)
RUNNING = "{}.{}".format(*sys.version_info)
OTHERS = [version for version in DECLARED if version != RUNNING]
# What a machine for CI must have; the others are tested where they are.
NEEDED = {DECLARED[0], DECLARED[-1]}
# Values, settings and the middleware are tested whole. Of the tests that start services and
# wait for drains, these stand for the others here: workers are forked, sockets handed over and
# settings refused by means that change between versions.
UNITS = (
    "test_settings.py", "test_settings_described.py", "test_middleware.py", "test_log_lines.py",
    "test_edges.py",
)  # fmt: skip
SERVING = (
    "test_serving.py::test_hello_keeps_its_contract",
    "test_serving.py::test_drain_serves_on_then_finishes[15]",
    "test_serving_start.py::test_bad_settings_are_told_at_once_without_values",
    "test_serving_workers.py::test_a_successor_takes_the_ports_over_without_a_lost_request",
    "test_serving_workers.py::test_dead_worker_is_replaced_on_the_same_socket",
)
KIT = "tests/unit/kit"


def test_the_declared_versions_are_those_that_ci_runs_on() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    matrix = re.search(r"^ +python: \[(.*)\]$", workflow, re.MULTILINE)
    assert matrix
    assert re.findall(r'"([^"]+)"', matrix[1]) == DECLARED
    assert PROJECT["requires-python"] == f">={DECLARED[0]}"


def python_of(version: str) -> Path:
    found = pythons.interpreter(version)
    if found is None:
        if version in NEEDED:
            cannot(f"the kit on Python {version}", "no such interpreter on this machine")
        pytest.skip(f"the kit on Python {version}: no such interpreter on this machine")
    return environment(found, ROOT / "requirements" / "dev.txt") / "python"


# In CI the whole of `make test` runs on each version; beside it the first and the last will do.
@pytest.mark.timeout(1000)
@pytest.mark.parametrize(
    "version",
    [pytest.param(one, marks=[] if one in NEEDED else pytest.mark.full) for one in OTHERS],
)
def test_the_kits_tests_pass(version: str) -> None:
    command = [str(python_of(version)), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [f"{KIT}/{name}" for name in UNITS]
    command += [f"{KIT}/{name}" for name in SERVING]
    clean = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        command, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    # A name that no test has any more is an error of pytest's; this is for files that lost theirs.
    assert passed
    assert int(passed[1]) >= len(SERVING) + 60, done.stdout[-300:]
