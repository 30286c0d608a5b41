"""The tool's rooms: imports go downward only, and no module needs itself by a detour.

`ROOMS` is the one table. A room may import from any that stands before it, from none that stands
behind it. Every import counts: those inside functions and those for type checkers too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.unit.frame.repository import ROOT

TOOL = ROOT / "src" / "morrow" / "tool"
PREFIX = "morrow.tool."

ROOMS = (
    "load",  # the load client: imports nothing of ours
    "report",  # the page that it makes: imports only load
    "base",  # errors, terminal, project, outcome
    "environment",  # the files: model, load, yaml, merge, schema, edit, new
    "programs",  # one wrapper a program
    "cluster",  # Site, namespace, protection, lock
    "metrics",  # what a Prometheus knows: asked, and laid into the dashboards
    "stores",  # Store: where secrets are kept
    "rules",  # what an environment must fulfil; the door that asks for it
    "diagnose",  # from a cluster's answers to a cause
    "recovery",  # what was left behind
    "deliver",  # Delivery: apply, watch, take back
    "plan",  # merge, diff, drift
    "doctor",  # checks in a table
    "verify",  # what is promised, and how it is measured
    "targets",  # Target: kubernetes, process
    "secrets",  # what a command does when it is more than a call
    "platform",
    "release",
    "init",
    "cli",  # main, catalogue, edge, options, commands
)
WRAPPED = ("kubectl", "helm", "terraform", "cosign", "sops", "git", "aws")
ALONE = {"load": (), "report": ("load",)}  # these may use no other room than these


def imports(file: Path, tool: Path) -> set[str]:
    """Return the tool's modules that a module imports, as dotted names below `morrow.tool`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                parts = ("morrow", "tool", *file.relative_to(tool).parts[: -node.level])
                module = ".".join((*parts, *([node.module] if node.module else [])))
            else:
                module = str(node.module)
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)}
    return {module for name in found if (module := module_of(name, tool))}


def module_of(name: str, tool: Path) -> str:
    """Return the module that a dotted name lies in: the longest beginning that is a file."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        at = tool.joinpath(*parts[:length])
        if at.with_suffix(".py").is_file() or (at / "__init__.py").is_file():
            return ".".join(parts[:length])
    return ""


def graph(tool: Path) -> dict[str, set[str]]:
    """Return what each module imports."""
    names = {
        file: ".".join(file.relative_to(tool).with_suffix("").parts).removesuffix(".__init__")
        for file in tool.rglob("*.py")
        if file.parent != tool
    }
    return {name: imports(file, tool) for file, name in names.items()}


def upward(modules: dict[str, set[str]]) -> Iterator[str]:
    """Name each import that does not go downward."""
    for module, used in sorted(modules.items()):
        room = module.split(".")[0]
        for other in sorted(used):
            below = other.split(".")[0]
            allowed = ALONE.get(room, ROOMS[: ROOMS.index(room)])
            if below != room and below not in allowed:
                yield f"{module} imports {other}"


def circle(modules: dict[str, Iterable[str]] | dict[str, set[str]]) -> list[str]:
    """Return the modules of one circle; none is fine."""
    try:
        TopologicalSorter(modules).prepare()
    except CycleError as found:
        return list(found.args[1])
    return []


def past_the_wrapper(source: str) -> list[str]:
    """Return the programs of others that a module outside `programs` runs by their name."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    first = [(ast.unparse(call.func), call.args[0]) for call in calls if call.args]
    return [
        str(word.value)
        for function, word in first
        if function.split(".")[-1] in ("run", "attach", "start", "Popen")
        and isinstance(word, ast.Constant)
        and word.value in WRAPPED
    ]


def test_a_program_is_run_by_its_wrapper_alone() -> None:
    others = [file for file in TOOL.rglob("*.py") if file.parent.name != "programs"]
    found = {str(file): past_the_wrapper(file.read_text()) for file in others}
    assert {file: names for file, names in found.items() if names} == {}
    assert past_the_wrapper('def f():\n    runner.run("helm", "list")\n') == ["helm"]


def test_every_room_states_its_place() -> None:
    rooms = {folder.name for folder in TOOL.iterdir() if (folder / "__init__.py").is_file()}
    assert rooms <= set(ROOMS), "a new room states its place in ROOMS"
    assert [file.name for file in TOOL.glob("*.py")] == ["__init__.py"]


def test_imports_go_downward_only() -> None:
    modules = graph(TOOL)
    assert len(modules) > 60
    assert list(upward(modules)) == []


def test_no_module_needs_itself() -> None:
    assert circle(graph(TOOL)) == []


@pytest.mark.parametrize(
    "line",
    [
        "import morrow.tool.cli.main",
        "from morrow.tool.cli import main",
        "from ..cli.main import main",
        "def f():\n    from morrow.tool.cli.main import main",
        "if TYPE_CHECKING:\n    from morrow.tool.cli.main import main",
    ],
)
def test_the_check_sees_every_way_to_import(tmp_path: Path, line: str) -> None:
    for room in ("base", "cli"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").touch()
    (tmp_path / "cli" / "main.py").write_text("import morrow.tool.base.low\n")
    (tmp_path / "base" / "low.py").write_text(line + "\n")
    modules = graph(tmp_path)
    assert list(upward(modules)) == ["base.low imports cli.main"]
    assert {"base.low", "cli.main"} <= set(circle(modules))
