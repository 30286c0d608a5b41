"""What the pods are given, and which change of it restarts them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.chart.rendering import (
    CHART,
    DIGEST,
    SMALLEST,
    Object,
    Values,
    documents,
    every,
    helm,
    one,
    over,
    render,
    service_container,
    variables,
)

PROD = CHART / "examples" / "hello-prod.yaml"

# The template is pure


def template_of(chart: Path, *more: str) -> Object:
    done = helm([PROD], *more, chart=chart)
    assert done.returncode == 0, done.stderr
    return dict(one(documents(done.stdout), "Deployment")["spec"]["template"])


def test_unrelated_changes_restart_nothing(tmp_path: Path) -> None:
    newer = tmp_path / "chart"
    shutil.copytree(CHART, newer)
    meta = newer / "Chart.yaml"
    meta.write_text(re.sub(r"^version: .*$", "version: 9.9.9", meta.read_text(), flags=re.M))
    before = template_of(CHART)
    assert template_of(newer) == before
    unrelated = (
        ("--is-upgrade",),
        ("--set", "autoscaling.max=20"),
        ("--set", "route.hosts={other.example.com}"),
        ("--set", "network.ingress.from.x.namespace=y"),
        ("--set", "observability.rules.enabled=false"),
        ("--set", "observability.monitor.kind=service"),
        ("--set", "service.port=8000"),
        ("--set", "pdb.maxUnavailable=2"),
        ("--set", "test.enabled=false"),
        ("--set", "extra.x.apiVersion=v1", "--set", "extra.x.kind=ConfigMap"),
        ("--set", "target.context=elsewhere"),
        ("--kube-version", "1.31.0"),
    )
    for more in unrelated:
        assert template_of(CHART, *more) == before, more


@pytest.mark.parametrize(
    "more",
    ["config.LOG_LEVEL=DEBUG", f"image.digest={DIGEST}", "secrets.revision=r2", "drain=6"],
)
def test_related_changes_do_restart(more: str) -> None:
    assert template_of(CHART, "--set", more) != template_of(CHART)


# Settings and secrets


def test_settings_stand_in_the_pods_template() -> None:
    """So an old pod keeps its own, whoever delivers; ten old ReplicaSets stay, no more."""
    first = render(over(SMALLEST, {"config": {"A": "1", "B": "2"}}))
    assert variables(service_container(first)).items() >= {"A": "1", "B": "2"}.items()
    assert not every(first, "ConfigMap")
    assert one(first, "Deployment")["spec"]["revisionHistoryLimit"] == 10


@pytest.mark.parametrize("text", ["$(HOME)", "$$", "a$b", "$", "100%$(X)$$(Y)", "$$$(Z)"])
def test_a_setting_is_not_expanded(text: str) -> None:
    """Kubernetes reads $(NAME) in a value as another variable, and $$ as $."""
    given = variables(service_container(render(over(SMALLEST, {"config": {"A": text}}))))["A"]
    assert expanded(given) == text


def expanded(text: str) -> str:
    """Return what Kubernetes makes of a variable's value, where no other is declared."""
    return re.sub(r"\$\$", "$", text)


def test_files_stand_in_the_pods_template() -> None:
    volume = {"mountPath": "/etc/shop", "files": {"a.conf": "x: 1\n", "b": "y"}}
    pod = one(render(over(SMALLEST, {"volumes": {"conf": volume}})), "Deployment")["spec"][
        "template"
    ]
    [source] = [v["downwardAPI"] for v in pod["spec"]["volumes"] if "downwardAPI" in v]
    notes = pod["metadata"]["annotations"]
    read = {
        item["path"]: notes[item["fieldRef"]["fieldPath"].split("'")[1]] for item in source["items"]
    }
    assert read == volume["files"]


@pytest.mark.parametrize("text", ["10485760", "1.048576e+07", "true", "012", "12:30", 'a"b\n', ""])
def test_a_setting_arrives_as_it_was_written(text: str) -> None:
    objects = render(over(SMALLEST, {"config": {"ON": text}, "env": {"Y": text}}))
    given = variables(service_container(objects))
    assert (given["ON"], given["Y"]) == (text, text)


SECRETS = {"secrets": {"keys": ["TOKEN", "PASSWORD"], "revision": "3"}}


def test_secrets_are_files_by_default() -> None:
    objects = render(over(SMALLEST, SECRETS))
    pod = one(objects, "Deployment")["spec"]["template"]["spec"]
    [volume] = [v for v in pod["volumes"] if v["name"] == "secrets"]
    assert volume["secret"] == {
        "secretName": "shop-3",
        "defaultMode": 0o440,
        "items": [{"key": k, "path": k} for k in ("TOKEN", "PASSWORD")],
    }
    container = service_container(objects)
    [mount] = [m for m in container["volumeMounts"] if m["name"] == "secrets"]
    assert mount["readOnly"] is True
    assert variables(container)["MORROW_SECRETS_DIR"] == mount["mountPath"]
    assert variables(container)["MORROW_SECRETS_REVISION"] == "3"
    assert not any("valueFrom" in variable for variable in container["env"])


def test_secrets_as_variables() -> None:
    objects = render(over(over(SMALLEST, SECRETS), {"secrets": {"as": "env"}}))
    container = service_container(objects)
    references = {v["name"]: v["valueFrom"] for v in container["env"] if "valueFrom" in v}
    assert references == {
        key: {"secretKeyRef": {"name": "shop-3", "key": key}} for key in ("TOKEN", "PASSWORD")
    }
    assert "MORROW_SECRETS_DIR" not in variables(container)
    volumes = one(objects, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert [v["name"] for v in volumes] == ["tmp"]


@pytest.mark.parametrize(
    ("secrets", "name"),
    [
        ({"provider": "generated"}, "shop-3"),
        ({"provider": "sops", "name": "vault"}, "vault-3"),
        ({"provider": "existing", "name": "vault"}, "vault"),
        ({"provider": "external", "external": {"store": "s"}}, "shop-3"),
    ],
)
def test_the_secrets_name(secrets: Values, name: str) -> None:
    objects = render(over(over(SMALLEST, SECRETS), {"secrets": secrets}))
    volumes = one(objects, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert [v["secret"]["secretName"] for v in volumes if "secret" in v] == [name]
    for secret in every(objects, "ExternalSecret"):
        assert secret["spec"]["target"]["name"] == name


def test_the_chart_renders_no_secret() -> None:
    for file in sorted((CHART / "examples").glob("*.yaml")):
        assert "kind: Secret\n" not in helm([file]).stdout


# What the kit is told


def test_what_the_kit_is_told() -> None:
    values = over(
        over(SMALLEST, SECRETS),
        {"environment": "qa", "image": {"digest": DIGEST}, "target": {"protected": True}},
    )
    told = variables(service_container(render(values)))
    assert told == {
        "MORROW_HOST": "0.0.0.0",
        "MORROW_PORT": "5000",
        "MORROW_ADMIN_PORT": "8081",
        "MORROW_DRAIN": "5",
        "MORROW_GRACE": "20",
        "MORROW_PROTECTED": "true",
        "MORROW_RELEASE": f"ghcr.io/example/shop:1.0@{DIGEST}",
        "MORROW_ENVIRONMENT": "qa",
        "MORROW_SECRETS_REVISION": "3",
        "MORROW_SECRETS_DIR": "/run/secrets/morrow",
    }


def test_the_kit_knows_every_variable_that_the_chart_sets() -> None:
    from morrow.kit.settings.own_settings import KitSettings

    known = {variable.name for variable in KitSettings.variables}
    values = over(over(SMALLEST, SECRETS), {"environment": "qa"})
    told = set(variables(service_container(render(values))))
    assert told <= known
    assert len(told) >= 10


@pytest.mark.parametrize(("http", "admin"), [(80, 8081), (8080, 81)])
def test_a_low_port_needs_no_root(http: int, admin: int) -> None:
    for ports, needed in (({"http": http, "admin": admin}, True), ({"http": 1024}, False)):
        pod = one(render(over(SMALLEST, {"ports": ports})), "Deployment")["spec"]["template"]
        sysctls = pod["spec"]["securityContext"].get("sysctls", [])
        allowed = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
        assert sysctls == (allowed if needed else [])


def test_the_address_can_be_another() -> None:
    values = over(SMALLEST, {"env": {"MORROW_HOST": "::"}})
    assert variables(service_container(render(values)))["MORROW_HOST"] == "::"
