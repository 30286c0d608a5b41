"""What Argo CD is given: the same files as Helm, and no more rights than the chart needs.

Its own kinds judge the objects in a cluster that has them; here they are held to the chart and to
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
