"""`morrow secrets`, `rollback` and `doctor` where no cluster is needed: text, JSON, exit codes."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tool.command import MORROW, morrow
from tests.unit.tool.pseudo_terminal import shown_by

ROOT = Path(__file__).resolve().parents[3]
CANARY = "canary-71c2-never-shown"
FILE = """# mine
environment: local
target: {kind: process}
config: {API_BASE_URL: https://api.example.com}
secrets: {keys: [SECRET_KEY, DB_PASSWORD]}  # two
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, from inside; no cluster is near."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", "/dev/null")
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "base.yaml").write_text(
        "name: hello\nimage: {repository: ghcr.io/example/hello}\n"
    )
    (tmp_path / "environments" / "local.yaml").write_text(FILE)
    table = {
        "app": "hello.app:service",
        "settings": "hello.app:HelloSettings",
        "source": str(ROOT / "apps" / "hello"),
        "chart": str(ROOT / "chart"),
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    (tmp_path / "pyproject.toml").write_text("[tool.morrow]\n" + "\n".join(lines) + "\n")
    return tmp_path


def first_problem(*words: str, stdin: str = "") -> tuple[int, dict[str, Any]]:
    code, out, err = morrow(*words, "--json", stdin=stdin)
    problems = json.loads(out)["problems"]
    assert problems, err
    return code, problems[0]


def test_a_value_goes_from_stdin_into_a_file_of_the_owner_alone(folder: Path) -> None:
    code, out, err = morrow("secrets", "set", "local", "DB_PASSWORD", stdin=f"{CANARY}\n")
    assert code == 0, err
    assert CANARY not in out + err
    made = folder / ".morrow" / "local" / "secrets-2" / "DB_PASSWORD"
    assert made.read_text() == CANARY
    assert made.stat().st_mode & 0o777 == 0o600
    text = (folder / "environments" / "local.yaml").read_text()
    assert text == FILE.replace("DB_PASSWORD]", 'DB_PASSWORD], revision: "2"')

    code, out, _ = morrow("secrets", "list", "local", "--json")
    listed = json.loads(out)
    assert code == 0
    assert listed["revision"] == "2"
    assert listed["keys"] == [
        {"name": "SECRET_KEY", "set": False},
        {"name": "DB_PASSWORD", "set": True},
    ]


def test_a_value_keeps_every_byte_and_git_sees_none(folder: Path) -> None:
    value = b"-----BEGIN-----\r\n\xff\x00\xfe\r\n-----END-----"
    done = subprocess.run(
        [*MORROW, "secrets", "set", "local", "DB_PASSWORD"],
        input=value + b"\r\n",
        capture_output=True,
        cwd=folder,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    state = folder / ".morrow"
    assert (state / "local" / "secrets-2" / "DB_PASSWORD").read_bytes() == value
    assert (state / ".gitignore").read_text() == "*\n"


def test_a_file_gives_what_its_text_on_stdin_gives(folder: Path) -> None:
    given = folder / "given"
    given.write_text(f"\n{CANARY}\n")
    words = ("secrets", "set", "local", "DB_PASSWORD")
    assert morrow(*words, "--file", str(given))[0] == 0
    assert morrow(*words, stdin=given.read_text())[0] == 0
    made = [folder / ".morrow" / "local" / f"secrets-{n}" / "DB_PASSWORD" for n in "23"]
    assert [one.read_text() for one in made] == [f"\n{CANARY}"] * 2
    given.write_text("\n")
    code, problem = first_problem(*words, "--file", str(given))
    assert (code, problem["code"]) == (2, "secret-value")


def test_a_value_that_stands_where_a_name_should_is_not_repeated(folder: Path) -> None:
    """The base64 of a secret ends in =, as a line with an empty value does."""
    given = folder / "given"
    given.write_text("DB_PASSWORD=x\nY2FuYXJ5=\nDB_PASWORD=y\n")
    code, out, err = morrow("secrets", "set", "local", "--file", str(given), "--json")
    first, second = json.loads(out)["problems"]
    assert (code, first["code"], first["object"]) == (2, "secret-unknown", f"{given}:2")
    assert "did you mean 'DB_PASSWORD'" in second["cause"]
    assert "Y2FuYXJ5" not in out + err


def test_a_rotation_waits_for_nobody_and_then_leaves_the_file(folder: Path) -> None:
    (folder / ".morrow").mkdir()
    with (folder / ".morrow" / "local.lock").open("a+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        code, problem = first_problem("secrets", "rotate", "local")
    assert (code, problem["code"]) == (2, "environment-locked")
    assert (folder / "environments" / "local.yaml").read_text() == FILE
    assert morrow("secrets", "rotate", "local")[0] == 0, "the control: nobody holds it"


def test_a_file_that_cannot_be_edited_is_refused_before_a_secret_is_made(folder: Path) -> None:
    file = folder / "environments" / "local.yaml"
    text = FILE.replace("secrets:", '"secrets":')
    file.write_text(text)
    code, problem = first_problem("secrets", "rotate", "local")
    assert (code, problem["code"]) == (2, "environment-value")
    assert "cannot be edited safely" in problem["cause"]
    assert file.read_text() == text
    assert not (folder / ".morrow" / "local" / "secrets-2").exists()
    assert sorted(one.name for one in file.parent.iterdir()) == ["base.yaml", "local.yaml"]


def test_a_rotation_keeps_what_it_was_not_asked_for(folder: Path) -> None:
    morrow("secrets", "set", "local", "DB_PASSWORD", stdin=CANARY)
    code, out, err = morrow("secrets", "rotate", "local", "SECRET_KEY")
    assert code == 0, err
    assert "secrets revision 3" in out
    new = folder / ".morrow" / "local" / "secrets-3"
    assert (new / "DB_PASSWORD").read_text() == CANARY
    assert len((new / "SECRET_KEY").read_text()) > 30
    assert (folder / ".morrow" / "local" / "secrets-2").is_dir(), "the old one stays"


@pytest.mark.parametrize(
    ("words", "stdin", "code", "fix"),
    [
        (("secrets", "set", "local", "DB_PASWORD"), "x", "secret-unknown", "secrets.keys"),
        (("secrets", "rotate", "local", "NOPE"), "", "secret-unknown", "secrets.keys"),
        (
            ("secrets", "set", "local", "DB_PASSWORD"),
            "",
            "secret-value",
            "morrow secrets set local",
        ),
        (("rollback", "local"), "", "target-unsupported", "kubernetes"),
    ],
)
def test_wrong_use_is_refused(
    folder: Path, words: tuple[str, ...], stdin: str, code: str, fix: str
) -> None:
    exit_code, problem = first_problem(*words, stdin=stdin)
    assert (exit_code, problem["code"]) == (2, code)
    assert fix in problem["fix"]
    assert (folder / "environments" / "local.yaml").read_text() == FILE


def test_a_provider_that_a_process_cannot_have_says_so(folder: Path) -> None:
    file = folder / "environments" / "local.yaml"
    file.write_text(FILE.replace("secrets: {", "secrets: {provider: external, "))
    code, problem = first_problem("secrets", "list", "local")
    assert (code, problem["code"]) == (2, "provider-unsupported")
    assert "environments/local.yaml:5" in problem["object"]


def test_a_process_takes_no_secret_of_a_cluster(folder: Path) -> None:
    file = folder / "environments" / "local.yaml"
    text = FILE.replace("secrets: {", "secrets: {provider: existing, name: theirs, ")
    file.write_text(text)
    for words in (("plan", "local"), ("secrets", "rotate", "local"), ("up", "local")):
        code, problem = first_problem(*words)
        assert (code, problem["code"]) == (2, "provider-unsupported")
        assert problem["fix"] == "set secrets.provider: generated in environments/local.yaml:5"
    assert file.read_text() == text
    assert not (folder / ".morrow").exists()


def test_doctor_lists_what_holds_and_what_does_not(folder: Path) -> None:
    code, out, _ = morrow("doctor", "local")
    assert code == 0
    assert "ok    environment  schema, chart and service accept its 3 settings" in out
    file = folder / "environments" / "local.yaml"
    file.write_text(FILE.replace("API_BASE_URL", "API_BASE_URI"))
    code, out, _ = morrow("doctor", "local", "--json")
    answer = json.loads(out)
    assert (code, answer["ok"]) == (1, False)
    wrong = [check for check in answer["checks"] if check["state"] == "fail"]
    assert {check["problem"]["code"] for check in wrong} >= {"settings-unknown"}
    assert all(check["problem"]["fix"] for check in wrong)


def test_doctor_names_a_cluster_that_is_not_there(folder: Path) -> None:
    file = folder / "environments" / "local.yaml"
    file.write_text(FILE.replace("kind: process", "kind: kubernetes, context: nosuch"))
    code, out, err = morrow("doctor", "local", "--json")
    assert code == 1, err
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    if checks["kubectl"]["state"] == "fail":
        pytest.skip("no kubectl: doctor against a cluster that is not there")
    assert checks["cluster"]["problem"]["code"] == "context-missing"
    assert checks["the rest"]["state"] == "skip"


def test_a_value_that_is_typed_is_not_shown(folder: Path) -> None:
    words = [*MORROW, "secrets", "set", "local", "DB_PASSWORD"]
    prompt = "DB_PASSWORD for local: "
    code, shown = shown_by(words, folder, os.environ, typed=f"{CANARY}\n", after=prompt)
    assert code == 0, shown
    assert "DB_PASSWORD for local: <typed>" in shown
    assert CANARY not in shown
    assert (folder / ".morrow" / "local" / "secrets-2" / "DB_PASSWORD").read_text() == CANARY


@pytest.mark.parametrize("word", [CANARY, f"--{CANARY}", f"--value={CANARY}"])
def test_a_value_is_never_taken_from_an_argument_nor_repeated(folder: Path, word: str) -> None:
    code, out, err = morrow("secrets", "set", "local", "DB_PASSWORD", word, stdin="x")
    assert code == 2
    assert "a value is read from standard input" in err
    assert CANARY not in out + err
    assert not (folder / ".morrow").exists()
    assert "fix: morrow secrets set --help" in err
