"""`target.delivery: gitops`: the releases that Git remembers, and who applies them.

Git is real, with a bare repository as the remote, and so is Helm. The cluster is a stand-in: it
carries whatever it is asked for. What a controller does is tested in tests/e2e.
"""

from __future__ import annotations

import json

import pytest

from morrow.tool.base.errors import Failure, problem
from morrow.tool.cluster.branch import branch_of, held
from morrow.tool.deliver import gitops, sync
from morrow.tool.deliver.argocd import Application
from morrow.tool.deliver.gitops import ByGit
from morrow.tool.deliver.rollback import roll_back
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.deliver.take_back import choose
from tests.unit.tool.command import morrow
from tests.unit.tool.git_server import OWN, GitServer, say, site_of, waited
from tests.unit.tool.stand_in import Json, StandIn, thing

AUTOMATIC: Json = {"syncPolicy": {"automated": {}}}


def application(**status: object) -> Json:
    source = {"helm": {"valueFiles": ["../environments/base.yaml", "../environments/dev.yaml"]}}
    spec = {"source": source, "destination": {"namespace": "shop-dev"}, **AUTOMATIC}
    meta = {"namespace": "argocd"}
    return thing("Application", "shop-dev", metadata=meta, spec=spec, status=status)


def failed_at(revision: str) -> Json:
    """The status of an Application that could not apply a commit."""
    operation = {"phase": "Failed", "message": "denied", "syncResult": {"revision": revision}}
    return {"sync": {"status": "OutOfSync", "revision": "HEAD"}, "operationState": operation}


def test_history_is_gits_and_what_was_taken_back_is_no_goal(
    server: GitServer, cluster: StandIn
) -> None:
    branch = branch_of(site_of(server).environment)
    first = server.git("rev-parse", "HEAD")
    say(server, "WARNING")
    second = server.send("Second")
    (server.work / "notes.txt").write_text("of no release\n")
    server.send("Notes")
    say(server, "ERROR")
    server.send("Third")
    cluster.says(objects=[*cluster.world["objects"], thing("Deployment", "shop", "apps/v1")])
    site = site_of(server)
    assert [record["commit"] for record in site.records.values()][1:] == [second, first]
    assert choose(site).record["commit"] == second
    assert ByGit().bring_back(site, choose(site).record, 1) is None
    assert "WARNING" in server.shown(OWN)
    assert server.log()[0] == f"Take shop in dev back to {second[:10]}"
    assert server.git("status", "--porcelain") == ""
    states = {number: one["info"]["status"] for number, one in held(branch).items()}
    assert states == {4: "deployed", 3: "failed", 2: "superseded", 1: "superseded"}
    assert choose(site_of(server)).record["commit"] == first, "neither the bad one nor a twin"
    told = morrow("history", "dev", "--json")
    assert [one["revision"] for one in told.answer["releases"]] == [1, 2, 3, 4]
    assert told.answer["releases"][0]["commit"] == first


def test_a_shallow_clone_says_that_it_is_one(server: GitServer, cluster: StandIn) -> None:
    say(server, "WARNING")
    second = server.send("Second")
    cluster.says(objects=[*cluster.world["objects"], thing("Deployment", "shop", "apps/v1")])
    told = morrow("history", "dev", "--json")
    assert len(told.answer["releases"]) == 2
    assert "shallow" not in told.err  # the control
    (server.work / ".git" / "shallow").write_text(f"{second}\n")
    told = morrow("history", "dev", "--json")
    assert [one["commit"] for one in told.answer["releases"]] == [second]
    assert "git fetch --unshallow" in told.err


def test_to_go_back_never_writes_over_what_is_not_committed(
    server: GitServer, cluster: StandIn
) -> None:
    say(server, "WARNING")
    server.send("Second")
    say(server, "ERROR")
    cluster.says(objects=[*cluster.world["objects"], thing("Deployment", "shop", "apps/v1")])
    told = morrow("rollback", "dev", "--json")
    assert (told.code, told.problem["code"]) == (2, "gitops-uncommitted"), told
    assert "ERROR" in (server.work / OWN).read_text()
    assert server.log()[0] == "Second"


@pytest.mark.parametrize(
    ("status", "automated", "code"),
    [
        ({}, True, "gitops-not-synced"),
        ({"sync": {"status": "OutOfSync", "revision": "HEAD"}}, False, "gitops-paused"),
        (
            {"sync": {"status": "Unknown"},
             "conditions": [{"type": "ComparisonError", "message": "no such chart"}]},
            True,
            "gitops-refused",
        ),
        ({"sync": {"status": "Synced", "revision": "HEAD"}}, True, ""),
        # An attempt that failed, and one that is past and was made at another commit.
        (failed_at("HEAD"), True, "gitops-refused"),
        (failed_at("0" * 40), True, "gitops-not-synced"),
    ],
)  # fmt: skip
def test_a_controller_that_does_not_apply_is_named(
    server: GitServer,
    cluster: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    status: Json,
    automated: bool,
    code: str,
) -> None:
    monkeypatch.setattr(sync, "LASTS", 0.5)
    monkeypatch.setattr(sync, "PERIOD", 0.1)
    head = server.git("rev-parse", "HEAD")
    item = application(**json.loads(json.dumps(status).replace('"HEAD"', f'"{head}"')))
    if not automated:
        item["spec"]["syncPolicy"] = {}
    cluster.says(objects=[*cluster.world["objects"], item])
    found = waited(server)
    assert (found.code if found else "") == code, found


def test_what_was_refused_is_named_by_object() -> None:
    status = failed_at("a" * 40)
    assert Application(application(**status)).failure == "denied"
    denied = {"kind": "Role", "name": "shop", "status": "SyncFailed", "message": "not permitted"}
    ended = {"kind": "Job", "name": "migrate", "hookPhase": "Failed", "message": "exit code 3"}
    well = {"kind": "Service", "name": "shop", "status": "Synced", "message": "configured"}
    status["operationState"]["syncResult"]["resources"] = [well, denied, ended]
    said = Application(application(**status)).failure
    assert said == "Role shop: not permitted; Job migrate: exit code 3"


def applying(revision: str) -> Json:
    """The status of an Application that waits for a job of a commit, or tries it again."""
    operation = {"phase": "Running", "operation": {"sync": {"revision": revision}}}
    return {"sync": {"status": "Synced", "revision": "HEAD"}, "operationState": operation}


@pytest.mark.parametrize(
    ("applies", "instead", "code"),
    [
        ("first", False, "gitops-not-synced"),  # an earlier one comes first, whatever it is
        ("first", True, ""),  # it is the one that is taken back: ended
        ("second", False, "interrupted"),  # what the watcher saw is not waited for
        ("second", True, ""),
    ],
)
def test_what_is_being_applied_comes_first_or_is_ended(
    server: GitServer,
    cluster: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    applies: str,
    instead: bool,
    code: str,
) -> None:
    monkeypatch.setattr(sync, "PERIOD", 0.1)
    first = server.git("rev-parse", "HEAD")
    say(server, "WARNING")
    second = server.send("Second")
    status = json.dumps(applying({"first": first, "second": second}[applies]))
    running = application(**json.loads(status.replace('"HEAD"', f'"{second}"')))
    ended = application(sync={"status": "Synced", "revision": second})
    seen: list[str] = []

    def found(*_: object) -> Application:
        return Application(ended if seen else running)

    monkeypatch.setattr(sync, "application_of", found)
    monkeypatch.setattr(sync, "end_attempt", lambda *_: seen.append("ended"))
    site = site_of(server)
    site.fault = lambda: problem("interrupted", "Job migrate", "exit code 3")
    branch = branch_of(site.environment)
    branch.git.fetch("origin", "main")
    try:
        patience = 0.3 if code == "gitops-not-synced" else 60  # of a machine that is busy
        told = sync.wait(site, branch, second, patience, instead=instead)
    except Failure as failure:
        told = failure.problems[0]
        assert f"is applying {first[:10]}" in told.cause
    assert (told.code if told else "") == code, told
    assert seen == (["ended"] if (applies, instead) == ("first", True) else [])


@pytest.mark.parametrize("crashes", [False, True], ids=("quiet", "the old pods crash meanwhile"))
def test_a_way_back_that_is_not_applied_yet_is_not_taken_back(
    server: GitServer, cluster: StandIn, monkeypatch: pytest.MonkeyPatch, crashes: bool
) -> None:
    monkeypatch.setattr(gitops, "PATIENCE", 1)
    if crashes:
        seen = problem("interrupted", "Pod shop-1", "exit code 1")
        monkeypatch.setattr(
            Rollout, "fault", property(lambda _: seen, lambda *_: None), raising=False
        )
    say(server, "WARNING")
    server.send("Second")
    deployed = thing("Deployment", "shop", "apps/v1")
    cluster.says(objects=[*cluster.world["objects"], deployed], carries=False)
    with pytest.raises(Failure) as caught:
        roll_back(site_of(server), None, None)
    assert caught.value.problems[0].code == "gitops-not-synced"
    subjects = server.log()
    assert subjects[0].startswith("Take shop in dev back to ")
    assert subjects[1:] == ["Second", "All of it"]


def test_a_file_that_the_branch_does_not_hold_is_named(
    server: GitServer, cluster: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing rendered would be carried by every cluster at once."""
    server.git("rm", "--quiet", "--cached", OWN)
    (server.work / ".gitignore").write_text("dev.yaml\n")
    server.git("add", ".gitignore")
    server.git("commit", "--quiet", "-m", "Ignore it")
    server.git("push", "--quiet", "origin", "main")
    told = waited(server)
    assert told is not None
    assert told.code == "gitops-not-held"


@pytest.mark.parametrize("words", [("down", "dev"), ("scale", "dev", "3")])
def test_what_git_would_set_back_is_refused(
    server: GitServer, cluster: StandIn, words: tuple[str, ...]
) -> None:
    spec = {"replicas": 1, "template": {"spec": {"containers": [{"name": "shop", "image": "i"}]}}}
    labels = {"app.kubernetes.io/name": "shop"}
    deployment = thing("Deployment", "shop", "apps/v1", spec=spec, metadata={"labels": labels})
    cluster.says(objects=[*cluster.world["objects"], deployment])
    told = morrow(*words, "--json")
    assert (told.code, told.problem["code"]) == (2, "gitops-owns"), told
    assert OWN in told.problem["fix"]
