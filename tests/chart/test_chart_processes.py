"""Workers, crons and release tasks beside the web process, and what each container gets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.rendering import (
    FOREIGN,
    SMALLEST,
    Object,
    Values,
    every,
    one,
    over,
    refusal,
    render,
)

WORKER = {"kind": "worker", "command": ["work"]}
CRON = {"kind": "cron", "command": ["run"], "schedule": "*/5 * * * *"}
JOB = {"kind": "job", "command": ["migrate"]}
SECRETS: Values = {"secrets": {"keys": ["A", "B"]}, "config": {"PLAIN": "1"}}


def with_processes(*more: Values, values: Values = SMALLEST, **processes: Any) -> list[Object]:
    for one_more in more:
        values = over(values, one_more)
    return render(over(values, {"processes": processes}))


def template(o: Object) -> Object:
    spec = o["spec"].get("jobTemplate", o)["spec"]
    return dict(spec["template"])


def container(o: Object) -> Object:
    return dict(template(o)["spec"]["containers"][0])


def variables(of: Object) -> dict[str, Any]:
    return {v["name"]: v.get("value", v.get("valueFrom")) for v in of.get("env", [])}


def secret_items(pod: Object, volume: str) -> list[str]:
    [found] = [v for v in pod["spec"]["volumes"] if v["name"] == volume]
    return [item["key"] for item in found["secret"]["items"]]


def test_a_worker_of_the_kit_is_watched_and_drained_by_it() -> None:
    worker = one(
        with_processes(worker={**WORKER, "drain": 3, "grace": 60}), "Deployment", "shop-worker"
    )
    of = container(worker)
    assert of["command"] == ["python3", "-m", "morrow", "worker", "--", "work"]
    assert {p["name"]: p["containerPort"] for p in of["ports"]} == {"admin": 8081}
    asked = {k: of[f"{k}Probe"]["httpGet"]["path"] for k in ("startup", "readiness", "liveness")}
    assert asked == {"startup": "/startupz", "readiness": "/readyz", "liveness": "/livez"}
    told = variables(of)
    assert (told["MORROW_DRAIN"], told["MORROW_GRACE"]) == ("3", "60")
    assert "MORROW_PORT" not in told
    assert template(worker)["spec"]["terminationGracePeriodSeconds"] == 3 + 60 + 10 + 5
    assert "lifecycle" not in of


def test_a_foreign_worker_runs_as_it_is() -> None:
    objects = with_processes(values=FOREIGN, worker={**WORKER, "drain": 3}, plain=dict(WORKER))
    of = container(one(objects, "Deployment", "shop-worker"))
    assert of["command"] == ["work"]
    assert of["lifecycle"] == {"preStop": {"sleep": {"seconds": 3}}}
    assert not [key for key in of if key.endswith("Probe")]
    assert "ports" not in of
    assert "lifecycle" not in container(one(objects, "Deployment", "shop-plain"))


def test_a_worker_has_what_the_web_process_has() -> None:
    monitor = {"observability": {"monitor": {"kind": "pod"}}, "network": {"egress": {"to": {}}}}
    scaled = {**WORKER, "autoscaling": {"mode": "hpa", "min": 2, "max": 5}}
    objects = with_processes(monitor, many={**WORKER, "replicas": 3}, scaled=scaled)
    for name in ("shop-many", "shop-scaled"):
        own = one(objects, "Deployment", name)["spec"]["selector"]["matchLabels"]
        assert own["app.kubernetes.io/component"] == name.removeprefix("shop-")
        for kind in ("PodDisruptionBudget", "PodMonitor"):
            assert one(objects, kind, name)["spec"]["selector"]["matchLabels"] == own
        policy = one(objects, "NetworkPolicy", name)["spec"]
        assert policy["podSelector"]["matchLabels"] == own
        assert [rule["ports"][0]["port"] for rule in policy["ingress"]] == ["admin"]
        assert policy["policyTypes"] == ["Ingress", "Egress"]
    scaler = one(objects, "HorizontalPodAutoscaler", "shop-scaled")["spec"]
    assert scaler["scaleTargetRef"]["name"] == "shop-scaled"
    assert "replicas" not in one(objects, "Deployment", "shop-scaled")["spec"]
    assert len(every(objects, "Service")) == 1


def test_a_cron() -> None:
    more = {"timeZone": "Europe/Berlin", "concurrency": "Replace", "history": {"failed": 4}}
    spec = one(with_processes(beat={**CRON, **more}), "CronJob", "shop-beat")["spec"]
    assert (spec["schedule"], spec["timeZone"]) == ("*/5 * * * *", "Europe/Berlin")
    assert spec["concurrencyPolicy"] == "Replace"
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 4)
    run = spec["jobTemplate"]["spec"]
    assert run["activeDeadlineSeconds"] == 3600
    assert run["template"]["spec"]["serviceAccountName"] == "shop"


def test_jobs_run_before_the_pods_in_order() -> None:
    objects = with_processes(SECRETS, b={**JOB, "order": 1}, a={**JOB, "order": 2}, job=dict(JOB))
    notes = {o["metadata"]["name"]: o["metadata"]["annotations"] for o in every(objects, "Job")}
    ranked = sorted(notes, key=lambda name: int(notes[name]["helm.sh/hook-weight"]))
    assert ranked == ["shop-job", "shop-b", "shop-a"]
    assert {n["helm.sh/hook"] for n in notes.values()} == {"pre-install,pre-upgrade"}
    job = one(objects, "Job", "shop-job")
    assert container(job)["command"] == ["python3", "-m", "morrow", "task", "--", "migrate"]
    assert variables(container(job))["PLAIN"] == "1"
    assert "serviceAccountName" not in template(job)["spec"]
    limits = one(objects, "NetworkPolicy", "shop-job")["metadata"]["annotations"]
    assert int(limits["helm.sh/hook-weight"]) < 0, "its limits come before it"


def test_the_job_does_not_escape_the_limits_of_egress() -> None:
    egress = {"network": {"egress": {"to": {"db": {"cidr": "10.0.0.0/16", "ports": [5432]}}}}}
    objects = with_processes(egress, job=dict(JOB), beat=dict(CRON))
    own = one(objects, "NetworkPolicy", "shop")["spec"]["egress"]
    assert len(own) == 3
    for name in ("shop-job", "shop-beat"):
        assert one(objects, "NetworkPolicy", name)["spec"]["egress"] == own


def test_the_web_process_may_be_absent() -> None:
    objects = with_processes({"web": {"enabled": False}}, worker=dict(WORKER))
    assert [o["metadata"]["name"] for o in every(objects, "Deployment")] == ["shop-worker"]
    assert not every(objects, "Service") + every(objects, "Pod")
    assert "nothing would run" in refusal(over(SMALLEST, {"web": {"enabled": False}}))


def test_a_process_takes_what_it_does_not_state() -> None:
    top = {
        "env": {"X": "1", "Y": "1"},
        "pod": {"labels": {"team": "a"}},
        "resources": {"limits": {"memory": "300Mi"}},
        "command": ["serve"],
        "sidecars": {"proxy": {"image": "p:1"}},
    }
    own = {**WORKER, "env": {"Y": "2"}, "resources": {"requests": {"cpu": "1"}}}
    worker = one(with_processes(top, worker=own), "Deployment", "shop-worker")
    of = container(worker)
    assert (variables(of)["X"], variables(of)["Y"]) == ("1", "2")
    assert of["resources"]["limits"]["memory"] == "300Mi"
    assert of["resources"]["requests"]["cpu"] == "1"
    assert template(worker)["metadata"]["labels"]["team"] == "a"
    assert "initContainers" not in template(worker)["spec"]


@pytest.mark.parametrize("how", ["files", "env"])
def test_each_container_gets_what_it_says(how: str) -> None:
    helpers = {
        "sidecars": {"none": {"image": "p:1"}, "some": {"image": "p:1", "secrets": ["B"]}},
        "initContainers": {"wait": {"command": ["w"], "config": True, "secrets": ["A"]}},
    }
    objects = with_processes(
        SECRETS, helpers, {"secrets": {"as": how}}, w={**WORKER, "secrets": ["B"], "config": False}
    )
    pod = template(one(objects, "Deployment", "shop"))
    none, some, wait = pod["spec"]["initContainers"]
    assert "env" not in none
    assert variables(wait)["PLAIN"] == "1"
    assert "PLAIN" not in variables(some)
    worker = template(one(objects, "Deployment", "shop-w"))
    assert "PLAIN" not in variables(container(one(objects, "Deployment", "shop-w")))
    if how == "files":
        assert secret_items(pod, "secrets") == ["A", "B"]
        assert secret_items(pod, "secrets-some") == ["B"]
        assert secret_items(pod, "secrets-wait") == ["A"]
        assert secret_items(worker, "secrets") == ["B"]
        mounted = [m["name"] for c in (none, some, wait) for m in c["volumeMounts"]]
        assert mounted == ["tmp", "tmp", "secrets-some", "tmp", "secrets-wait"]
    else:
        assert set(variables(some)) == {"B"}
        assert "A" in variables(wait)
        assert "A" not in variables(container(one(objects, "Deployment", "shop-w")))


def test_a_process_may_take_away_what_stands_above() -> None:
    top = {"env": {"X": "1"}, "volumes": {"d": {"mountPath": "/d", "source": {"emptyDir": {}}}}}
    own = {**WORKER, "env": {"X": None}, "volumes": {"d": None}}
    worker = one(with_processes(top, worker=own), "Deployment", "shop-worker")
    assert "X" not in variables(container(worker))
    assert [v["name"] for v in template(worker)["spec"]["volumes"]] == ["tmp"]
