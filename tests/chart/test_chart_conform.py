"""The examples before the checkers that people use; what stays is listed with its reason."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart import schemas
from tests.chart.many import render_many
from tests.chart.rendering import EXAMPLES, GOOD, NAMESPACE, ROOT
from tools.build import program
from tools.environments import BASE_PYTHON, environment

EXCEPTIONS: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(
    Path(__file__).with_name("exceptions.yaml").read_text()
)
# With these words begin the lines that conftest.py shows at the end of a run.
COUNTED = ("kubeconform", "kube-score: ", "checkov: ")


@dataclass(frozen=True)
class Finding:
    """One complaint of a checker."""

    example: str
    check: str
    about: str


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The examples and the good files, rendered, a file each."""
    folder = tmp_path_factory.mktemp("rendered")
    all_ = render_many([*EXAMPLES, *GOOD], tmp_path_factory.mktemp("many"))
    for name, objects in all_.items():
        for o in objects:  # as Helm installs them
            o["metadata"]["namespace"] = NAMESPACE
        (folder / f"{name}.yaml").write_text(yaml.dump_all(objects, Dumper=yaml.CSafeDumper))
    return sorted(folder.iterdir())


def kubeconform(version: str, *files: Path, text: str = "") -> tuple[int, dict[str, Any]]:
    """Return kubeconform's exit code and answer about files, or about text."""
    found = schemas.folder()
    checker = program("kubeconform")
    words = [str(checker), "-strict", "-summary", "-output", "json", "-kubernetes-version", version]
    words += ["-schema-location", schemas.location(found, version), *map(str, files)]
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("version", schemas.minors())
def test_examples_are_valid(version: str, rendered: list[Path]) -> None:
    code, answer = kubeconform(version, *rendered)
    assert answer.get("resources", []) == []
    assert code == 0
    summary = answer["summary"]
    assert summary["valid"] >= 250
    assert summary["errors"] == summary["invalid"] == summary["skipped"] == 0
    print(f"kubeconform, Kubernetes {version}: {summary['valid']} objects valid")


WRONG = {
    "a field in the wrong place": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {minReadySeconds: 5, containers: [{name: a}]}}
""",
    "a custom object with a wrong field": """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a}
spec: {hostname: a.example.com}
""",
    "a kind that nobody knows": "{apiVersion: v1, kind: Sevrice, metadata: {name: a}}",
}


@pytest.mark.parametrize("what", WRONG)
def test_the_schemas_refuse(what: str) -> None:
    code, answer = kubeconform(schemas.minors()[-1], text=WRONG[what])
    assert code != 0
    assert answer["summary"]["invalid"] + answer["summary"]["errors"] == 1


def test_two_minors_of_kubernetes() -> None:
    assert len({version.rsplit(".", 1)[0] for version in schemas.minors()}) == 2


def kube_score(file: Path) -> Iterator[Finding]:
    """Yield what kube-score complains of, warnings too."""
    checker = program("kube-score")
    done = subprocess.run(
        [str(checker), "score", "--output-format", "json", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    for scored in json.loads(done.stdout):
        for check in scored["checks"]:
            if not check["skipped"] and check["grade"] < 10:
                yield Finding(file.stem, check["check"]["id"], scored["object_name"])


def checkov() -> Path:
    """Return checkov in a Python environment of its own, made once from pinned requirements."""
    made = environment(BASE_PYTHON, ROOT / "requirements" / "checkov.txt")
    return made / "checkov"


@pytest.mark.timeout(900)
def test_checkov(rendered: list[Path]) -> None:
    words = [str(checkov()), "--directory", str(rendered[0].parent), "--framework", "kubernetes"]
    done = subprocess.run(
        [*words, "--output", "json", "--compact", "--quiet", "--skip-download"],
        capture_output=True,
        text=True,
        check=False,
    )
    answer = json.loads(done.stdout)
    assert answer["summary"]["passed"] > 4000
    assert answer["summary"]["parsing_errors"] == 0
    failed = answer["results"]["failed_checks"]
    findings = [
        Finding(Path(one["file_path"]).stem, one["check_id"], one["resource"]) for one in failed
    ]
    judge("checkov", findings)


def excepted(file: str, only: list[str]) -> bool:
    """Say whether an exception is for this file."""
    return file in only or ("good" in only and file in {good.stem for good in GOOD})


def judge(tool: str, findings: list[Finding]) -> None:
    """Fail for each complaint without an exception, and for each exception without one."""
    listed = EXCEPTIONS[tool]
    bad = [
        finding
        for finding in findings
        if finding.check not in listed
        or not excepted(finding.example, listed[finding.check].get("only", [finding.example]))
    ]
    counted = Counter(finding.check for finding in findings)
    for check, number in sorted(counted.items()):
        print(f"{tool}: {number} x {check}: {listed.get(check, {}).get('reason', 'NOT LISTED')}")
    print(f"{tool}: {len(findings) - len(bad)} excepted, all else {len(bad)}")
    assert bad == []
    assert set(listed) == set(counted), "an exception that nothing needs"


def test_kube_score(rendered: list[Path]) -> None:
    judge("kube-score", [finding for file in rendered for finding in kube_score(file)])


def test_judge_fails_for_what_is_not_listed(capsys: pytest.CaptureFixture[str]) -> None:
    known = [Finding("foreign", check, "x") for check in EXCEPTIONS["kube-score"]]
    known = [
        Finding(EXCEPTIONS["kube-score"][f.check].get("only", ["foreign"])[0], f.check, "x")
        for f in known
    ]
    judge("kube-score", known)
    for wrong in (
        [*known, Finding("foreign", "something-new", "x")],
        [*known, Finding("smallest", "deployment-replicas", "x")],
        known[1:],
    ):
        with pytest.raises(AssertionError):
            judge("kube-score", wrong)
    assert "something-new: NOT LISTED" in capsys.readouterr().out
