"""The Job of `morrow task`: the workload's image, settings and secrets, and nothing that serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from morrow.tool.base.project import Project
from morrow.tool.cluster.objects import TASK
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.render import rendered
from morrow.tool.environment.load import read
from morrow.tool.targets.kubernetes.inside import KIT_TASK, job_of
from morrow.tool.targets.target import Run, Which

MORE = """\
secrets: {keys: [TOKEN]}
sidecars: {proxy: {image: registry.example.com/proxy, command: [proxy]}}
volumes: {data: {mountPath: /data, files: {a: b}}}
"""


def job(folder: Path, more: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the Deployment that the chart makes, and the Job that is made of it."""
    with (folder / "environments" / "dev.yaml").open("a") as file:
        file.write(MORE + more)
    site = Site(read(Project.find(folder), "dev"))
    made = [yaml.safe_load(one.text) for one in rendered(site) if one.kind == "Deployment"]
    run = Run(("migrate", "--all"), Which(), timeout=90)
    return made[0], job_of(made[0], "shop-task-1", run, site)


def test_it_has_all_that_the_workload_has_and_serves_nothing(
    project_folder: Path, helm: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("MORROW_HELM", str(helm))
    workload, made = job(project_folder)
    before, after = workload["spec"]["template"]["spec"], made["spec"]["template"]["spec"]
    (own,), (was,) = after["containers"], before["containers"]
    for key in ("image", "env", "volumeMounts", "resources", "securityContext"):
        assert own[key] == was[key]
    assert own["command"] == [*KIT_TASK, "migrate", "--all"]
    assert not {"ports", "livenessProbe", "readinessProbe", "startupProbe"} & set(own)
    assert "readinessProbe" in was, "the control: the workload has what was taken out"
    for key in ("volumes", "initContainers", "securityContext", "serviceAccountName"):
        assert after[key] == before[key], "a sidecar ends with the task"
    assert after["restartPolicy"] == "Never"
    limits = {key: made["spec"][key] for key in ("backoffLimit", "activeDeadlineSeconds")}
    assert limits == {"backoffLimit": 0, "activeDeadlineSeconds": 90}
    labels = made["spec"]["template"]["metadata"]["labels"]
    selector = workload["spec"]["selector"]["matchLabels"]
    assert not selector.items() <= labels.items(), "no Service takes it for the web process"
    assert labels["app.kubernetes.io/component"] == TASK


def test_an_image_without_the_kit_gets_the_command_alone(
    project_folder: Path, helm: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("MORROW_HELM", str(helm))
    _, made = job(project_folder, "ports: {admin: null}\n")
    assert made["spec"]["template"]["spec"]["containers"][0]["command"] == ["migrate", "--all"]
