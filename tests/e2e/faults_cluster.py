"""Faults of what stands around a release: rules, others at work, what is half deleted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tests.e2e.faults_network import patched
from tests.e2e.faults_pods import SAFE
from tests.e2e.tool_faults import Fault, Values, env, made, removed
from tests.e2e.tool_project import ToolProject

RULES = "admissionregistration.k8s.io/v1"
Step = Callable[[ToolProject], None]
HOLD = '{"metadata": {"finalizers": ["example.com/holds"]}}'
NONE = '{"metadata": {"finalizers": null}}'


def rule(
    group: str, resource: str, says: str, kind: str = "Validating", judges: str = "false"
) -> Step:
    """Return what lets a policy of the cluster look at this namespace's objects."""

    def make(project: ToolProject) -> None:
        name = project.namespace
        match = {"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE"],
                 "resources": [resource]}  # fmt: skip
        spec: dict[str, Any] = {"matchConstraints": {"resourceRules": [match]}}
        if kind == "Validating":
            spec["validations"] = [{"expression": judges, "message": says}]
            more: dict[str, Any] = {"validationActions": ["Deny"]}
        else:
            change = {"patchType": "JSONPatch", "jsonPatch": {"expression": says}}
            spec |= {"mutations": [change], "reinvocationPolicy": "Never"}
            more = {}
        here = {"matchLabels": {"kubernetes.io/metadata.name": name}}
        bound = {"policyName": name, "matchResources": {"namespaceSelector": here}, **more}
        head = {"apiVersion": RULES, "metadata": {"name": name}}
        project.make({**head, "kind": f"{kind}AdmissionPolicy", "spec": spec})
        project.make({**head, "kind": f"{kind}AdmissionPolicyBinding", "spec": bound})
        threading.Event().wait(3)  # until every API server has learnt of it

    return make


def no_rule(kind: str = "Validating") -> Step:
    """Return what takes the policy away."""

    def remove(project: ToolProject) -> None:
        for what in ("policybinding", "policy"):
            project.kubectl("delete", f"{kind.lower()}admission{what}", project.namespace)
        threading.Event().wait(3)

    return remove


def held(kind: str, name: str) -> Step:
    """Return what deletes an object that a finalizer holds."""

    def remove(project: ToolProject) -> None:
        patched(kind, name, HOLD)(project)
        project.kubectl("delete", kind, name, "--wait=false")

    return remove


def again_and_again(*words: str) -> Callable[[ToolProject, threading.Event], None]:
    """Return somebody who does the same thing all the time, as a foreign controller does."""

    def work(project: ToolProject, end: threading.Event) -> None:
        filled = [project.filled(word) for word in words]
        while not end.wait(0.5):
            where = ("--context", project.cluster.context, "-n", project.namespace)
            project.cluster.command("kubectl", *where, *filled)

    return work


def another_environment(project: ToolProject) -> None:
    """Deploy the release by another environment's name."""
    project.write({**project.simple(), "environment": "qa"}, "qa")
    told = project.morrow("up", "qa")
    assert told.code == 0, told


def once(word: str) -> Values:
    """Return a Job of one's own, whose template nobody may change."""
    command = ["/usr/bin/python3", "-c", f"print('{word}')"]
    container = {"name": "odd", "image": "IMAGE", "command": command, "securityContext": SAFE}
    pod = {"restartPolicy": "Never", "containers": [container]}
    return {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": pod}}}


def scaler(deployment: str) -> Values:
    """Return an autoscaler of one's own."""
    aim = {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment}
    spec = {"maxReplicas": 2, "scaleTargetRef": aim}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "spec": spec}


PARTITION = '{"spec": {"updateStrategy": {"rollingUpdate": {"partition": 1}}}}'
ADD = "[JSONPatch{{op: 'add', path: '{}', value: {}}}]"
GATED = ADD.format("/spec/schedulingGates", "[{'name': 'a.b/c'}]")
UNREADY = ADD.format("/spec/readinessGates", "[{'conditionType': 'a.b/c'}]")
SCALED: Values = {"replicas": None, "autoscaling": {"mode": "hpa", "min": 1, "max": 2, "cpu": 70}}
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}

FAULTS = (
    Fault(
        "a rule refuses the Deployment", "admission-refused", r"release web", r"no team is named",
        before=rule("apps", "deployments", "no team is named"), after=no_rule(), ci=True,
    ),
    Fault(
        "a rule refuses the pods", "admission-refused", r"ReplicaSet web-", r"only on Sundays",
        before=rule("", "pods", "only on Sundays"), after=no_rule(),
    ),
    Fault(
        "pods are held by a scheduling gate", "unschedulable", r"Pod web-",
        r"scheduling gate a.b/c",
        before=rule("", "pods", GATED, "Mutating"), after=no_rule("Mutating"), seconds=40,
    ),
    Fault(
        "pods wait for a readiness gate", "gate-closed", r"Pod web-", r"a.b/c is not open",
        before=rule("", "pods", UNREADY, "Mutating"), after=no_rule("Mutating"),
    ),
    Fault(
        "quota of services", "quota-exceeded", r"release web", r"exceeded quota: few",
        before=made("ResourceQuota", "few", spec={"hard": {"services": "0"}}),
        after=removed("resourcequota", "few"), ci=True,
    ),
    Fault(
        "quota leaves no place for Helm's record", "quota-exceeded", r"release web",
        r"exceeded quota: few",
        before=made("ResourceQuota", "few", spec={"hard": {"secrets": "0"}}),
        after=removed("resourcequota", "few"),
    ),
    Fault(
        "limit range wants more", "limit-range-refused", r"ReplicaSet web-",
        r"minimum memory usage per Container is 64Mi",
        before=made("LimitRange", "much", spec={
            "limits": [{"type": "Container", "min": {"memory": "64Mi"}}]}),
        after=removed("limitrange", "much"), ci=True,
    ),
    Fault(
        "Service is half deleted", "object-ending", r"Service web", r"held by example.com/holds",
        over=True, before=held("service", "web"), typed=True, exit=3, ci=True,
    ),
    Fault(
        "Deployment is half deleted", "object-ending", r"Deployment web", r"held by .*holds",
        env(A="new"), over=True, before=held("deployment", "web"), typed=True,
    ),
    Fault(
        "somebody puts the old settings back", "release-overwritten", r"Deployment web",
        r"has another A than was applied", env(A="new"), over=True, exit=3,
        during=again_and_again("set", "env", "deployment/web", "A=old"),
    ),
    Fault(
        "somebody lets no pod run", "release-overwritten", r"Deployment web", r"scaled to no pods",
        over=True, exit=3, during=again_and_again("scale", "deployment/web", "--replicas=0"),
    ),
    Fault(
        "somebody deletes a part", "object-gone", r"NetworkPolicy web", r"not there any more",
        over=True, exit=3, during=again_and_again("delete", "networkpolicy", "web"),
    ),
    Fault(
        "autoscaler's target is not there", "autoscaler-blocked", r"HorizontalPodAutoscaler odd",
        r"FailedGetScale", {"extra": {"odd": scaler("nosuch")}}, exit=3,
    ),
    Fault(
        "autoscaler has nothing to divide by", "autoscaler-blind", r"HorizontalPodAutoscaler web",
        r"FailedGetPodsMetric|FailedGetResourceMetric|unable",
        {**SCALED, "autoscaling": {"mode": "hpa", "min": 1, "max": 2, "cpu": 0,
                                   "pods": {"requests_nosuch": "10"}}}, exit=3,
    ),
    Fault(
        "two autoscalers", "autoscaler-blocked", r"HorizontalPodAutoscaler web",
        r"controlled by multiple HPAs", SCALED, exit=3,
        before=made("HorizontalPodAutoscaler", "other", apiVersion="autoscaling/v2",
                    spec={"maxReplicas": 3, "scaleTargetRef": TARGET}),
        after=removed("hpa", "other"),
    ),
    Fault(
        "release of another environment", "release-of-another", r"release web", r"environment qa",
        before=another_environment, typed=True, exit=2, ci=True,
    ),
    Fault(
        "what cannot be changed", "release-refused", r"release web", r"field is immutable",
        {"extra": {"odd": once("two")}}, first={"extra": {"odd": once("one")}}, over=True,
    ),
    Fault(
        "paused by hand", "rollout-paused", r"Deployment web", r"its rollout is paused",
        env(A="new"), over=True, typed=True, exit=3, ci=True,
        before=patched("deployment", "web", '{"spec": {"paused": true}}'),
    ),
    Fault(
        "StatefulSet is held by a partition", "rollout-paused", r"StatefulSet web", r"partition",
        env(A="new"), first={"workload": "StatefulSet"}, over=True, exit=3, typed=True,
        before=patched("statefulset", "web", PARTITION),
    ),
)  # fmt: skip
