"""The cause that is named for what Kubernetes says; `recorded/` was taken from a real cluster."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.errors import Failure, problem
from morrow.tool.cluster.place import Place
from morrow.tool.deliver import rollout
from morrow.tool.diagnose import pod as diagnose_pod
from morrow.tool.diagnose import refused as diagnose_refused
from morrow.tool.diagnose.deployment import rolled_out
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.state import pod_state
from morrow.tool.diagnose.view import HEALS_OFTEN, WAIT, Finding, View, view_of
from morrow.tool.programs.kubectl import Kubectl
from tests.unit.tool.around import bad_line

RECORDED = Path(__file__).parent / "recorded"
PLACE = Place(
    "test",
    "environments/test.yaml",
    "web",
    "demo",
    "lab",
    secret="web-1",
    secret_keys=("SECRET_KEY", "DB_PASSWORD"),
)
Json = dict[str, Any]


def recorded(name: str) -> View:
    return view_of(json.loads((RECORDED / f"{name}.json").read_text()), "web")


def names() -> list[str]:
    return sorted(file.stem for file in RECORDED.glob("*.json"))


@pytest.mark.parametrize("name", [n for n in names() if n not in ("good", "starting")])
def test_what_a_real_cluster_said_is_named(name: str) -> None:
    found = diagnose(recorded(name), PLACE)
    assert found[0].problem.code == name
    assert found[0].hold <= 70
    assert found[0].problem.fix


def test_good_pods_are_no_fault() -> None:
    assert diagnose(recorded("good"), PLACE) == []


def test_a_pod_that_starts_has_its_whole_budget() -> None:
    (finding,) = diagnose(recorded("starting"), PLACE)
    assert finding.problem.code == "never-ready"
    assert finding.hold >= 60


def test_a_rollout_is_complete_when_its_controller_says_so_of_the_present_template() -> None:
    view = recorded("good")
    good = view.deployment
    assert good is not None
    assert rolled_out(good, view)
    starting = recorded("starting")
    assert not rolled_out(starting.deployment, starting)
    changed = {**good, "metadata": {**good["metadata"], "generation": 99}}
    assert not rolled_out(changed, view), "the controller has not yet seen the new template"


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (["good"], None),
        (["starting", "good"], None),
        (["starting"] * 9, "never-ready"),
    ],
)
def test_what_was_applied_must_settle(
    monkeypatch: pytest.MonkeyPatch, seen: list[str], code: str | None
) -> None:
    looks = iter(["good", *seen])
    monkeypatch.setattr(rollout, "PERIOD", 1.0)
    monkeypatch.setattr(rollout.Rollout, "_look", lambda self: recorded(next(looks)))
    with rollout.Rollout(Kubectl("lab", "demo"), PLACE, interrupt=False) as watched:
        watched.fault = watched._place.problem("crashed", "Pod web", "an earlier look's")
        told = watched.settled(0.1)
    assert (told.code if told else None) == code
    assert watched.fault == told


def test_an_interrupt_ends_the_wait_for_it_to_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    def looks() -> Iterator[View]:
        yield recorded("good")
        raise Failure(problem("interrupted", "kubectl", "told to stop"))

    each = looks()
    monkeypatch.setattr(rollout.Rollout, "_look", lambda self: next(each))
    with (
        rollout.Rollout(Kubectl("lab", "demo"), PLACE, interrupt=False) as watched,
        pytest.raises(Failure, match="told to stop"),
    ):
        watched.settled(60)


def test_what_was_there_before_is_not_judged() -> None:
    view = recorded("configmap-missing")
    known = [item["metadata"]["uid"] for item in (*view.replicasets, *view.pods)]
    assert diagnose(view, PLACE, known) == []
    assert diagnose(view, PLACE) != []


def test_a_replicaset_of_an_older_template_is_not_judged() -> None:
    view = recorded("configmap-missing")
    assert view.deployment is not None
    view.deployment["metadata"]["generation"] += 1
    (finding,) = diagnose(view, PLACE)
    assert (finding.problem.code, finding.hold) == ("controller-silent", 60.0)


def test_another_deployment_of_the_namespace_is_not_judged() -> None:
    items = json.loads((RECORDED / "configmap-missing.json").read_text())
    assert diagnose(view_of(items, "other"), PLACE) == []


def bent(
    state: Json | None = None,
    last: Json | None = None,
    *,
    events: tuple[tuple[str, str], ...] = (),
    conditions: tuple[Json, ...] = (),
    restarts: int = 0,
    pod: Json | None = None,
    container: Json | None = None,
    volumes: tuple[Json, ...] = (),
) -> View:
    """One new pod in the state given."""
    status: Json = {"name": "web", "ready": False, "restartCount": restarts}
    status |= {"state": state or {}, "lastState": last or {}}
    made: Json = {
        "kind": "Pod",
        "metadata": {"name": "web-1-abcde", "uid": "p", "ownerReferences": [{"uid": "r"}]},
        "spec": {
            "containers": [{"name": "web", "image": "ghcr.io/x/y:1", **(container or {})}],
            "volumes": list(volumes),
        },
        "status": {"containerStatuses": [status], "conditions": list(conditions), **(pod or {})},
    }
    told = [
        {
            "kind": "Event",
            "metadata": {},
            "involvedObject": {"uid": "p"},
            "reason": reason,
            "message": message,
            "type": "Warning",
        }
        for reason, message in events
    ]
    deployment = {
        "kind": "Deployment",
        "metadata": {"name": "web", "uid": "d", "generation": 1},
        "status": {"observedGeneration": 1},
    }
    replicaset = {
        "kind": "ReplicaSet",
        "metadata": {"name": "web-1", "uid": "r", "ownerReferences": [{"uid": "d"}]},
        "spec": {"replicas": 1},
        "status": {"replicas": 0},
    }
    return view_of([deployment, replicaset, made, *told], "web")


def first(view: View) -> Finding:
    return diagnose(view, PLACE)[0]


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def ended(code: int, reason: str = "Error", message: str = "") -> Json:
    return {"terminated": {"exitCode": code, "reason": reason, "message": message}}


BACKS_OFF = waiting("CrashLoopBackOff")


@pytest.mark.parametrize(
    ("said", "code", "final"),
    [
        ("failed to resolve reference: ghcr.io/x/y:1: not found", "image-not-found", True),
        ("unexpected status: 401 Unauthorized", "image-unauthorised", True),
        ("denied: requested access to the resource is denied", "image-unauthorised", True),
        ("no match for platform in manifest: not found", "image-wrong-platform", True),
        ("dial tcp 10.0.0.1:443: connect: connection refused", "registry-unreachable", False),
        ("net/http: TLS handshake timeout", "registry-unreachable", False),
    ],
)
def test_an_image_that_is_not_pulled(said: str, code: str, final: bool) -> None:
    for state in ("ErrImagePull", "ImagePullBackOff"):
        message = f'Failed to pull image "ghcr.io/x/y:1": {said}'
        finding = first(bent(waiting(state), events=(("Failed", message),)))
        assert finding.problem.code == code
        assert "ghcr.io/x/y:1" in finding.problem.cause
        assert (finding.hold == 0) is final


def test_bad_settings_name_every_variable_and_its_owner() -> None:
    line = bad_line(
        ("DB_PASSWORD", "is missing: set it (The password; of the database; USER is the other)"),
        ("LOG_LEVEL", "must be one of DEBUG, INFO"),
    )
    problem = first(bent(ended(78, message=line))).problem
    assert problem.code == "settings-refused"
    assert "DB_PASSWORD is missing" in problem.cause
    assert "morrow secrets set test DB_PASSWORD" in problem.fix
    assert "set config.LOG_LEVEL in environments/test.yaml" in problem.fix
    assert "USER in" not in problem.fix, "a help text names no variable"
    assert problem.details == (line,)


def test_one_bad_setting_is_named_too() -> None:
    line = bad_line(("API_BASE_URL", "is missing: set it"))
    problem = first(bent(ended(78, message=line))).problem
    assert problem.cause.endswith(": API_BASE_URL is missing: set it")
    assert first(bent(ended(78, message="no JSON"))).problem.details == ("no JSON",)


def test_bad_settings_are_final_at_once_and_a_crash_at_its_second() -> None:
    assert first(bent(ended(78))).hold == 0
    assert first(bent(ended(1))).hold == WAIT
    # Both are the second death: seen as it happens, or in the back-off that follows.
    for again in (bent(ended(1), restarts=1), bent(BACKS_OFF, ended(1), restarts=1)):
        assert (first(again).problem.code, first(again).hold) == ("crashed", 0)
        assert first(again).problem.cause.endswith("2 times")
    assert first(bent(BACKS_OFF, ended(1), restarts=0)).hold == WAIT
    assert diagnose(bent({"running": {}}, ended(1), restarts=1), PLACE) == []


def test_too_little_memory_names_the_limit() -> None:
    limit = {"resources": {"limits": {"memory": "48Mi"}}}
    view = bent(waiting("CrashLoopBackOff"), ended(137, "OOMKilled"), restarts=2, container=limit)
    finding = first(view)
    assert finding.problem.code == "out-of-memory"
    assert "48Mi" in finding.problem.cause


@pytest.mark.parametrize(
    ("message", "code", "hold"),
    [
        ("exceeded quota: small, requested: pods=1, used: pods=0", "quota-exceeded", 12),
        ('violates PodSecurity "restricted:latest": runAsNonRoot', "pod-security-refused", 0),
        ('error looking up service account demo/x: serviceaccount "x" not found',
         "service-account-missing", 12),
        ('failed calling webhook "w.example.com": no endpoints', "webhook-unreachable", 12),
        ('admission webhook "w.example.com" denied the request: no', "admission-refused", 0),
        ("something new", "pod-refused", 12),
    ],
)  # fmt: skip
def test_pods_that_are_refused(message: str, code: str, hold: float) -> None:
    view = bent()
    event = {
        "involvedObject": {"uid": "r"},
        "reason": "FailedCreate",
        "message": f'Error creating: pods "web-1-x" is forbidden: {message}',
    }
    refused = View(view.deployment, view.replicasets, (), (), (event,))
    finding = first(refused)
    assert (finding.problem.code, finding.hold) == (code, hold)
    made = {**event, "reason": "SuccessfulCreate", "lastTimestamp": "2026-01-01T00:00:00Z"}
    later = View(view.deployment, view.replicasets, (), (), (event, made))
    assert diagnose(later, PLACE) == []


def unplaced(message: str, *events: tuple[str, str]) -> Finding:
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
    }
    return first(bent(conditions=(condition,), events=events))


def test_no_node_is_a_fault_only_where_no_waiting_helps() -> None:
    helpless = (
        "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. preemption:"
        " 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    )
    full = (
        "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No"
        " preemption victims found for incoming pod."
    )
    away = helpless.replace("didn't match", "had untolerated taint {node.kubernetes.io/not-ready}")
    assert unplaced(helpless).hold == 12
    assert "preemption" not in unplaced(helpless).problem.cause
    assert unplaced(full).hold == WAIT
    assert unplaced(away).hold == WAIT
    assert unplaced(helpless, ("TriggeredScaleUp", "pod triggered scale-up")).hold == WAIT
    assert unplaced('persistentvolumeclaim "x" not found').problem.code == "volume-claim-missing"


def test_a_startup_probe_that_ran_out_is_final() -> None:
    probe = {"startupProbe": {"periodSeconds": 1, "failureThreshold": 8}}
    told = (
        ("Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 503"),
        ("Killing", "Container web failed startup probe, will be restarted"),
    )
    running = bent({"running": {}}, container=probe, events=told[:1])
    assert first(running).hold == 38
    killed = first(bent({"running": {}}, container=probe, events=told))
    assert killed.hold == 0
    assert "503" in killed.problem.cause


PLACED = {"type": "PodScheduled", "status": "True"}


def pulling() -> View:
    view = bent(conditions=(PLACED,), events=(("Pulling", 'Pulling image "ghcr.io/x/y:1"'),))
    view.events[0]["type"] = "Normal"
    return view


@pytest.mark.parametrize(
    ("view", "state"),
    [
        (recorded("good"), "ready"),
        (recorded("starting"), "runs, not ready yet"),
        (bent(), "waits for a node"),
        (bent(conditions=(PLACED,)), "starts"),
        (
            bent(conditions=(PLACED,), events=(("Failed", "Failed to pull\n image: 404"),)),
            "waits: Failed to pull image: 404",
        ),
        (pulling(), 'pulls the image (Pulling image "ghcr.io/x/y:1")'),
        (bent(pod={"phase": "Succeeded"}), "done"),
    ],
)
def test_a_pods_state_in_words(view: View, state: str) -> None:
    assert pod_state(view.pods[0], view) == state


def missing(what: str) -> View:
    return bent(waiting("CreateContainerConfigError", what))


def mounts(what: str) -> View:
    return bent(waiting("ContainerCreating"), events=(("FailedMount", what),))


def refused(message: str) -> View:
    view = bent()
    event = {"involvedObject": {"uid": "r"}, "reason": "FailedCreate", "message": message}
    return View(view.deployment, view.replicasets, (), (), (event,))


def referring(kind: str, name: str, key: str) -> Json:
    return {"env": [{"name": "X", "valueFrom": {kind: {"name": name, "key": key}}}]}


def test_the_mend_names_what_lacks_and_the_very_keys_that_are_wanted() -> None:
    held = {"name": "more", "secret": {"secretName": "theirs", "items": [{"key": "B"}]}}
    told = 'MountVolume.SetUp failed for volume "more" : references non-existent secret key: B'
    starts = waiting("ContainerCreating")
    lacks = first(bent(starts, events=(("FailedMount", told),), volumes=(held,))).problem
    assert lacks.cause == "Secret theirs in the namespace demo has no key B"
    assert lacks.fix == (
        "add B to Secret theirs, or take it out of environments/test.yaml, then: morrow up test"
    )
    absent = 'MountVolume.SetUp failed for volume "more" : secret "theirs" not found'
    uses = referring("secretKeyRef", "theirs", "A")
    view = bent(starts, events=(("FailedMount", absent),), volumes=(held,), container=uses)
    assert first(view).problem.fix == (
        "kubectl --context lab -n demo create secret generic theirs"
        " --from-file=A=PATH --from-file=B=PATH, then: morrow up test"
    )
    refused = waiting("CreateContainerConfigError", 'configmap "theirs" not found')
    view = bent(refused, container=referring("configMapKeyRef", "theirs", "A"))
    assert first(view).problem.fix == (
        "kubectl --context lab -n demo create configmap theirs --from-file=A=PATH,"
        " then: morrow up test"
    )
    own = first(missing("couldn't find key DB_PASSWORD in Secret demo/web-1")).problem
    assert own.fix == "morrow secrets rotate test DB_PASSWORD"


HELPLESS = "0/3 nodes are available: 3 node(s) didn't match. preemption: 0/3: 3 Preemption is not"
UNPLACED = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}

# What Kubernetes states as final, in its own words.
FINAL = [
    ("image-not-found", bent(waiting("ErrImagePull", "ghcr.io/x/y:1: not found"))),
    ("image-unauthorised", bent(waiting("ImagePullBackOff", "401 Unauthorized"))),
    ("secret-missing", missing('secret "web-1" not found')),
    ("secret-missing", mounts('MountVolume.SetUp failed: secret "web-1" not found')),
    ("secret-key-missing", missing("couldn't find key A in Secret demo/theirs")),
    ("secret-key-missing", mounts("references non-existent secret key: A")),
    ("secret-incomplete", missing("couldn't find key DB_PASSWORD in Secret demo/web-1")),
    ("settings-refused", bent(ended(78))),
    ("crashed", bent(waiting("CrashLoopBackOff"), ended(1), restarts=1)),
    ("crashed", bent(ended(1), restarts=1)),
    ("quota-exceeded", refused("exceeded quota: small, requested: pods=1")),
    ("admission-refused", refused('admission webhook "w.example.com" denied the request: no')),
    ("pod-security-refused", refused('violates PodSecurity "restricted:latest": runAsNonRoot')),
    (
        "unschedulable",
        bent(conditions=({**UNPLACED, "message": f"{HELPLESS} helpful for scheduling."},)),
    ),
]


@pytest.mark.parametrize(
    ("code", "view"), FINAL, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_final_fault_is_named_within_30_seconds_of_its_statement(code: str, view: View) -> None:
    """The looks are `PERIOD` apart: one may just have missed it, another finds it ripe."""
    finding = first(view)
    assert finding.problem.code == code
    assert finding.hold + 2 * rollout.PERIOD <= 30


def test_every_word_of_the_api_server_is_in_time_too() -> None:
    final = [(code, hold) for _, code, hold in (*diagnose_pod._IMAGE, *diagnose_refused._REFUSALS)]
    final = [(code, hold) for code, hold in final if code != "registry-unreachable"]
    assert len(final) > 10
    assert [(code, hold) for code, hold in final if hold + 2 * rollout.PERIOD > 30] == []
    assert WAIT + 2 * rollout.PERIOD > 30  # the control


class Watched(rollout.Rollout):
    """The watcher without its thread and its cluster; the test is the clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(Kubectl("lab", "demo"), PLACE, interrupt=False)
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        self._began = self.now

    def at(self, seconds: float, view: View) -> str:
        """Return the code that is judged so many seconds after the beginning."""
        self.now = self._began + seconds
        fault = self._judge(view)
        return fault.code if fault else ""


PROBE = {
    "startupProbe": {"periodSeconds": 1, "failureThreshold": 60},
    "readinessProbe": {"periodSeconds": 5, "failureThreshold": 2},
}


def test_runs_and_never_ready_is_judged_at_the_startup_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched, view = Watched(monkeypatch), bent({"running": {}}, container=PROBE)
    assert [watched.at(seconds, view) for seconds in (0, 30, 69)] == ["", "", ""]
    assert watched.waiting is not None
    assert watched.waiting.code == "never-ready"
    assert watched.at(70, view) == "never-ready"


def test_each_pod_has_its_own_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty pods, one after the other, that take 20 s each: at any look one is not ready."""
    watched = Watched(monkeypatch)
    for seconds in range(400):
        view = bent({"running": {}}, container=PROBE)
        view.pods[0]["metadata"]["name"] = f"web-1-{seconds // 20:05}"
        assert watched.at(seconds, view) == "", f"a false red after {seconds} s"
    stuck = {watched.at(400 + more, view) for more in range(80)}
    assert "never-ready" in stuck, "the control: the last one stays as it is"


def test_what_heals_begins_anew_and_what_only_explains_is_never_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched, gone = Watched(monkeypatch), missing('secret "late" not found')
    good = recorded("good")
    assert [watched.at(n, gone) for n in (0, 10)] == ["", ""]
    assert watched.at(11, good) == ""
    assert [watched.at(n, gone) for n in (12, 23)] == ["", ""]
    assert watched.at(24, gone) == "secret-missing"
    assert watched.at(9000, bent(ended(1))) == "", "one death explains a wait"


def test_a_pod_that_was_thrown_out_is_a_fault_when_the_next_one_is_too() -> None:
    view = bent(pod={"phase": "Failed", "reason": "Evicted", "message": "low on memory"})
    assert (first(view).problem.code, first(view).hold) == ("pod-evicted", WAIT)
    second = json.loads(json.dumps(view.pods[0]))
    second["metadata"] |= {"name": "web-1-again", "uid": "p2"}
    twice = View(view.deployment, view.replicasets, (*view.pods, second))
    assert first(twice).hold == HEALS_OFTEN
    view.replicasets[0]["spec"]["replicas"] = 2
    assert first(twice).hold == WAIT, "two of two, and neither in the other's place"
