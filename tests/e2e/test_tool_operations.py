"""Secrets, rollback, doctor, status, logs and down on a real release of hello."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster, Image
from tests.e2e.tool_faults import env, reference
from tests.e2e.tool_project import Told, ToolProject, recording

# A hang is found by this; a machine that is busy with other things is not.
pytestmark = pytest.mark.timeout(900)

CANARY = "canary-8d1f-never-shown"


@pytest.fixture
def project(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> ToolProject:
    return ToolProject(tmp_path, cluster, namespace, hello_image)


def _good(told: Told) -> Told:
    assert told.code == 0, told
    return told


def _revisions(project: ToolProject) -> set[str]:
    """Every Secret that the tool made."""
    listing = project.kubectl("get", "secrets", "-o", "name", "-l", "app.kubernetes.io/name=web")
    return set(re.findall(r"secret/(web-\w+)", listing))


def test_secrets_are_set_rotated_proved_and_never_shown(project: ToolProject) -> None:
    file = project.write(project.hello())
    text = file.read_text() + "# the last line stays\n"
    file.write_text(text)
    told = [_good(project.morrow("up", "test", "--show-commands"))]

    told.append(project.morrow("secrets", "set", "test", "DB_PASSWORD", "--json", stdin=CANARY))
    assert _good(told[-1]).answer["revision"] == "2"
    held = json.loads(project.kubectl("get", "secret", "web-2", "-o", "json"))
    assert base64.b64decode(held["data"]["DB_PASSWORD"]).decode() == CANARY
    assert held["immutable"] is True
    assert "last-applied" not in json.dumps(held["metadata"])

    told.append(project.morrow("secrets", "rotate", "test", "SECRET_KEY", "--json"))
    rotated = _good(told[-1]).answer
    assert rotated["revision"] == "3"
    assert [pod["revision"] for pod in rotated["pods"]] == ["3"]
    fresh = json.loads(project.kubectl("get", "secret", "web-3", "-o", "json"))["data"]
    assert fresh["DB_PASSWORD"] == held["data"]["DB_PASSWORD"]
    assert fresh["SECRET_KEY"] != held["data"]["SECRET_KEY"]
    assert file.read_text().endswith("# the last line stays\n")
    assert _revisions(project) == {"web-1", "web-2", "web-3"}, "releases still name them"

    told.append(_good(project.morrow("secrets", "list", "test")))
    told.append(_good(project.morrow("status", "test", "--json")))
    told.append(_good(project.morrow("logs", "test")))
    told.append(_good(project.morrow("doctor", "test", "--json")))
    said = "".join(f"{one.out}{one.err}" for one in told)
    releases = project.kubectl("get", "secrets", "-l", "owner=helm", "-o", "json")
    stored = ""
    for release in json.loads(releases)["items"]:
        packed = base64.b64decode(base64.b64decode(release["data"]["release"]))
        stored += gzip.decompress(packed).decode()
    for spelling in (CANARY, base64.b64encode(CANARY.encode()).decode()):
        assert spelling not in said
        assert spelling not in stored
    # The control: what is no secret and stood beside it is found in both.
    assert "web-2" in said
    assert "web-2" in stored


def test_no_command_shows_a_secret_in_output_file_or_argument(project: ToolProject) -> None:
    path = project.environment()["PATH"]
    project.variables |= recording(project.folder / "arguments", path, "kubectl", "helm")
    project.write(project.hello())
    every = [
        ("secrets", "set", "test", "DB_PASSWORD"),
        ("env", "show", "test"),
        ("doctor", "test"),
        ("plan", "test", "--out", "first.plan"),
        ("up", "test", "--plan", "first.plan"),
        ("status", "test"),
        ("logs", "test"),
        ("verify", "test", "--load", "5", "--for", "2s", "--report", "report.html"),
        ("secrets", "rotate", "test", "SECRET_KEY"),
        ("secrets", "list", "test"),
        ("plan", "test"),
        ("rollback", "test"),
        ("down", "test", "--purge"),
    ]
    said = ""
    for number, words in enumerate(every):
        as_json = ["--json"] if number % 2 else ["--show-commands"]
        told = project.morrow(*words, *as_json, stdin=CANARY)
        assert told.code == 0, (words, told)
        said += told.out + told.err
        if number == 4:  # the control: what is searched for is in the cluster, and can be found
            held = project.kubectl("get", "secret", "web-2", "-o", "json")
            assert _spellings(held)
    files = {
        file.name: gzip.decompress(file.read_bytes())
        if file.suffix == ".plan"
        else file.read_bytes()
        for file in project.folder.rglob("*")
        if file.is_file()
    }
    assert {"first.plan", "report.html", "arguments"} <= set(files)
    assert b"port-forward" in files["arguments"]
    assert _spellings(said) == []
    assert [name for name, held in files.items() if _spellings(held.decode(errors="replace"))] == []


def _spellings(text: str) -> list[str]:
    """The ways in which the canary stands in a text."""
    encoded = base64.b64encode(CANARY.encode()).decode()
    return [spelt for spelt in (CANARY, encoded, CANARY[:12]) if spelt in text]


def test_a_rollback_brings_image_config_and_secrets_back(project: ToolProject) -> None:
    project.write(project.hello())
    _good(project.morrow("up", "test"))
    before = _good(project.morrow("status", "test", "--json")).answer
    config = {"API_BASE_URL": "https://other.example.com"}
    secrets = {"keys": ["SECRET_KEY", "DB_PASSWORD"], "revision": "2"}
    project.write(project.hello(config=config, secrets=secrets))
    _good(project.morrow("up", "test"))
    changed = _good(project.morrow("status", "test", "--json")).answer
    assert (changed["config"], changed["secrets"]) != (before["config"], before["secrets"])

    back = _good(project.morrow("rollback", "test", "--json")).answer

    assert (back["config"], back["secrets"]) == (before["config"], before["secrets"])
    after = _good(project.morrow("status", "test", "--json")).answer
    for name in ("image", "config", "secrets"):
        assert after[name] == before[name]
    project.kubectl("delete", "secret", "web-2")
    refused = project.morrow("rollback", "test", "--to", "2", "--json")
    assert (refused.code, refused.problem["code"]) == (2, "revision-secret-gone"), refused
    assert _good(project.morrow("status", "test", "--json")).answer["secrets"] == "web-1"


def test_a_rollback_to_what_cannot_start_is_taken_back(project: ToolProject) -> None:
    project.kubectl("create", "configmap", "late", "--from-literal=A=x")
    project.write(project.simple(**reference("configMapKeyRef", "late", "A")))
    _good(project.morrow("up", "test"))
    project.write(project.simple(**env(A="of its own")))
    _good(project.morrow("up", "test"))
    serving = project.ready_pods()
    project.kubectl("delete", "configmap", "late")

    told = project.morrow("rollback", "test", "--json")

    assert (told.code, told.problem["code"]) == (1, "configmap-missing"), told
    assert told.problem["details"][-1] == "the release that served before serves again", told
    assert "timed out" not in told.err
    assert project.ready_pods() == serving
    assert _good(project.morrow("doctor", "test", "--json")).answer["ok"] is True
    assert _good(project.morrow("plan", "test", "--json")).answer["changes"] == []


def test_doctor_finds_a_stuck_release_and_mends_it(project: ToolProject) -> None:
    project.write(project.simple())
    _good(project.morrow("up", "test"))
    sound = _good(project.morrow("doctor", "test", "--json")).answer
    assert sound["ok"] is True
    _stick(project)

    told = project.morrow("doctor", "test", "--json")

    assert told.code == 1
    wrong = [check for check in told.answer["checks"] if check["state"] == "fail"]
    assert [check["problem"]["code"] for check in wrong] == ["release-stuck"], told
    assert wrong[0]["problem"]["fix"] == "morrow doctor test --fix"
    _good(project.morrow("doctor", "test", "--fix"))
    assert _good(project.morrow("status", "test", "--json")).answer["release_state"] == "deployed"


def _stick(project: ToolProject) -> None:
    """Leave the release as a helm does that is killed while it upgrades."""
    name = "sh.helm.release.v1.web.v1"
    held = json.loads(project.kubectl("get", "secret", name, "-o", "json"))
    packed = gzip.decompress(base64.b64decode(base64.b64decode(held["data"]["release"])))
    record = json.loads(packed)
    record["version"], record["info"]["status"] = 2, "pending-upgrade"
    again = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(record).encode())))
    labels = held["metadata"]["labels"] | {"version": "2", "status": "pending-upgrade"}
    project.make(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name.replace(".web.v1", ".web.v2"), "labels": labels},
            "type": "helm.sh/release.v1",
            "data": {"release": again.decode()},
        }
    )


def test_down_keeps_what_cannot_be_made_again_until_it_is_purged(project: ToolProject) -> None:
    project.write(project.hello())
    _good(project.morrow("up", "test"))
    _good(project.morrow("down", "test"))
    assert _revisions(project) == {"web-1"}
    assert project.morrow("status", "test", "--json").code == 1
    _good(project.morrow("up", "test"))
    _good(project.morrow("down", "test", "--purge"))
    assert _revisions(project) == set()
    _good(project.morrow("down", "test"))
    project.kubectl("get", "namespace", project.namespace)  # not made by the tool, so it stays
