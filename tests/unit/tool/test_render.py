"""`morrow render`: Helm's own bytes, without a cluster, and a folder that follows them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.unit.tool.command import Told, morrow
from tests.unit.tool.conftest import ROOT

JOB = "processes: {migrate: {kind: job, command: [migrate]}}\n"


@pytest.fixture
def render(project_folder: Path, helm: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MORROW_HELM", str(helm))
    monkeypatch.setenv("MORROW_KUBECTL", "/bin/false")  # no cluster is asked
    return project_folder


def _render(*words: str, code: int = 0) -> Told:
    told = morrow("render", "dev", *words)
    assert told.code == code, told
    return told


def _say(folder: Path, text: str) -> None:
    with (folder / "environments" / "dev.yaml").open("a") as file:
        file.write(text)


def test_it_is_what_helm_says_but_for_the_tests_pod(render: Path, helm: Path) -> None:
    _say(render, JOB)
    files = [word for name in ("base", "dev") for word in ("-f", f"environments/{name}.yaml")]
    words = ["template", "shop", str(ROOT / "chart"), "-n", "shop-dev", *files]

    def by_helm(*more: str) -> str:
        return subprocess.check_output([helm, *words, *more], text=True, cwd=render)

    assert _render().out == by_helm("--skip-tests")
    assert _render().out != by_helm(), "with the pod of the test it would be another"
    answer = _render("--json").answer
    assert answer["manifest"] == by_helm("--skip-tests")
    hooks = {one["kind"]: one["hook"] for one in answer["objects"]}
    assert hooks["Job"].startswith("pre-install")
    assert hooks["Deployment"] == ""
    assert [doc["kind"] for doc in yaml.safe_load_all(answer["manifest"])] == [
        one["kind"] for one in answer["objects"]
    ]


def test_a_folder_follows_and_what_is_not_ours_stays(render: Path) -> None:
    _say(render, JOB)
    folder = render / "deep" / "out"
    first = _render("--output", str(folder), "--json").answer
    names = sorted(one["file"] for one in first["objects"])
    assert sorted(first["written"]) == names == sorted(file.name for file in folder.iterdir())
    stream = "".join((folder / one["file"]).read_text() for one in first["objects"])
    assert stream == _render().out

    job = (folder / "job-shop-migrate.yaml").read_text()
    own = {"README.md": "mine", "kustomization.yaml": "resources: []\n"}
    # Another release's, rendered into the same folder, and one whose first line was lost.
    other = job.replace("kubernetes.io/instance: shop\n", "kubernetes.io/instance: other\n")
    assert other != job
    own |= {"job-other.yaml": other, "edited.yaml": job[4:]}
    for name, text in own.items():
        (folder / name).write_text(text)
    again = _render("--output", str(folder), "--json").answer
    assert (again["written"], again["removed"]) == ([], [])

    file = render / "environments" / "dev.yaml"
    file.write_text(file.read_text().replace(JOB, "").replace("DEBUG", "WARNING"))
    third = _render("--output", str(folder), "--json").answer
    gone = set(names) - {one["file"] for one in third["objects"]}
    assert set(third["removed"]) == gone >= {"job-shop-migrate.yaml"}
    assert "deployment-shop.yaml" in third["written"]
    assert "service-shop.yaml" not in third["written"]
    assert {name: (folder / name).read_text() for name in own} == own


def test_wrong_values_are_refused_and_nothing_is_written(render: Path) -> None:
    _say(render, "processes: {migrate: {kind: job}}\n")
    told = _render("--output", "out", "--json", code=2)
    assert told.problem["code"] in ("chart-invalid", "environment-invalid"), told
    assert not (render / "out").exists()
