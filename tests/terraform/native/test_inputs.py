"""Every rule of every input is broken by some input, and by the one that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.terraform.fixtures import REPOSITORY
from tests.terraform.native import inputs
from tests.terraform.native.conftest import Run

TERRAFORM = REPOSITORY / "terraform"
MODULES = (
    *(f"modules/{name}" for name in ("cluster", "edge", "identity", "key", "network")),
    *("modules/controllers", "modules/registry", "modules/secrets"),
    *("platform/bootstrap", "platform/dev"),
)


@pytest.mark.parametrize("name", MODULES)
def test_every_rule_is_broken_by_its_input(name: str, tmp_path: Path, bare: Run) -> None:
    module, place = TERRAFORM / name, tmp_path / "module"
    found = inputs.lay_out(module, place)
    said = bare(place, "init", "-input=false", "-no-color")
    assert said.returncode == 0, said.stderr
    broken, others = inputs.broken(bare(place, "test", "-json").stdout)
    assert others == []
    rules = inputs.rules(module)
    for case in found:
        hit = broken.get(case.name, set())
        assert {rules[line] for line in hit} == ({case.breaks} if case.breaks else set()), case.name
    untouched = {line: rules[line] for line in set(rules) - set().union(*broken.values())}
    assert untouched == {}, "these rules of variables.tf no input breaks"


def test_a_rule_that_is_loosened_is_noticed(tmp_path: Path, bare: Run) -> None:
    module, place = TERRAFORM / "modules/key", tmp_path / "module"
    inputs.lay_out(module, place)
    variables = place / "variables.tf"
    assert "var.window <= 30" in variables.read_text()
    variables.write_text(variables.read_text().replace("var.window <= 30", "var.window <= 31"))
    bare(place, "init", "-input=false", "-no-color")
    broken, _ = inputs.broken(bare(place, "test", "-json").stdout)
    assert "refuses_a_window_of_31_days" not in broken
    assert "refuses_a_window_of_six_days" in broken


def test_every_module_has_such_inputs() -> None:
    with_rules = {
        str(file.parent.relative_to(TERRAFORM))
        for file in TERRAFORM.glob("*/*/variables.tf")
        if inputs.rules(file.parent)
    }
    # The module service has its own in tests/terraform/test_module.py; prod's root is dev's.
    others = {"modules/service", "platform/prod"}
    assert with_rules - others == set(MODULES)
