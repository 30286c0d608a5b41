"""Keys and names that no pod that runs has asked for yet: each shows at the next start only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.base.web import Answer
from morrow.tool.deliver import inside
from morrow.tool.deliver.smoke import PATIENCE
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.references import references
from morrow.tool.diagnose.view import DECLARED, View
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result
from tests.unit.tool.around import LABELS, PLACE, bent, codes, good, seen, template, thing
from tests.unit.tool.test_verdicts_held import slices

FLAGS = thing("ConfigMap", "flags", data={"app.yaml": "x"})


def mounting(path: str, kind: str = "configMap", **more: object) -> Json:
    own = template()
    own["spec"]["volumes"] = [{"name": "flags", kind: {"name": "flags", **more}}]
    mount = {"name": "flags", "mountPath": "/app.yaml", "subPath": path}
    own["spec"]["containers"][0]["volumeMounts"] = [mount]
    return thing("Deployment", "web", "d", spec={"replicas": 1, "template": own})


def cron(key: str) -> Json:
    own = template()
    source = {"configMapKeyRef": {"name": "flags", "key": key}}
    own["spec"]["containers"][0]["env"] = [{"name": "A", "valueFrom": source}]
    spec = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": own}}}
    return thing("CronJob", "tick", spec=spec)


def declared(item: Json, *live: Json) -> View:
    view = seen(good())
    return replace(view, declared=(item,), around={DECLARED: (item, *live)})


@pytest.mark.parametrize(
    ("item", "live", "expected"),
    [
        (mounting("nosuch"), [FLAGS], ["configmap-key-missing"]),
        (mounting("app.yaml"), [FLAGS], []),
        (mounting("a", items=[{"key": "app.yaml", "path": "a"}]), [FLAGS], []),
        (mounting("a", items=[{"key": "gone", "path": "a"}]), [FLAGS], ["configmap-key-missing"]),
        (mounting("conf.d", items=[{"key": "app.yaml", "path": "conf.d/a"}]), [FLAGS], []),
        (mounting("conf", items=[{"key": "app.yaml", "path": "conf.d/a"}]), [FLAGS],
         ["configmap-key-missing"]),
        (mounting("./conf.d//a", items=[{"key": "app.yaml", "path": "conf.d/a"}]), [FLAGS], []),
        (mounting("./app.yaml"), [FLAGS], []),
        (mounting("app.yaml/"), [FLAGS], []),
        (mounting("./nosuch/"), [FLAGS], ["configmap-key-missing"]),
        (mounting("."), [FLAGS], []),
        (mounting("nosuch"), [], []),  # not allowed to look
        (mounting("any", "emptyDir"), [FLAGS], []),
        (mounting("nosuch", optional=True), [FLAGS], []),
        # Of a projected one another source may bring the file.
        (mounting("nosuch", "projected", sources=[{"configMap": {"name": "flags"}}]), [FLAGS], []),
        (cron("nosuch"), [FLAGS], ["configmap-key-missing"]),
        (cron("app.yaml"), [FLAGS], []),
    ],
)  # fmt: skip
def test_a_key_that_nobody_has_asked_for_yet(
    item: Json, live: list[Json], expected: list[str]
) -> None:
    assert codes(declared(item, *live)) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("tls.crt", "tls.key"), []),
        (("tls.crt",), ["certificate-missing"]),
        ((), ["certificate-missing"]),
    ],
)
def test_a_secret_that_is_no_certificate(keys: tuple[str, ...], expected: list[str]) -> None:
    door = thing("Ingress", "web", spec={"tls": [{"secretName": "cert"}]})
    held = thing("Secret", "cert", data=dict.fromkeys(keys, "eA=="))
    found = list(diagnose(declared(door, held), PLACE))
    assert [one.problem.code for one in found] == expected
    assert all("delete secret cert, then: " in one.problem.fix for one in found)


def service(**spec: Any) -> Json:
    return thing("Service", "odd", spec=spec)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"clusterIP": "None", "selector": {"app": "nosuch"}}, ["service-leads-nowhere"]),
        ({"clusterIP": "None", "selector": LABELS}, []),
        ({"type": "ExternalName", "externalName": "nosuch.demo.svc"}, ["service-missing"]),
        ({"type": "ExternalName", "externalName": "nosuch.demo.svc.cluster.local."},
         ["service-missing"]),
        ({"type": "ExternalName", "externalName": "db.demo.svc.example.com"}, []),  # no Service
        ({"type": "ExternalName", "externalName": "odd.demo.svc"}, []),
        ({"type": "ExternalName", "externalName": "db.other.svc.x"}, []),  # not looked at
        ({"type": "ExternalName", "externalName": "db.example.com"}, []),
    ],
)  # fmt: skip
def test_a_service_that_leads_nowhere_by_its_name_alone(spec: Json, expected: list[str]) -> None:
    view = seen(good(), Service=[service(**spec)], EndpointSlice=[])
    assert [one.problem.code for one in diagnose(view, PLACE)] == expected


def test_a_service_that_nothing_leads_anywhere() -> None:
    odd = service(ports=[{"port": 5432}])
    (found,) = diagnose(seen(good(), Service=[odd], EndpointSlice=[]), PLACE)
    assert (found.problem.code, found.beside) == ("service-leads-nowhere", True)
    # The pod that leads fills it: an old lead of 30 s has ended by then, and is seen to have.
    assert 30 + 10 < found.hold < PATIENCE
    assert codes(seen(good(), Service=[odd], EndpointSlice=[slices("odd", "db-0")])) == []
    assert codes(seen(good(), Service=[odd])) == [], "not allowed to look"


@pytest.mark.parametrize(
    ("own", "named", "expected"),
    [
        ("corp.example", "corp.example", ["service-missing"]),
        ("cluster.local corp.example", "corp.example.", ["service-missing"]),
        ("corp.example", "cluster.local", []),  # another cluster's, then
        ("", "cluster.local", ["service-missing"]),
        ("cluster.local", "clusterset.local", []),
    ],
)
def test_a_name_in_the_clusters_own_domain(own: str, named: str, expected: list[str]) -> None:
    odd = service(type="ExternalName", externalName=f"nosuch.demo.svc.{named}")
    file = f".:53 {{\n    ready\n    kubernetes {own} in-addr.arpa ip6.arpa {{\n  }}\n}}\n"
    dns = {"kind": "ConfigMap", "metadata": {"name": "coredns"}, "data": {"Corefile": file}}
    view = seen(good(), Service=[odd], ConfigMap=[dns] if own else [])
    assert codes(view) == expected


def test_a_headless_service_for_pods_that_come_and_go() -> None:
    odd = service(clusterIP="None", selector={"app": "tick"})
    pods = {"template": template(app="tick")}
    runs = thing("CronJob", "tick", spec={"jobTemplate": {"spec": pods}})
    job = thing("Job", "once", spec=pods)
    bare = seen(good(), Service=[odd])
    assert codes(bare) == ["service-leads-nowhere"], "the control"
    assert codes(replace(bare, around={**bare.around, "CronJob": (runs,)})) == []
    assert codes(replace(bare, jobs=(bent(job, lambda one: one["metadata"].pop("labels")),))) == []
    assert codes(replace(bare, declared=(job,))) == [], "it has ended and is gone"


@pytest.mark.parametrize(
    ("said", "policies", "expected"),
    [
        ("dial tcp 10.0.0.1:9000: connect: connection refused", False, ["listens-locally"]),
        ("dial tcp 10.0.0.1:9000: connect: connection refused", True, []),  # it may refuse
        ("i/o timeout", False, []),
        ("", False, []),
    ],
)
def test_a_port_that_answers_inside_the_pod_alone(
    said: str, policies: bool, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inside, "ask", lambda *_: Answer(200))
    monkeypatch.setattr(Kubectl, "run", lambda *_, **__: Result((), int(bool(said)), "", said))
    own = thing("Service", "web", spec={"selector": LABELS, "ports": [{"port": 9000}]})
    policy = thing("NetworkPolicy", "web", spec={"podSelector": {}})
    items = good()
    items[2]["status"]["podIP"] = "10.0.0.1"
    view = seen(items, Service=[own], NetworkPolicy=[policy] if policies else [])
    found = inside.unanswered(view, PLACE, Kubectl("lab", "demo"))
    assert [one.code for one in found] == expected


def test_a_role_that_is_not_there() -> None:
    binding = {
        **thing("RoleBinding", "reads"),
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "roleRef": {"kind": "Role", "name": "reader"},
    }
    (needed,) = references([binding])
    assert (needed["apiVersion"], needed["kind"]) == (binding["apiVersion"], "Role")
    view = replace(seen(good()), declared=(binding, needed))
    assert codes(replace(view, around={DECLARED: (binding,)})) == ["role-missing"]
    there = thing("Role", "reader")
    assert codes(replace(view, around={DECLARED: (binding, there)})) == [], "the control"


@pytest.mark.parametrize(("namespace", "asked"), [(None, 1), ("demo", 1), ("other", 0)])
def test_an_account_that_a_role_is_given_to(namespace: str | None, asked: int) -> None:
    subject = {"kind": "ServiceAccount", "name": "reader", "namespace": namespace}
    binding = {
        **thing("RoleBinding", "reads"),
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "roleRef": {"kind": "ClusterRole", "name": "view"},
        "subjects": [subject, {"kind": "Group", "name": "readers"}],
    }
    role, *needed = references([binding], "demo")
    assert [(one["apiVersion"], one["kind"]) for one in needed] == [
        ("v1", "ServiceAccount")
    ] * asked
    view = replace(seen(good()), declared=(binding, role, *needed))
    live = (binding, thing("ClusterRole", "view"))
    expected = ["service-account-missing"] * asked
    assert codes(replace(view, around={DECLARED: live})) == expected
    there = (*live, thing("ServiceAccount", "reader"))
    assert codes(replace(view, around={DECLARED: there})) == [], "the control"
    assert len(references([binding, thing("ServiceAccount", "reader")], "demo")) == 1, "its own"
    binding["metadata"]["namespace"] = "monitoring"  # and so is an account of no namespace
    _, *needed = references([binding], "demo")
    assert [one["metadata"]["namespace"] for one in needed] == ["demo"] * (namespace == "demo")


def test_a_role_of_the_whole_cluster_is_in_no_namespace() -> None:
    binding = {
        **thing("RoleBinding", "reads", metadata={"namespace": "kube-system"}),
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "roleRef": {"kind": "ClusterRole", "name": "view"},
    }
    own = thing("ClusterRole", "own")  # as written: with a namespace
    view = replace(seen(good()), declared=(binding, own, *references([binding])))
    live = [{"kind": "ClusterRole", "metadata": {"name": name}} for name in ("view", "own")]
    assert codes(replace(view, around={DECLARED: (binding, *live)})) == []
    assert codes(replace(view, around={DECLARED: (binding,)})) == ["object-gone", "role-missing"]
    elsewhere = thing("Role", "reader")
    binding["roleRef"] = {"kind": "Role", "name": "reader"}
    view = replace(view, declared=(binding, *references([binding])))
    assert codes(replace(view, around={DECLARED: (binding, elsewhere)})) == ["role-missing"]
