"""What Argo CD and Flux are given: the files that Helm reads, and no more rights than needed.

Their own kinds judge the objects in a cluster that has them; here they are held to the chart and to
the environment files.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from morrow.tool.base.project import Project
from morrow.tool.environment import load
from tests.chart.rendering import CHART

ROOT = CHART.parent
FOLDER = ROOT / "gitops" / "argocd"
KIND = re.compile(r'"morrow.head" .*?"kind" "(\w+)"')
MONITORS = {"PodMonitor", "ServiceMonitor"}  # one of the two, as a value says
# Rights are given by people; the Pod is `helm test`'s, which Argo CD does not run.
LEFT_OUT = {"Role", "RoleBinding", "Pod"}


def read(name: str) -> dict[str, Any]:
    """One of the objects."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return found


def test_the_project_admits_what_the_chart_renders_and_nothing_else() -> None:
    templates = "\n".join(file.read_text() for file in (CHART / "templates").rglob("*.yaml"))
    rendered = set(KIND.findall(templates)) | MONITORS
    assert len(rendered) > 15
    spec = read("project")["spec"]
    admitted = [one["kind"] for one in spec["namespaceResourceWhitelist"]]
    assert set(admitted) == rendered - LEFT_OUT
    assert "Secret" not in admitted
    assert spec["clusterResourceWhitelist"] == []
    assert "*" not in [one["namespace"] for one in spec["destinations"]]
    assert all("://" in one for one in spec["sourceRepos"])
    assert all(window["manualSync"] for window in spec["syncWindows"]), "going back needs no window"
    granted = [line for one in spec["roles"] for line in one["policies"]]
    verbs = {line.split(", ")[3] for line in granted}
    assert verbs == {"get", "sync"}


def test_an_application_reads_the_files_that_helm_and_terraform_read() -> None:
    application = read("application")
    environment = load.read(Project.find(ROOT), "prod")
    source = application["spec"]["source"]
    assert (ROOT / source["path"]).resolve() == environment.project.chart
    named = [(ROOT / source["path"] / one).resolve() for one in source["helm"]["valueFiles"]]
    assert [file for file in named if file.is_file()] == environment.files, "in Helm's order"
    missing = [file.name for file in named if not file.is_file()]
    assert missing == ["prod.platform.yaml"], "it is there on AWS only"
    assert source["helm"]["ignoreMissingValueFiles"] is True
    assert source["helm"]["releaseName"] == environment.name
    assert application["spec"]["destination"]["namespace"] == environment.namespace
    assert application["metadata"]["name"] == f"{environment.name}-{environment.label}"
    assert application["spec"]["project"] == read("project")["metadata"]["name"]


def test_the_set_makes_the_same_application_of_an_environments_file() -> None:
    made = read("applicationset")["spec"]
    prod = yaml.safe_load((ROOT / "environments" / "prod.yaml").read_text())
    text = json.dumps(made["template"])
    text = text.replace("{{ .environment }}", prod["environment"])
    text = text.replace("{{ .target.namespace }}", prod["target"]["namespace"])
    assert "{{" not in text
    single, filled = read("application"), json.loads(text)
    assert filled["spec"] == single["spec"]
    assert filled["metadata"]["name"] == single["metadata"]["name"]
    assert filled["metadata"]["annotations"] == single["metadata"]["annotations"]
    (generator,) = made["generators"]
    assert generator["git"]["repoURL"] == single["spec"]["source"]["repoURL"]
    assert made["syncPolicy"]["preserveResourcesOnDeletion"] is True


def test_each_subscription_has_its_trigger_and_each_trigger_its_words() -> None:
    told = read("notifications")["data"]
    for name in read("application")["metadata"]["annotations"]:
        trigger, service = name.removeprefix("notifications.argoproj.io/subscribe.").split(".")
        assert f"service.{service}" in told
        (rule,) = yaml.safe_load(told[f"trigger.{trigger}"])
        assert all(f"template.{one}" in told for one in rule["send"])
        assert all("message" in yaml.safe_load(told[f"template.{one}"]) for one in rule["send"])


def flux(name: str) -> list[dict[str, Any]]:
    """The objects of one of Flux's files."""
    return list(yaml.safe_load_all((ROOT / "gitops" / "flux" / f"{name}.yaml").read_text()))


def test_flux_takes_what_is_signed_and_may_what_the_pipeline_may() -> None:
    source, applied, account, binding = flux("artifact")
    assert source["spec"]["verify"]["provider"] == "cosign"
    assert "insecure" not in source["spec"]
    spec = applied["spec"]
    named = {key: source[key] for key in ("kind",)} | {"name": source["metadata"]["name"]}
    assert spec["sourceRef"] == named
    assert (spec["prune"], spec["wait"]) == (True, False)
    assert spec["serviceAccountName"] == account["metadata"]["name"]
    role = yaml.safe_load((ROOT / "gitops" / "rbac" / "pipeline.yaml").read_text())
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert [one["name"] for one in binding["subjects"]] == [account["metadata"]["name"]]
    environment = load.read(Project.find(ROOT), "prod")
    places = {one["metadata"]["namespace"] for one in (source, applied, account, binding)}
    assert places == {environment.namespace, spec["targetNamespace"]}


def test_a_helm_release_reads_the_files_that_argo_cd_reads() -> None:
    _, release = flux("helmrelease")
    chart = release["spec"]["chart"]["spec"]
    helm = read("application")["spec"]["source"]["helm"]
    files = [f"./{name.removeprefix('../')}" for name in helm["valueFiles"]]
    assert chart["valuesFiles"] == [f"{chart['chart']}/values.yaml", *files]
    assert release["spec"]["releaseName"] == helm["releaseName"]
