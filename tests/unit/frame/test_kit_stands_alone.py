"""The kit runs inside other people's services: it brings nothing of the tool and no dependency."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.unit.frame.repository import ROOT

KIT = ROOT / "src" / "morrow" / "kit"


def imported(file: Path, root: Path) -> set[str]:
    """Return the dotted names that a module imports, relative ones made absolute."""
    package = file.relative_to(root).with_suffix("").parts[:-1]
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return names


def of_the_tool(names: set[str]) -> set[str]:
    return {name for name in names if re.match(r"morrow\.tool(\.|$)", name)}


def test_no_module_of_the_kit_imports_the_tool() -> None:
    modules = [*KIT.rglob("*.py"), *(ROOT / "src" / "morrow").glob("*.py")]
    assert len(modules) > 5
    for file in modules:
        assert not of_the_tool(imported(file, ROOT / "src")), file.name


def test_the_check_sees_every_way_to_import_it(tmp_path: Path) -> None:
    module = tmp_path / "morrow" / "kit" / "x.py"
    module.parent.mkdir(parents=True)
    for line in (
        "import morrow.tool.cli.main",
        "from morrow.tool import cli",
        "from morrow import tool",
        "from ..tool import cli",
        "def f():\n    from ..tool.cli import main",
    ):
        module.write_text(line + "\n")
        assert of_the_tool(imported(module, tmp_path)), line
    module.write_text("from .tools import x\nimport morrow.toolbox\n")
    assert not of_the_tool(imported(module, tmp_path))


def test_importing_morrow_loads_no_tool_and_no_third_party_module() -> None:
    code = (
        "import sys; before = set(sys.modules); import morrow\n"
        "new = {n.partition('.')[0] for n in set(sys.modules) - before}\n"
        "known = sys.stdlib_module_names | {'morrow'}\n"
        "print(sorted(new - known), [n for n in sys.modules if n.startswith('morrow.tool')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[] []"


def test_the_package_has_no_mandatory_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["dependencies"] == []
