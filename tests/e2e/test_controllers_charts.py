"""Charts of others, as their modules hold them, take the values of terraform/modules/controllers.

On an API server of the tests' own: what it takes is in it, and nothing runs. Those charts whose
modules no program here is built from are held to keys that their repositories show, in
tests/terraform/native/test_controllers.py.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import api_server
from tests.e2e.api_server import ApiServer
from tests.e2e.external_secrets import MODULE as EXTERNAL_SECRETS
from tests.terraform.fixtures import REPOSITORY
from tools.build import program
from tools.sources import sources

CONTROLLERS = REPOSITORY / "terraform" / "modules" / "controllers"
CHARTS = {
    "metrics-server": ("sigs.k8s.io/metrics-server", "charts/metrics-server"),
    "external-secrets": (EXTERNAL_SECRETS, "deploy/charts/external-secrets"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    place = tmp_path_factory.mktemp("charts") / "server"
    with api_server.running(place) as found:
        found.kubeconfig(place / "kubeconfig", "own")
        yield found


@pytest.fixture
def knowing(tmp_path: Path) -> Iterator[ApiServer]:
    """A server that knows the operator's kinds, and has no webhook that it would call by name."""
    place = tmp_path / "server"
    definitions = sources("external-secrets", EXTERNAL_SECRETS) / "config" / "crds" / "bases"
    files = [f"--filename={file}" for file in definitions.glob("external-secrets.io_*.yaml")]
    with api_server.running(place) as found:
        found.kubeconfig(place / "kubeconfig", "own")
        kubectl = [str(program("kubernetes", "kubectl")), f"--kubeconfig={place / 'kubeconfig'}"]
        words = [*kubectl, "apply", "--server-side", *files]
        subprocess.run(words, check=True, capture_output=True)
        yield found


def install(server: ApiServer, name: str, chart: Path, *values: str) -> str:
    """Install a chart in a namespace of its name; return what Helm complains of."""
    words = [str(program("helm")), "upgrade", "--install", name, str(chart), *values]
    words += [f"--namespace={name}", "--create-namespace", "--skip-crds"]
    words.append(f"--kubeconfig={server.place / 'kubeconfig'}")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stderr


def unpacked(name: str, folder: Path) -> Path:
    """Copy a chart out of its module, without the charts that it leaves off by default."""
    module, place = CHARTS[name]
    chart = folder / name
    shutil.copytree(sources(name, module) / place, chart, copy_function=shutil.copyfile)
    chart.chmod(0o755)
    about = chart / "Chart.yaml"
    about.write_text(re.sub(r"dependencies:\n(?:[ -].*\n?)+", "", about.read_text()))
    return chart


def listed(server: ApiServer, path: str) -> dict[str, Any]:
    return {one["metadata"]["name"]: one for one in server.ask(path)["items"]}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_takes_its_values(server: ApiServer, name: str, tmp_path: Path) -> None:
    values = ["--values", str(CONTROLLERS / "values" / f"{name}.yaml"), "--set=installCRDs=false"]
    assert install(server, name, unpacked(name, tmp_path), *values) == ""
    made = listed(server, f"/apis/apps/v1/namespaces/{name}/deployments")
    assert made[name]["spec"]["replicas"] == 2
    assert made[name]["spec"]["template"]["spec"]["serviceAccountName"] == name
    budgets = listed(server, f"/apis/policy/v1/namespaces/{name}/poddisruptionbudgets")
    assert [one["spec"]["maxUnavailable"] for one in budgets.values()] == [1]


def test_external_secrets_blocks_nobody_while_it_is_away(server: ApiServer, tmp_path: Path) -> None:
    name = "external-secrets"
    values = ["--values", str(CONTROLLERS / "values" / f"{name}.yaml"), "--set=installCRDs=false"]
    install(server, name, unpacked(name, tmp_path), *values)
    kind = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    hooks = [hook for one in listed(server, kind).values() for hook in one["webhooks"]]
    secrets = [hook for hook in hooks if hook["name"].startswith("validate.externalsecret.")]
    assert [hook["failurePolicy"] for hook in secrets] == ["Ignore"]
    asked = {rule["apiGroups"][0] for hook in hooks for rule in hook["rules"]}
    assert asked == {"external-secrets.io"}, "the others judge the operator's own kinds alone"


def test_the_store_is_one_that_the_operator_knows(knowing: ApiServer, tmp_path: Path) -> None:
    file = tmp_path / "values.json"
    given = {"name": "aws", "region": "eu-west-1", "namespaces": ["hello"]}
    file.write_text(json.dumps(given))
    chart = CONTROLLERS / "charts" / "store"
    assert install(knowing, "store", chart, "--values", str(file)) == ""
    (store,) = listed(knowing, "/apis/external-secrets.io/v1/clustersecretstores").values()
    assert store["spec"]["conditions"] == [{"namespaces": ["hello"]}]
    spoiled = shutil.copytree(chart, tmp_path / "spoiled")
    template = spoiled / "templates" / "store.yaml"
    template.write_text(template.read_text().replace("service:", "srevice:"))
    assert "srevice" in install(knowing, "store", spoiled, "--values", str(file)), "the control"
