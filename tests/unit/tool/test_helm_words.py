"""What Helm and the API server say, in the tool's codes; Helm 4's words; Kubernetes' quantities."""

from __future__ import annotations

from pathlib import Path

import pytest

from morrow.tool.cluster.objects import quantity
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.refused import helm_problem
from morrow.tool.doctor.cluster import _full
from morrow.tool.programs.helm import Helm, in_words_of
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result
from tools.environments import BASE_PYTHON

PLACE = Place("test", "environments/test.yaml", "web", "demo", "lab")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (
            "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
            "release-stuck",
        ),
        (
            'Error: Unable to continue with install: Service "web" in namespace "demo" exists and'
            " cannot be imported into the current release: invalid ownership metadata",
            "name-taken",
        ),
        (
            'Error: unable to build kubernetes objects: resource mapping not found for name: "odd"'
            ' namespace: "" from "": no matches for kind "Strange" in version "x/v1"\n'
            "ensure CRDs are installed first",
            "resource-kind-missing",
        ),
        (
            "Error: UPGRADE FAILED: unable to build kubernetes objects from current release"
            ' manifest: resource mapping not found for name: "odd" namespace: "" from "": no'
            ' matches for kind "Strange" in version "x/v1"',
            "resource-kind-gone",
        ),
        (
            'Error: services "web" is forbidden: unable to create new content in namespace demo'
            " because it is being terminated",
            "namespace-terminating",
        ),
        (
            "Error: UPGRADE FAILED: pre-upgrade hooks failed: 1 error occurred:\n"
            "\t* job web-migrate failed: BackoffLimitExceeded",
            "job-failed",
        ),
        ("Error: failed pre-install: 1 error occurred:\n\t* pod web-check failed", "job-failed"),
        ("Error: create: failed to create: Request entity too large: limit is 3145728",
         "release-too-large"),
        ('Error: create: failed to create: Secret "sh.helm.release.v1.web.v1" is invalid: data: Too'
         " long: may not be more than 1048576 bytes", "release-too-large"),
        ('Error: UPGRADE FAILED: roles "web" is forbidden: User "ci" cannot patch resource "roles"',
         "access-denied"),
        ('Error: roles.rbac.authorization.k8s.io "web" is forbidden: user "ci" (groups=["a"]) is'
         " attempting to grant RBAC permissions not currently held:\n{Verbs: [get]}",
         "access-denied"),
        ('Error: things.example.com "odd" is forbidden: create not allowed while custom resource'
         " definition is terminating", "object-ending"),
        ('Error: Deployment.apps "web" is invalid: spec.template.spec.containers[0].resources:'
         ' Invalid value: "2": must be less than or equal to cpu limit of 1', "release-refused"),
        ("Error: UPGRADE FAILED: query: failed to query: Unauthorized", "cluster-login"),
        ("Error: values don't meet the specifications of the schema(s)", "release-refused"),
        ('Error: Service "web" is invalid: spec.ports: Required value', "release-refused"),
        ('Error: 1 error occurred:\n\t* namespaces "nosuch" not found', "release-refused"),
        ("Error: UPGRADE FAILED: context deadline exceeded", "rollout-slow"),
        ("Error: UPGRADE FAILED: etcdserver: leader changed", "cluster-unreachable"),
        ('Error: UPGRADE FAILED: Get "https://x": connect: connection refused',
         "cluster-unreachable"),
        ("Error: UPGRADE FAILED: the server is currently unable to handle the request",
         "cluster-unreachable"),
        ('Error: conversion webhook for x/v1, Kind=Odd failed: Post "https://y": x509',
         "webhook-unreachable"),
        ('Error: UPGRADE FAILED: cannot patch "odd" with kind Widget: it says no',
         "release-refused"),
        ("Error: something that nobody has seen", "program-failed"),
    ],
)  # fmt: skip
def test_helms_words(said: str, code: str) -> None:
    found = helm_problem(Result(("helm", "upgrade"), 1, "", said), PLACE, 600)
    assert found.code == code
    assert found.fix
    assert "timed out" not in found.cause
    if code == "job-failed" and "\t* pod" in said:
        assert found.object == "Pod web-check"
    elif code == "job-failed":
        assert (found.object, "BackoffLimitExceeded" in found.cause) == ("Job web-migrate", True)
    if code == "object-ending":
        assert found.object == "CustomResourceDefinition things.example.com"
        assert "get things.example.com --all-namespaces; " in found.fix
    if "grant RBAC" in said:
        assert "{Verbs: [get]}" in found.cause
        assert found.fix.endswith("auth can-i escalate roles")
    if code.startswith("resource-kind"):
        assert "Strange" in found.cause
        assert "Strange" in found.fix


def test_of_an_object_that_is_not_valid_not_every_field_is_told() -> None:
    said = (
        'Error: UPGRADE FAILED: cannot patch "odd" with kind Job: Job.batch "odd" is invalid:'
        ' spec.template: Invalid value: {"labels":{"a: ":"b"},"Spec":{}}: field is immutable'
    )
    found = helm_problem(Result(("helm", "upgrade"), 1, "", said), PLACE, 600)
    assert found.cause.endswith('Job.batch "odd" is invalid: spec.template: field is immutable')


@pytest.mark.parametrize(
    ("said", "code", "deletes"),
    [
        ('Job.batch "odd" is invalid: spec.template: field is immutable', "field-immutable",
         "delete job odd, then"),
        ('StatefulSet.apps "odd" is invalid: spec: Forbidden: updates to statefulset spec for'
         " fields other than", "field-immutable", "delete statefulset odd --cascade=orphan, then"),
        ('Pod "odd" is invalid: spec: Forbidden: pod updates may not change fields other than x',
         "field-immutable", "delete pod odd, then"),
        ('Service "odd" is invalid: spec.clusterIPs[0]: may not change once set',
         "field-immutable", "delete service odd, then"),
        ('PersistentVolumeClaim "odd" is invalid: spec: Forbidden: spec is immutable after x',
         "release-refused", ""),
        ('Service "odd" is invalid: spec.ports: Required value', "release-refused", ""),
    ],
)  # fmt: skip
def test_what_stays_as_it_is_is_made_anew(said: str, code: str, deletes: str) -> None:
    text = f'Error: UPGRADE FAILED: cannot patch "odd" with kind X: {said}'
    found = helm_problem(Result(("helm", "upgrade"), 1, "", text), PLACE, 600)
    assert (found.code, found.object.partition(" ")[2], found.cause) == (code, "odd", said)
    assert ("delete" in found.fix) == bool(deletes)
    assert deletes in found.fix


@pytest.mark.parametrize(
    ("said", "code", "where"),
    [
        ('services "web" not found', "object-gone", "Service web"),
        ('ingresses.networking.k8s.io "web" not found', "object-gone", "Ingress web"),
        ('networkpolicies.networking.k8s.io "web-in" not found', "object-gone",
         "NetworkPolicy web-in"),
        ('configmaps "web-flags" not found', "object-gone", "ConfigMap web-flags"),
        ('configmaps "webs" not found', "release-refused", "release web"),  # a name of others
        ('serviceaccounts "theirs" not found', "release-refused", "release web"),
        ('priorityclasses.scheduling.k8s.io "web" not found', "release-refused", "release web"),
        ('storageclasses.storage.k8s.io "fast" not found', "release-refused", "release web"),
    ],
)  # fmt: skip
def test_only_what_the_chart_makes_is_said_to_be_taken_away(
    said: str, code: str, where: str
) -> None:
    text = f"Error: UPGRADE FAILED: 1 error occurred:\n\t* {said}"
    found = helm_problem(Result(("helm", "upgrade"), 1, "", text), PLACE, 600)
    assert (found.code, found.object) == (code, where)
    assert said in found.cause


UP = ["upgrade", "web", "chart", "--install", "--atomic", "--wait", "--wait-for-jobs"]
UP_4 = ["upgrade", "web", "chart", "--install", "--rollback-on-failure", "--wait=legacy"]
UP_4 += ["--wait-for-jobs", "--server-side=false"]


@pytest.mark.parametrize(
    ("version", "said", "runs"),
    [
        ("v3.18.0", UP, UP),
        ("v3.22.0+g1a2b3c4", UP, UP),
        ("odd", UP, UP),
        ("v4.0.0", UP, UP_4),
        (
            "v4.3.1+g1a2b3c4",
            ["rollback", "web", "2", "--wait"],
            ["rollback", "web", "2", "--wait=legacy", "--server-side=false"],
        ),
        ("v4.3.1", ["uninstall", "web", "--wait"], ["uninstall", "web", "--wait=legacy"]),
        ("v4.3.1", ["template", "web", "chart"], ["template", "web", "chart"]),
    ],
)
def test_helm_4_is_spoken_to_in_its_own_words(
    version: str, said: list[str], runs: list[str]
) -> None:
    assert in_words_of(version, said) == runs


HELM_4 = """#!{python}
import sys
if sys.argv[1] == "version":
    sys.exit(print("v4.3.0+g1a2b3c4"))
sys.stderr.write('level=WARN msg="upgrade failed" name=web error="no way"\\n')
sys.exit("Error: UPGRADE FAILED: " + " ".join(sys.argv[1:]))
"""


def test_helm_4_is_heard_without_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "helm"
    program.write_text(HELM_4.format(python=BASE_PYTHON))
    program.chmod(0o755)
    monkeypatch.setenv("MORROW_HELM", str(program))
    done = Helm("lab", "demo").run("rollback", "web", "2", "--wait")
    assert done.code == 1
    words = "rollback web 2 --wait=legacy --server-side=false --kube-context lab --namespace demo"
    assert done.err == f"Error: UPGRADE FAILED: {words}\n"


def test_a_quota_that_forbids_what_the_release_does_not_make_is_not_full() -> None:
    hard = {"services.loadbalancers": "0", "services.nodeports": "0", "pods": "0"}
    quota = {"metadata": {"name": "small"}, "status": {"hard": hard, "used": dict(hard)}}
    for service, full in (
        ("ClusterIP", ["pods"]),
        ("NodePort", ["services.nodeports", "pods"]),
        ("LoadBalancer", ["services.loadbalancers", "services.nodeports", "pods"]),
    ):
        assert [resource for _, resource, _ in _full(quota, service)] == full


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("100m", 0.1),
        ("2Ki", 2048),
        ("1.5Gi", 1.5 * 2**30),
        ("3k", 3000),
        ("", 0),
        ("1e3", 1000),
        ("1Pi", 2**50),
        ("2E", 2e18),
        ("5u", 5e-6),
    ],
)
def test_quantities(text: str, number: float) -> None:
    assert quantity(text) == pytest.approx(number)


def test_a_login_program_that_is_absent_is_named_and_not_its_advice() -> None:
    said = (
        'Unable to connect to the server: getting credentials: exec: executable "cloud-login" not'
        " found\n\nIt looks like you are trying to use a client-go credential plugin.\n\n"
        "https://kubernetes.io/docs/reference/#client-go-credential-plugins\n"
    )
    (found,) = Kubectl("lab", "demo").failure(Result(("kubectl",), 1, "", said)).problems
    assert found.code == "cluster-login"
    assert found.cause == 'getting credentials: exec: executable "cloud-login" not found'
