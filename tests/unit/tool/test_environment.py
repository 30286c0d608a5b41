"""An environment is read, merged and checked before anything is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.project import Project
from morrow.tool.environment.model import Environment
from morrow.tool.rules.settings import refused_settings
from tests.environments import examine, load


def examined(label: str = "dev") -> tuple[Environment, list[Problem]]:
    return examine(Project.find(), label)


def test_the_files_are_merged_and_every_value_has_its_place(project_folder: Path) -> None:
    environment = load(Project.find(), "dev")
    assert environment.config == {"LEVEL": "DEBUG", "SIZE": "10"}
    assert environment.place("config", "LEVEL") == "environments/dev.yaml:4"
    assert environment.place("config", "SIZE") == "environments/base.yaml:5"
    assert environment.place("config", "NEW") == "environments/dev.yaml:3"
    assert environment.origin(("drain",)) == ""
    assert environment.values["drain"] == 5
    assert environment.image == "registry.example.com/shop:1"
    assert (environment.kind, environment.context, environment.namespace) == (
        "kubernetes",
        "dev",
        "shop-dev",
    )
    assert (environment.delivery, environment.protected) == ("helm", False)


def test_the_context_can_be_overridden(
    project_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MORROW_CONTEXT", "from-variable")
    assert load(Project.find(), "dev").context == "from-variable"
    assert load(Project.find(), "dev", "from-option").context == "from-option"


@pytest.mark.parametrize(
    ("secrets", "name"),
    [
        ("{provider: generated, revision: '3'}", "shop-3"),
        ("{provider: generated, revision: '3', name: other}", "other-3"),
        ("{provider: existing, name: other}", "other"),
    ],
)
def test_the_secrets_object_is_the_charts(project_folder: Path, secrets: str, name: str) -> None:
    file = project_folder / "environments" / "dev.yaml"
    file.write_text(file.read_text() + f"secrets: {secrets}\n")
    assert load(Project.find(), "dev").secrets.object_name == name


# Text that is added to dev.yaml; code, object, a word of the cause, and the line it names.
MISTAKES = [
    ("replcias: 3\n", "environment-key", "replcias", "did you mean 'replicas'?", 5),
    ("replicas: -1\n", "environment-value", "replicas", "is less than 1", 5),
    ("replicas: two\n", "environment-value", "replicas", '"two" is not of type integer', 5),
    ("service: {type: clusterip}\n", "environment-value", "service.type", "ClusterIP", 5),
    ("probes:\n  readiness:\n    periodSecond: 3\n", "environment-key",
     "probes.readiness.periodSecond", "did you mean 'periodSeconds'?", 7),
    ("env: {A: 12:30}\n", "environment-ambiguous", "env.A", "12:30 means different", 5),
    ("replicas: 1\nreplicas: 2\n", "environment-syntax", ":6", "given twice", 6),
    ("a: [\n", "environment-syntax", ":6", "", 6),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "named", "cause", "line"), MISTAKES)
def test_a_mistake_is_named_with_its_line(
    project_folder: Path, text: str, code: str, named: str, cause: str, line: int
) -> None:
    file = project_folder / "environments" / "dev.yaml"
    file.write_text(file.read_text() + text)
    _, problems = examined()
    assert [problem.code for problem in problems] == [code], problems
    (problem,) = problems
    assert named in problem.object
    assert cause in problem.cause
    assert f"environments/dev.yaml:{line}" in problem.fix


def test_all_mistakes_are_named_at_once(project_folder: Path) -> None:
    file = project_folder / "environments" / "dev.yaml"
    file.write_text("environment: qa\ntarget: {kind: kubernetes}\nreplcias: 1\ndrain: x\n")
    _, problems = examined()
    assert sorted(problem.code for problem in problems) == [
        "environment-key",
        "environment-name",
        "environment-value",
    ]


@pytest.mark.parametrize("label", ["nowhere", "base", "../dev", ""])
def test_an_environment_that_is_not_there(project_folder: Path, label: str) -> None:
    with pytest.raises(Failure) as caught:
        examined(label)
    assert caught.value.problems[0].code == "environment-missing"


def test_a_near_name_is_offered(project_folder: Path) -> None:
    with pytest.raises(Failure, match="did you mean 'dev'"):
        examined("dve")


def test_no_project_and_a_bad_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Failure) as caught:
        Project.find()
    assert caught.value.problems[0].code == "project-missing"
    (tmp_path / "pyproject.toml").write_text('[tool.morrow]\nchrat = "x"\napp = 1\n')
    with pytest.raises(Failure) as caught:
        Project.find()
    assert [one.cause.split(";")[0] for one in caught.value.problems] == [
        "unknown key 'chrat'",
        "app must be a string",
    ]
    (tmp_path / "pyproject.toml").write_text("[tool.morrow\n")
    with pytest.raises(Failure) as caught:
        Project.find()
    assert caught.value.problems[0].code == "project-invalid"


def test_the_settings_are_judged_by_the_service(project_folder: Path) -> None:
    (project_folder / "shop.py").write_text(
        "from morrow import Secret, Settings, setting\n"
        "class Shop(Settings):\n"
        "    'What the shop reads.'\n"
        "    level: str = 'INFO'\n"
        "    size: int = setting(1, maximum=50)\n"
        "    token: Secret\n"
        "    region: str\n"
    )
    pyproject = project_folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + 'settings = "shop:Shop"\n')
    file = project_folder / "environments" / "dev.yaml"
    good = file.read_text() + "  REGION: eu\nsecrets: {keys: [TOKEN]}\n"
    file.write_text(good)
    project = Project.find()
    assert refused_settings(project, load(project, "dev")) == []

    # What only a library or the cluster knows stands under `env`.
    beside = "env: {TZ: UTC, REGION: {fieldRef: {fieldPath: spec.nodeName}}}\n"
    file.write_text(good.replace("  REGION: eu\n", "") + beside)
    assert refused_settings(project, load(project, "dev")) == []
    file.write_text(good + "env: {TOKEN: s3cr3t}\n")
    assert [p.code for p in refused_settings(project, load(project, "dev"))] == ["settings-exposed"]

    file.write_text(good)
    file.write_text(file.read_text().replace("  REGION: eu\n", "  TOKEN: s3cr3t\n  LEVLE: x\n"))
    file.write_text(file.read_text().replace("secrets: {keys: [TOKEN]}\n", '  SIZE: "99"\n'))
    found = {p.object: p for p in refused_settings(project, load(project, "dev"))}
    assert {name: problem.code for name, problem in found.items()} == {
        "TOKEN": "settings-exposed",
        "LEVLE": "settings-unknown",
        "SIZE": "settings-invalid",
        "REGION": "settings-missing",
    }
    assert "did you mean 'LEVEL'?" in found["LEVLE"].cause
    assert found["LEVLE"].fix == "edit environments/dev.yaml:6: LEVEL instead of LEVLE"
    assert found["SIZE"].fix == "edit environments/dev.yaml:7: correct SIZE"
    assert found["REGION"].fix == "edit environments/dev.yaml:3: config: add REGION"
    assert "s3cr3t" not in json.dumps([p.as_json() for p in found.values()])

    (project_folder / "shop.py").write_text("import nothing_of_that_name\n")
    with pytest.raises(Failure) as caught:
        refused_settings(project, load(project, "dev"))
    assert caught.value.problems[0].code == "settings-unreadable"
    assert "nothing_of_that_name" in str(caught.value)
