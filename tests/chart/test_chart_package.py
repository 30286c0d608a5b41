"""The chart for others: chart-testing's rules, and a package that needs no repository."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart import readme, schemas
from tests.chart.rendering import CHART, EXAMPLES, ROOT, documents, helm
from tools.build import program
from tools.environments import BASE_PYTHON, environment

META: dict[str, Any] = yaml.safe_load((CHART / "Chart.yaml").read_text())
TRIED = sorted((CHART / "ci").glob("*-values.yaml"))


@pytest.fixture(scope="module")
def rules() -> Path:
    """The folder of chart-testing's own rules."""
    line = Path(__file__).with_name("chart_testing.txt").read_text().splitlines()[-1]
    module, version, digest = line.split()
    return schemas.download(module, version, digest) / "etc"


def yamale(rules: Path, file: Path) -> subprocess.CompletedProcess[str]:
    """Hold a Chart.yaml to chart-testing's schema, as `ct lint` does."""
    made = environment(BASE_PYTHON, ROOT / "requirements" / "yamale.txt")
    words = [str(made / "yamale"), "--schema", str(rules / "chart_schema.yaml"), str(file)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def yamllint(rules: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    """Hold files to chart-testing's style, as `ct lint` does."""
    words = [sys.executable, "-m", "yamllint", "--config-file", str(rules / "lintconf.yaml")]
    return subprocess.run([*words, *map(str, files)], capture_output=True, text=True, check=False)


def test_chart_testing_takes_the_chart(rules: Path, tmp_path: Path) -> None:
    assert yamale(rules, CHART / "Chart.yaml").returncode == 0
    wrong = tmp_path / "Chart.yaml"
    wrong.write_text((CHART / "Chart.yaml").read_text() + "maintainer: [me]\n")
    assert "Unexpected element" in yamale(rules, wrong).stdout


def test_chart_testing_takes_the_style(rules: Path, tmp_path: Path) -> None:
    done = yamllint(rules, CHART / "Chart.yaml", CHART / "values.yaml", *TRIED)
    assert (done.returncode, done.stdout) == (0, "")
    wrong = tmp_path / "values.yaml"
    wrong.write_text("a: { b: 1 }\n")
    assert "braces" in yamllint(rules, wrong).stdout


def test_what_chart_testing_asks_of_a_chart() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", META["version"])
    assert META["maintainers"]
    assert all(one["name"] and one["url"].startswith("https://") for one in META["maintainers"])
    assert META["icon"].startswith("https://")
    assert (ROOT / META["icon"].split("/main/")[1]).is_file()
    assert not META.get("dependencies")


def test_what_artifact_hub_shows() -> None:
    told = META["annotations"]
    assert told["artifacthub.io/license"] in (ROOT / "pyproject.toml").read_text()
    links = yaml.safe_load(told["artifacthub.io/links"])
    for link in links:
        assert (ROOT / link["url"].split("/main/")[1]).is_file(), link


@pytest.mark.parametrize("file", TRIED, ids=lambda file: file.stem)
def test_the_values_that_chart_testing_installs(file: Path) -> None:
    words = [str(program("helm")), "lint", "--strict", str(CHART), "--values", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "[INFO] Chart.yaml" not in done.stdout, "an advice of Helm's"


def test_the_page_inside_is_up_to_date() -> None:
    assert readme.PAGE.read_text() == readme.page(), "run: python -m tests.chart.readme"


def test_the_page_leads_nowhere_into_the_repository() -> None:
    prose = re.sub(r"`[^`\n]*`", "", readme.page())
    links = re.findall(r"\]\(([^)]+)\)", prose)
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_a_package_needs_no_repository(tmp_path: Path) -> None:
    words = [str(program("helm")), "package", str(CHART), "--destination", str(tmp_path)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    package = tmp_path / f"{META['name']}-{META['version']}.tgz"
    with tarfile.open(package) as archive:
        inside = {name.split("/", 1)[1] for name in archive.getnames()}
    assert {"README.md", "values.yaml", "values.schema.json", "files/rules/requests.yaml"} <= inside
    assert not [name for name in inside if name.startswith(("ci/", "examples/"))]
    example = next(file for file in EXAMPLES if file.stem == "everything")
    packed, folder = (helm([example], chart=chart) for chart in (package, CHART))
    assert packed.returncode == 0, packed.stderr
    assert documents(packed.stdout) == documents(folder.stdout)
