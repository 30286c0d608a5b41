"""All that is wrong with an environment is told at once: reading, schema, service, chart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.project import Project
from morrow.tool.rules.open import DEPLOYABLE, READABLE, examine, open_site
from tests.environments import load

SHOP = """
from morrow import Secret, Settings, setting
class Shop(Settings):
    "What the shop reads."
    level: str = "INFO"
    size: int = setting(1, maximum=50)
    token: Secret
    show_all: bool = setting(False, unprotected_only=True)
"""
GOOD = """\
environment: dev
target: {kind: kubernetes, context: dev}
config: {LEVEL: DEBUG}
secrets: {keys: [TOKEN]}
"""


@pytest.fixture
def shop(project_folder: Path, helm: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a declaration and a Helm; return the file of its environment."""
    (project_folder / "shop.py").write_text(SHOP)
    pyproject = project_folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + 'settings = "shop:Shop"\n')
    monkeypatch.setenv("MORROW_HELM", str(helm))
    file = project_folder / "environments" / "dev.yaml"
    file.write_text(GOOD)
    return file


def judged() -> list[Problem]:
    return examine("dev", None, DEPLOYABLE)[1]


def told() -> list[tuple[str, str]]:
    return [(found.code, found.object) for found in judged()]


def test_nothing_is_wrong_with_a_good_one(shop: Path) -> None:
    assert judged() == []
    assert open_site("dev", None, DEPLOYABLE).environment.name == "shop"


def test_what_the_settings_keep_from_a_protected_environment(shop: Path) -> None:
    digest = f'image: {{digest: "sha256:{64 * "a"}"}}\nreplicas: 2\n'
    for place in ("config: {LEVEL: DEBUG, SHOW_ALL: 'true'}", "env: {SHOW_ALL: 'true'}"):
        text = GOOD.replace("config: {LEVEL: DEBUG}", place) + digest
        shop.write_text(text)
        assert told() == [], "the control: it is not protected"
        shop.write_text(text.replace("context: dev", "context: dev, protected: true"))
        (found,) = judged()
        assert (found.code, found.object) == ("settings-invalid", "SHOW_ALL")
        assert "refused in a protected environment" in found.cause


def test_four_judges_speak_at_once_and_none_twice(shop: Path) -> None:
    shop.write_text(
        "environment: dev\n"
        "target: {kind: kubernetes, context: dev, protected: true}\n"
        "replcias: 1\n"
        "replicas: 1\n"
        "grace: 12:30\n"
        'config: {LEVLE: x, SIZE: "99", A: [1]}\n'
        "autoscaling: {min: 9, max: 2, mode: hpa}\n"
    )
    with pytest.raises(Failure) as caught:
        open_site("dev", None, DEPLOYABLE)
    assert caught.value.exit_code == 2
    found = caught.value.problems
    assert sorted((one.code, one.object) for one in found) == [
        ("chart-invalid", "environments/dev.yaml"),
        ("chart-invalid", "environments/dev.yaml"),
        ("digest-needed", "environments/base.yaml:2"),
        ("environment-ambiguous", "grace"),
        ("environment-key", "replcias"),
        ("environment-value", "config.A"),
        ("settings-invalid", "SIZE"),
        ("settings-missing", "TOKEN"),
        ("settings-unknown", "LEVLE"),
    ]
    rules = [one.cause for one in found if one.code == "chart-invalid"]
    assert sorted(rules) == [
        "autoscaling.min is 9, above autoscaling.max 2.",
        "replicas is 1, and autoscaling.mode is hpa, which sets the number of pods:"
        " take replicas out (replicas: null).",
    ]
    assert len({(one.code, one.object, one.cause) for one in found}) == len(found)
    assert all(one.fix for one in found)


def test_a_file_that_cannot_be_read_hides_no_other_and_nothing_is_guessed(shop: Path) -> None:
    shop.write_text(GOOD + "a: [\n")
    assert [code for code, _ in told()] == ["environment-syntax"]
    base = shop.with_name("base.yaml")
    base.write_text(base.read_text() + "grace: 12:30\n")
    assert [code for code, _ in told()] == ["environment-ambiguous", "environment-syntax"]


@pytest.mark.parametrize(
    "broken",
    ["config: [1]", "config: x", "secrets: x", "secrets: {keys: x}", "env: x", "target: x",
     "image: x", "name: [1]", "replicas: x", "autoscaling: x"],
)  # fmt: skip
def test_a_value_of_a_wrong_kind_breaks_no_judge(shop: Path, broken: str) -> None:
    key = broken.partition(":")[0]
    kept = [line for line in GOOD.splitlines() if not line.startswith(key)]
    shop.write_text("\n".join([*kept, broken]) + "\n")
    found = told()
    assert any(code.startswith("environment-") and key in name for code, name in found), found
    assert "internal-error" not in dict(found)


def test_a_declaration_that_cannot_be_read_hides_nothing(shop: Path) -> None:
    (shop.parent.parent / "shop.py").write_text("import no_such_module_here\n")
    shop.write_text(GOOD + "replcias: 1\n")
    assert told() == [("environment-key", "replcias"), ("settings-unreadable", "shop:Shop")]


def test_without_helm_the_rules_wait_for_the_command_that_needs_it(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write_text(GOOD + "autoscaling: {min: 9, max: 2, mode: hpa}\n")
    assert [code for code, _ in told()] == ["chart-invalid"]
    monkeypatch.setenv("MORROW_HELM", str(shop))
    assert told() == []


@pytest.mark.parametrize(
    ("values", "code", "fix"),
    [
        ("replicas: 1", "replicas-needed", "set replicas: 2 in"),
        ("autoscaling: {mode: hpa, min: 1, cpu: 50}", "replicas-needed", "set autoscaling.min: 2"),
        ('image: {digest: ""}', "digest-needed", "set image.digest in environments/dev.yaml"),
    ],
)
def test_what_the_tool_does_not_deploy(shop: Path, values: str, code: str, fix: str) -> None:
    digest = f"sha256:{64 * 'a'}"
    lines = [
        "environment: dev",
        "target: {kind: kubernetes, context: dev, protected: true, server: https://a.example.com}",
        "secrets: {keys: [TOKEN]}",
        *([] if values.startswith("image") else [f'image: {{digest: "{digest}"}}']),
    ]
    shop.write_text("\n".join(lines) + "\n")
    if "secrets: {keys" in lines[2]:
        assert [one for one in told() if one[0] != "digest-needed"] == []  # the control
    shop.write_text("\n".join([*lines[:2], values, *lines[2:]]) + "\n")
    (found,) = [one for one in judged() if one.code != "chart-invalid"]
    assert found.code == code
    assert fix in found.fix


def test_status_needs_no_judge_but_the_schema(shop: Path) -> None:
    shop.write_text(GOOD.replace("LEVEL", "LEVLE"))
    assert load(Project.find(), "dev").name == "shop"  # the control of all above
    assert told() == [("settings-unknown", "LEVLE")]


def test_who_only_looks_is_stopped_by_no_mistake(shop: Path) -> None:
    shop.write_text(GOOD + "replcias: 1\n")
    assert open_site("dev", None, READABLE).environment.name == "shop"
    with pytest.raises(Failure):
        load(Project.find(), "dev")  # who changes something is
    for broken in ("target: {kind: proces}", "target: x", "name: ''", "a: ["):
        shop.write_text(f"environment: dev\n{broken}\n")
        with pytest.raises(Failure) as caught:
            open_site("dev", None, READABLE)
        assert caught.value.exit_code == 2


def test_who_only_looks_does_not_import_the_schemas_library(shop: Path) -> None:
    script = (
        "import sys; from morrow.tool.rules.open import READABLE, open_site; {};"
        " print('jsonschema' in sys.modules)"
    )
    for call, imported in (
        ("open_site('dev', None, READABLE)", "False"),
        ("from jsonschema import validate", "True"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", script.format(call)], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == imported
