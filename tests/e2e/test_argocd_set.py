"""What Argo CD renders is what `morrow render` says, and an ApplicationSet of ten environments."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.argocd import REPO_SERVER, SPACE
from tests.chart.rendering import EXAMPLES, GOOD, over
from tests.e2e.argocd import KIND, Argo, argo, given
from tests.e2e.cluster import ROOT, Cluster, Image, eventually, needs_lab
from tests.e2e.conftest import make_namespace
from tests.e2e.good_files import RUNNABLE, config_maps_of, runnable, secrets_of
from tests.e2e.test_chart_good_files import stand_in
from tests.e2e.tool_project import ToolProject
from tests.unit.tool.git_server import NOBODYS, WHO, GitServer
from tools.build import program

__all__ = ["stand_in"]
pytestmark = [pytest.mark.timeout(900), needs_lab("has an Argo CD beside it")]
TRACKING = "argocd.argoproj.io/tracking-id"
NAME = "hello"  # the release's, in `gitops/argocd`
RIGHTS = "rbac-client"  # it renders a Role, which the project does not admit
# To Argo CD these are well once somebody has given them an address: nobody does here.
ADDRESSED = re.compile("mode: ingress|type: LoadBalancer")
FEW = [f for f in RUNNABLE if f.stem != RIGHTS and not ADDRESSED.search(f.read_text())][:10]


class Fleet:
    """A repository with an environment for each good file, and the Argo CD that reads it."""

    def __init__(self, project: ToolProject, argo: Argo, server: GitServer) -> None:
        self.project, self.argo, self.server = project, argo, server

    def write(self, label: str, values: dict[str, Any], namespace: str) -> None:
        """Write one environment."""
        target = {**self.project.base()["target"], "namespace": namespace, "delivery": "gitops"}
        file = {**values, "name": NAME, "environment": label, "target": target}
        self.project.write(file, label)


@pytest.fixture
def fleet(cluster: Cluster, hello_image: Image, tmp_path: Path) -> Iterator[Fleet]:
    work = tmp_path / "work"
    project = ToolProject(work, cluster, "", hello_image, {**WHO, **NOBODYS})
    shutil.copytree(ROOT / "chart", work / "chart")
    (work / "pyproject.toml").write_text("[tool.morrow]\n")
    name = f"e2e-fleet-{secrets.token_hex(3)}"
    namespaces = [f"{name}-{number}" for number in range(len(FEW) + 1)]
    with argo(cluster, work, *namespaces) as (made, server):
        yield Fleet(project, made, server)


def objects(text: str) -> dict[tuple[str, str], Any]:
    """Return a stream's objects by kind and name."""
    found = [one for one in yaml.safe_load_all(text) if one]
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def of_argo(argo: Argo, application: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """Return what the repo-server makes of an Application, without the note that it leaves."""
    done = subprocess.run(
        [program("argocd"), "manifests", REPO_SERVER],
        input=json.dumps({**application, "kubeVersion": "1.36.0"}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = {}
    for one in map(json.loads, json.loads(done.stdout)):
        notes = one["metadata"]["annotations"]
        if notes.get("helm.sh/hook") == "test":
            continue  # it is never applied: Argo CD has no such hook
        assert notes.pop(TRACKING).startswith(f"{argo.name}-"), notes
        if not notes:
            del one["metadata"]["annotations"]
        made[one["kind"], one["metadata"]["name"]] = one
    return made


def test_it_renders_what_morrow_renders(fleet: Fleet) -> None:
    files = {file.stem: file for file in (*GOOD, *EXAMPLES)}
    for label, file in files.items():
        fleet.write(label, yaml.safe_load(file.read_text()), "e2e-nowhere")
    fleet.server.send("Environments")
    same, refused = 0, {}
    for label in files:
        told = fleet.project.morrow("render", label, "--json")
        if told.code:
            refused[label] = [one["code"] for one in told.problems]
            continue
        application = fleet.argo.application(label, "e2e-nowhere", NAME)
        assert of_argo(fleet.argo, application) == objects(told.answer["manifest"]), label
        same += 1
    print(f"{same} environments are rendered alike; refused by the tool: {refused}")
    assert same >= 20, refused
    # The control: another file than the Application names is seen.
    label = next(label for label in files if label not in refused)
    file = fleet.project.folder / "environments" / f"{label}.yaml"
    values = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump(over(values, {"env": {"OTHER": "1"}})))
    told = fleet.project.morrow("render", label, "--json")
    application = fleet.argo.application(label, "e2e-nowhere", NAME)
    assert of_argo(fleet.argo, application) != objects(told.answer["manifest"])


def prepared(cluster: Cluster, namespace: str, values: dict[str, Any]) -> None:
    """Make a namespace with what others make in it."""
    make_namespace(cluster, namespace)
    for name, keys in secrets_of({**values, "name": NAME}).items():
        literals = [f"--from-literal={key}=not-a-secret" for key in keys]
        cluster.kubectl("create", "secret", "generic", name, "-n", namespace, *literals)
    for name in config_maps_of(values):
        cluster.kubectl("create", "configmap", name, "-n", namespace, "--from-literal=A=b")


def set_of(argo: Argo, labels: list[str]) -> dict[str, Any]:
    """Return the ApplicationSet of `gitops/argocd`, for the environments at hand."""
    text = json.dumps(given("applicationset")).replace('"hello-{{', f'"{argo.name}-{{{{')
    made: dict[str, Any] = json.loads(text)
    made["metadata"]["name"] = argo.name
    spec = made["spec"]["template"]["spec"]
    spec["project"], spec["source"]["repoURL"] = argo.name, argo.url
    (generator,) = made["spec"]["generators"]
    generator["git"]["repoURL"] = argo.url
    generator["selector"]["matchExpressions"][0]["values"] = labels
    return made


def test_a_set_of_ten_environments(fleet: Fleet, cluster: Cluster, stand_in: Image) -> None:
    labels = [file.stem for file in FEW]
    places = dict(zip(labels, fleet.argo.namespaces, strict=False))
    for file in FEW:
        values = runnable(file, stand_in, cluster)
        prepared(cluster, places[file.stem], values)
        fleet.write(file.stem, values, places[file.stem])
    fleet.write("other", yaml.safe_load(FEW[0].read_text()), "e2e-nowhere")
    commit = fleet.server.send("Ten environments, and one that nobody named")
    made = set_of(fleet.argo, labels)
    try:
        cluster.apply(SPACE, made)
        every = [f"{fleet.argo.name}-{label}" for label in labels]
        fleet.argo.applications += every

        def there() -> set[str]:
            named = cluster.kubectl("get", KIND, "-n", SPACE, "-o", "name").split()
            names = {one.rpartition("/")[2] for one in named}
            return {name for name in names if name.startswith(fleet.argo.name)}

        eventually("an Application for each", lambda: there() == set(every), within=60)
        for name in every:
            eventually(
                f"{name} is applied and well",
                lambda name=name: fleet.argo.at(commit, name),  # type: ignore[misc]
                within=300,
                every=1,
            )
        for name in every:  # what is never equal would be applied for ever
            fleet.argo.refresh(name)
            assert fleet.argo.at(commit, name), fleet.argo.status(name)

        # A file that goes takes its Application along, and nothing that runs.
        gone = labels[0]
        (fleet.project.folder / "environments" / f"{gone}.yaml").unlink()
        fleet.server.send("One less")
        note = "argocd.argoproj.io/application-set-refresh=true"
        cluster.kubectl("annotate", "-n", SPACE, "applicationset", fleet.argo.name, note)
        eventually("its Application is gone", lambda: there() == set(every[1:]), within=60)
        assert cluster.get("deployment", NAME, "-n", places[gone])["spec"]["replicas"] >= 1
    finally:
        where = ("-n", SPACE, "applicationset", fleet.argo.name)
        cluster.kubectl("delete", *where, "--ignore-not-found", "--cascade=orphan")
        for namespace in fleet.argo.namespaces:
            cluster.kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")


def test_what_the_project_does_not_admit_is_refused_by_name(
    fleet: Fleet, cluster: Cluster, stand_in: Image
) -> None:
    namespace = fleet.argo.namespaces[-1]
    file = next(file for file in RUNNABLE if file.stem == RIGHTS)
    values = runnable(file, stand_in, cluster)
    prepared(cluster, namespace, values)
    fleet.write("test", values, namespace)
    fleet.server.send("A service with rights")
    fleet.argo.add(fleet.argo.application("test", namespace, NAME))
    try:
        told = fleet.project.morrow("up", "test", "--timeout", "120", "--json")
        assert (told.code, told.problem["code"]) == (1, "gitops-refused"), told
        assert "not permitted in project" in told.problem["cause"], told
        assert "no release is deployed whole" in told.problem["details"], told
    finally:
        fleet.argo.remove()
        cluster.kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")
