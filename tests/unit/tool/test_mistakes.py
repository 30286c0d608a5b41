"""What people type wrong, and whether the fix that they are told can work."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from morrow.tool.base.terminal import format_table, terminal
from morrow.tool.cli import edge
from tests.unit.tool.command import MAIN, Told, morrow

LOCAL = "environment: local\ntarget: {kind: process}\n"


def told(*words: str) -> Told:
    """Run a command in this process, in the folder where the test is."""
    out, err = io.StringIO(), io.StringIO()
    argv, sys.argv, terminal.json = sys.argv, ["morrow", *words], "--json" in words
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = edge.run(list(words))
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.argv, terminal.json = argv, False
    return Told(code, out.getvalue(), err.getvalue())


def problem_of(*words: str) -> dict[str, str]:
    found: dict[str, str] = told(*words, "--json").problem
    return found


@pytest.fixture
def folder(project_folder: Path) -> Path:
    """Give the project an environment for this machine."""
    (project_folder / "environments" / "local.yaml").write_text(LOCAL)
    assert told("plan", "local").code == 0, "the control: all is well"
    return project_folder


def test_a_chart_that_is_not_there_is_named(folder: Path) -> None:
    file = folder / "pyproject.toml"
    file.write_text('[tool.morrow]\nchart = "nochart"\n')
    wrong = folder / "environments" / "local.yaml"
    wrong.write_text(f"{LOCAL}confg: {{A: b}}\n")
    for verb in ("plan", "up"):
        found = problem_of(verb, "local")
        assert found["code"] == "project-invalid"
        assert f"chart: {folder / 'nochart'}" in found["cause"]
        assert found["fix"] == f"edit {file}"
    doctor = told("doctor", "local")
    assert doctor.code == 1
    assert "is not there" in doctor.out


def test_an_environment_that_does_not_say_where_it_runs_reaches_no_cluster(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "environments" / "local.yaml").write_text("environment: local\n")
    monkeypatch.setenv("MORROW_KUBECTL", "/bin/false")
    for verb in ("up", "plan", "status", "down", "logs"):
        done = told(verb, "local", "--json")
        assert (done.code, done.problem["object"]) == (2, "target"), done
        assert "target: {kind: process}" in done.problem["fix"]


def typed_again(fix: str) -> Told:
    """Do what the fix says."""
    assert fix.startswith("morrow "), fix
    return told(*shlex.split(fix)[1:])


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (("plan", "locla"), "morrow plan local"),
        (("env", "show", "locla"), "morrow env show local"),
        (("env", "show", "qa"), "morrow env new qa --from dev"),
        (("env", "new", "qa", "--from", "prod"), "morrow env new qa --from dev"),
        (("env", "new", "qa", "--from", "locla"), "morrow env new qa --from local"),
        (("plan", "Lo cal/"), "morrow plan local"),
        (("env", "show", "a/b"), "morrow env show dev"),
    ],
)
def test_the_fix_for_a_wrong_name_works(folder: Path, words: tuple[str, ...], fix: str) -> None:
    done = told(*words)
    assert (done.code, "error environment-missing" in done.err) == (2, True), done
    assert done.err.splitlines()[-1] == f"  fix: {fix}"
    assert typed_again(fix).code == 0


def test_no_copy_is_proposed_where_there_is_nothing_to_copy(folder: Path) -> None:
    found = problem_of("env", "new", "dev", "--from", "prod")
    assert (found["code"], found["fix"]) == ("environment-exists", "edit environments/dev.yaml")
    for name in ("dev", "local"):
        (folder / "environments" / f"{name}.yaml").unlink()
    found = problem_of("env", "new", "dev", "--from", "prod")
    assert (found["code"], found["fix"]) == ("environment-missing", "write environments/dev.yaml")


def test_what_is_no_file_is_no_environment(folder: Path) -> None:
    place = folder / "environments"
    (place / "fold.yaml").mkdir()
    (place / "loop.yaml").symlink_to("loop.yaml")
    for name, is_ in (("fold", "a folder"), ("loop", "a link to no file")):
        for words in (("plan", name), ("env", "new", "x", "--from", name)):
            found = problem_of(*words)
            assert found["cause"] == f"environments/{name}.yaml is {is_}"
            assert found["fix"] == f"ls -ld environments/{name}.yaml"
    assert "has dev, local;" in problem_of("plan", "locl")["cause"]


@pytest.mark.parametrize(
    "target",
    [
        "{kind: kubernetes, server: 'https://old:6443', context: dev}",
        "{server: 'https://old:6443', kind: kubernetes, context: dev}",
        "\n  kind: kubernetes\n  server: https://old:6443\n  context: dev",
    ],
)
def test_a_new_environment_never_has_the_old_ones_server(folder: Path, target: str) -> None:
    volume = "volumes:\n  data:\n    nfs:\n      server: files.example.com\n"
    text = f"environment: prod\ntarget: {target}\n{volume}"
    (folder / "environments" / "prod.yaml").write_text(text)
    assert told("env", "new", "qa", "--from", "prod").code == 0
    made = (folder / "environments" / "qa.yaml").read_text()
    assert "old:6443" not in made
    assert "server: files.example.com" in made, "another server is not touched"
    assert "kind: kubernetes" in made


LOOPS = ("chart", ".morrow", "environments")


@pytest.mark.parametrize("name", LOOPS)
def test_a_link_that_leads_round_in_a_circle_is_no_crash(folder: Path, name: str) -> None:
    pyproject = folder / "pyproject.toml"
    if name == "chart":
        pyproject.write_text(
            '[tool.morrow]\napp = "wsgiref.simple_server:demo_app"\nchart = "chart"\n'
        )
    elif name == ".morrow":
        pyproject.write_text(f'{pyproject.read_text()}app = "wsgiref.simple_server:demo_app"\n')
    else:
        (folder / name).rename(folder / "elsewhere")
    (folder / name).symlink_to(name)
    done = told("up", "local", "--json")
    assert done.code in (1, 2)
    assert done.problem["code"] != "internal-error", done.problem
    assert name in json.dumps(done.problem)


def test_a_full_disk_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    full = edge._unexpected(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), ["up"])
    assert (full.code, full.cause) == ("disk-full", "No space left on device")
    assert full.fix.startswith("df -h ")
    other = edge._unexpected(OSError(errno.EPIPE, "x"), ["up"])
    assert other.code == "internal-error", "the control"


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
def test_a_result_that_nobody_can_keep_is_no_success(folder: Path) -> None:
    with FULL.open("w") as out:
        done = subprocess.run(
            [sys.executable, "-c", MAIN, "env", "show", "local"],
            stdout=out, stderr=subprocess.PIPE, text=True, cwd=folder, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert "error disk-full" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_output_without_signs_is_written_without_them(folder: Path) -> None:
    (folder / "environments" / "local.yaml").write_text(f"{LOCAL}config: {{NAME: größer →}}\n")
    plain = {"PYTHONIOENCODING": "ascii"}
    shown = morrow("env", "show", "local", folder=folder, **plain)
    assert shown.code == 0, shown
    assert "gr??er ->" in shown.out
    assert shown.err.startswith("reading local ...")
    given = morrow("env", "show", "local", "--json", folder=folder, **plain)
    assert given.answer["values"]["config"]["NAME"] == "größer →"
    assert "größer →" in morrow("env", "show", "local", folder=folder, PYTHONUTF8="1").out


def test_a_table_never_breaks_a_word() -> None:
    path = "/srv/" + "x" * 90
    text = format_table(("check", "found"), [("image", f"see {path} there"), ("a", "b")], 60)
    assert path in text
    assert "there" in text.splitlines()[-2]


def test_each_code_is_explained_by_words_that_can_be_typed() -> None:
    """`explain` shows what an error's fix looks like, not the braces that it is made from."""
    from morrow.tool.base.errors import table

    for code, row in table().items():
        assert not re.search(r"\{\w*\}", row.as_typed), (code, row.as_typed)
    assert table()["release-stuck"].fix == "morrow doctor {environment} --fix", "the control"
    done = told("explain", "release-stuck")
    assert done.out.splitlines()[-1] == "  fix: morrow doctor dev --fix"


@pytest.mark.parametrize("platforms", ["", " , "])
def test_no_platform_at_all_is_not_the_one_of_this_machine(
    platforms: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "local.yaml").write_text(LOCAL)
    (tmp_path / "pyproject.toml").write_text("[tool.morrow]\n")
    monkeypatch.chdir(tmp_path)
    answer = told("build", "local", "--platform", platforms)
    assert (answer.code, "--platform is empty" in answer.err) == (2, True), answer
    answer = told("build", "local", "--platform", "linux/amd64")
    assert "--platform" not in answer.err, "the control"
