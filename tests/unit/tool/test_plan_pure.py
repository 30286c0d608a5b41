"""The plan's pure parts: Helm's merge of one object, the difference, drift, secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from morrow.tool.cluster.objects import owned_by_helm, parse
from morrow.tool.plan.diff import Change, differences, drift, shown
from morrow.tool.plan.merge import patched
from morrow.tool.plan.objects import HIDDEN, by_key, clean
from morrow.tool.programs.kubectl import parse_stream
from tests.unit.tool.deployments import Object, app, deployment


def env(**values: str) -> list[Object]:
    return [{"name": name, "value": value} for name, value in values.items()]


def fields(before: Object, after: Object) -> dict[str, tuple[Any, Any]]:
    return {one.field: (one.before, one.after) for one in differences(before, after)}


APP = "spec.template.spec.containers[app]"


def test_what_the_new_manifest_does_not_say_any_more_goes() -> None:
    old = deployment(app(env=env(A="1", B="2")))
    live = deployment(app(env=[*env(A="1", B="2"), *env(HAND="x")]), replicas=2)
    after = patched(old, deployment(app(env=env(A="1"))), live)
    assert after == deployment(app(env=env(A="1", HAND="x")), replicas=2)
    assert fields(live, after) == {f"{APP}.env[B]": ({"name": "B", "value": "2"}, None)}


def test_a_hands_value_is_set_back() -> None:
    old = deployment(app(env=env(A="1")))
    live = deployment(app(env=env(A="hand")))
    assert patched(old, old, live) == old
    assert fields(live, old) == {f"{APP}.env[A].value": ("hand", "1")}


def test_replicas_go_when_the_autoscaler_comes_and_stay_while_it_is_there() -> None:
    live = deployment(app(), replicas=7)
    assert "replicas" not in patched(deployment(app(), replicas=2), deployment(app()), live)["spec"]
    assert patched(deployment(app()), deployment(app()), live) == live


def test_a_volume_holds_only_what_the_manifest_says() -> None:
    old = deployment({"volumes": [{"name": "data", "emptyDir": {}}]})
    new = deployment({"volumes": [{"name": "data", "configMap": {"name": "x"}}]})
    assert patched(old, new, old) == new


def test_lists_without_a_key_are_replaced() -> None:
    live = deployment({**app(args=["a", "b"]), "tolerations": [{"key": "x"}]})
    new = deployment({**app(args=["a"]), "tolerations": [{"key": "y"}]})
    assert patched(live, new, live) == new
    assert set(fields(live, new)) == {f"{APP}.args", "spec.template.spec.tolerations[0].key"}


def test_a_crds_object_does_not_look_at_the_live_one() -> None:
    def route(*hosts: str, **spec: Any) -> Object:
        kind = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute"}
        return {**kind, "spec": {"hostnames": list(hosts), **spec}}

    live = route("hand", defaulted=1)
    assert patched(route("a"), route("a"), live) == live
    assert patched(route("a"), route("b"), live) == route("b", defaulted=1)
    assert patched(route("a", rules=1), route("a"), route("a", rules=2)) == route("a")


def test_order_counts_where_it_is_kept() -> None:
    before, after = deployment(app(env=env(A="1", B="2"))), deployment(app(env=env(B="2", A="1")))
    assert fields(before, after) == {f"{APP}.env.(order)": (["A", "B"], ["B", "A"])}


def test_service_ports_merge_by_port() -> None:
    def service(*ports: int) -> Object:
        listed = [{"port": port, "targetPort": 1} for port in ports]
        return {"apiVersion": "v1", "kind": "Service", "spec": {"ports": listed}}

    assert patched(service(80), service(81), service(80, 99)) == service(81, 99) or patched(
        service(80), service(81), service(80, 99)
    ) == service(99, 81)
    assert set(fields(service(80), service(81))) == {"spec.ports[80]", "spec.ports[81]"}


def test_a_secrets_value_is_never_in_a_plan() -> None:
    canary = "Y2FuYXJ5"
    one = {"apiVersion": "v1", "kind": "Secret", "data": {"A": canary, "B": canary}}
    two = {"apiVersion": "v1", "kind": "Secret", "data": {"A": "ZnJlc2g=", "C": canary}}
    found = differences(one, two)
    assert {change.field for change in found} == {"data.A", "data.B", "data.C"}
    text = json.dumps([change.as_json() for change in found] + [clean(one)])
    assert canary not in text
    assert "ZnJlc2g=" not in text
    assert HIDDEN in text


def test_noise_is_left_out() -> None:
    one = deployment(app())
    noisy = {
        **one,
        "metadata": {
            **one["metadata"],
            "uid": "u",
            "resourceVersion": "7",
            "generation": 3,
            "managedFields": [],
            "annotations": {"deployment.kubernetes.io/revision": "4"},
        },
        "status": {"replicas": 1},
    }
    assert clean(noisy) == clean(one)


@pytest.mark.parametrize(
    ("manager", "found"),
    [
        ("kubectl-edit", True),
        ("helm", True),
        ("kube-controller-manager", False),
        ("external-secrets", False),
    ],
)
def test_a_controllers_work_is_no_drift(manager: str, found: bool) -> None:
    live = deployment(app(), replicas=5)
    live["metadata"]["managedFields"] = [
        {"manager": "helm", "fieldsV1": {"f:spec": {"f:template": {}}}},
        {"manager": manager, "fieldsV1": {"f:spec": {"f:replicas": {}}}},
    ]
    changes = drift(deployment(app(), replicas=2), live)
    assert bool(changes) is found


def test_what_the_server_adds_when_an_object_is_made_is_no_drift() -> None:
    live: Object = {"kind": "Ingress", "metadata": {}, "spec": {"ingressClassName": "x"}}
    made: Object = {"kind": "Ingress", "metadata": {}, "spec": {}}
    written: Object = {"f:spec": {"f:ingressClassName": {}}}
    for manager, found in (("helm", False), ("terraform-provider-helm", False), ("curl", True)):
        live["metadata"]["managedFields"] = [{"manager": manager, "fieldsV1": written}]
        assert bool(drift(made, live)) is found
    live["metadata"]["managedFields"] = []
    assert drift(made, live) == []
    assert drift({**made, "spec": {"ingressClassName": "y"}}, live) != []


def test_a_list_items_owner_is_found_by_its_key() -> None:
    live = deployment(app(env=env(HAND="1")))
    by: Object = {"f:containers": {'k:{"name":"app"}': {"f:env": {'k:{"name":"HAND"}': {".": {}}}}}}
    written: Object = {"f:spec": {"f:template": {"f:spec": by}}}
    live["metadata"]["managedFields"] = [{"manager": "x-controller", "fieldsV1": written}]
    assert drift(deployment(app()), live) == []
    live["metadata"]["managedFields"][0]["manager"] = "kubectl-set"
    (change,) = drift(deployment(app()), live)
    assert change.field == f"{APP}.env[HAND]" or change.field == f"{APP}.env"


def test_manifests_are_read_as_helm_applies_them() -> None:
    text = "---\n# nothing\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    (one,) = parse(text)
    marked = owned_by_helm(one, "web", "here")
    assert marked["metadata"]["annotations"]["meta.helm.sh/release-name"] == "web"
    assert marked["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "Helm"}
    assert "labels" not in one["metadata"]
    (key,) = by_key([one], "here")
    assert (str(key), key.namespace, key.group) == ("configmap/a", "here", "")


def test_several_documents_of_json_are_read() -> None:
    two = '{"kind": "A"}\n{"kind": "List", "items": [{"kind": "B"}, {"kind": "C"}]}\n'
    assert [one["kind"] for one in parse_stream(two)] == ["A", "B", "C"]
    assert parse_stream("") == []


def test_values_are_shown_short() -> None:
    assert shown(None) == "(none)"
    assert shown("a") == '"a"'
    assert shown({"name": "A", "value": "1"}) == '"1"'
    assert Change(("metadata", "labels", "example.com/x"), None, 1).field == (
        'metadata.labels["example.com/x"]'
    )
