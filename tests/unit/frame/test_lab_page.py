"""The lab's page names every command and every variable that there is, and no other."""

from __future__ import annotations

import re
import shlex

from lab.__main__ import parser
from tests.unit.frame.repository import ROOT, tracked

PAGE = (ROOT / "lab" / "README.md").read_text()
VARIABLE = re.compile(r"\bMORROW_(?:E2E|PROOF)_[A-Z]+\b")


def test_every_variable_of_lab_and_tests_is_explained_and_read() -> None:
    sources = "".join(path.read_text() for path in tracked("lab/*.py", "tests/e2e/*.py"))
    assert set(VARIABLE.findall(PAGE)) == set(VARIABLE.findall(sources))


def test_every_command_can_be_typed_and_none_is_left_out() -> None:
    typed = [shlex.split(line) for line in re.findall(r"python -m lab ([a-z][^`\n#]*)", PAGE)]
    verbs = {parser().parse_args(words).verb for words in typed}
    [actions] = [each.choices for each in parser()._actions if each.dest == "verb"]
    assert actions is not None
    assert verbs == set(actions)
