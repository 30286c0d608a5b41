"""What a pod's own words mean: images, settings, memory, nodes, probes."""

from __future__ import annotations

import pytest

from morrow.tool.diagnose.containers import pod_state
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.view import WAIT, Finding, View
from tests.unit.tool.around import bad_line
from tests.unit.tool.views import (
    BACKS_OFF,
    PLACE,
    Json,
    bent,
    ended,
    first,
    missing,
    recorded,
    waiting,
)


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
        ("policy 'adds' with binding 'adds' denied request: JSON Patch: doc is missing path",
         "admission-refused", 0),
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
    assert ("get mutatingadmissionpolicy adds" in finding.problem.fix) == ("JSON" in message)
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


def referring(kind: str, name: str, key: str) -> Json:
    return {"env": [{"name": "X", "valueFrom": {kind: {"name": name, "key": key}}}]}


def test_a_projected_volume_names_what_lacks_the_key() -> None:
    sources = [
        {"configMap": {"name": "flags", "items": [{"key": "A", "path": "a"}]}},
        {"secret": {"name": "theirs", "items": [{"key": "A", "path": "b"}]}},
        {"secret": {"name": "others", "items": [{"key": "B", "path": "c"}]}},
    ]
    held = {"name": "more", "projected": {"sources": sources}}
    told = 'MountVolume.SetUp failed for volume "more" : references non-existent secret key: B'
    starts = waiting("ContainerCreating")
    lacks = first(bent(starts, events=(("FailedMount", told),), volumes=(held,))).problem
    assert lacks.cause == "Secret others in the namespace demo has no key B"
    absent = 'MountVolume.SetUp failed for volume "more" : secret "theirs" not found'
    view = bent(starts, events=(("FailedMount", absent),), volumes=(held,))
    assert "create secret generic theirs --from-file=A=PATH" in first(view).problem.fix


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


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ('exec: "/nosuch": stat /nosuch: no such file or directory', "command-not-found"),
        ("executable file `celery` not found in $PATH: No such file", "command-not-found"),
        ('error mounting "/v" to rootfs at "/etc/passwd": not a directory', "container-refused"),
        ('chdir to cwd ("/nosuch") set in config.json failed', "container-refused"),
    ],
)
def test_what_the_runtime_cannot_start_is_not_always_the_program(said: str, code: str) -> None:
    wrapped = f"runc create failed: unable to start container process: {said}: unknown"
    problem = first(bent(ended(128, "StartError", wrapped))).problem
    assert problem.code == code
    assert said in problem.cause
