"""`target.delivery: gitops`: what goes to the branch, what never does, and what is said.

Git is real, with a bare repository as the remote, and so is Helm. The cluster is a stand-in: it
carries whatever it is asked for. What a controller does is tested in tests/e2e.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.deliver.gitops import ByGit
from tests.unit.tool.command import Told, morrow
from tests.unit.tool.git_server import OWN, GitServer, say, site_of
from tests.unit.tool.stand_in import StandIn


def up(*words: str) -> Told:
    return morrow("up", "dev", "--json", "--timeout", "1", *words)


def to_its_end(told: Told) -> bool:
    """Whether `up` came to its last word: the stand-in has no pods to show."""
    return bool(told.answer.get("state") == "down")


def test_up_sends_the_environments_files_and_nothing_else(server: GitServer) -> None:
    say(server, "WARNING")
    (server.work / "environments" / "base.yaml").open("a").write("replicas: 3\n")
    (server.work / "environments" / "prod.yaml").write_text("environment: prod\n")
    (server.work / "notes.txt").write_text("staged\n")
    server.git("add", "notes.txt", "environments/prod.yaml")
    told = up()
    assert to_its_end(told), told
    assert server.shown(OWN) == (server.work / OWN).read_text().strip()
    assert "replicas: 3" in server.shown("environments/base.yaml")
    assert server.shown("notes.txt") == "mine"
    assert "environments/base.yaml is also what prod are made from" in told.err
    subject, _, image, changed = server.log("%B")[:4]
    assert subject == "Deploy shop to dev"
    assert (image.split()[0], changed) == ("image:", "changed: config.LEVEL, replicas")
    assert server.git("diff", "--cached", "--name-only").split() == [
        "environments/prod.yaml",
        "notes.txt",
    ]
    before = server.log()
    assert to_its_end(up())
    assert server.log() == before, "nothing is changed, so nothing is committed"


def test_what_is_not_pushed_yet_is_pushed_by_the_same_command(server: GitServer) -> None:
    say(server, "WARNING")
    server.refuse()
    told = up()
    assert (told.code, told.problem["code"]) == (1, "gitops-push-refused"), told
    assert "this branch takes merges only" in told.problem["cause"]
    commit = server.git("rev-parse", "HEAD")
    assert told.problem["details"] == [
        f"commit {commit[:10]} is here and not there: the same command pushes it"
    ]
    assert "DEBUG" in server.shown(OWN)
    server.refuse(refuses=False)
    assert to_its_end(up())
    assert server.log("%H")[0] == commit


def test_who_was_overtaken_is_told_to_pull(server: GitServer, tmp_path: Path) -> None:
    other = tmp_path / "theirs"
    overtakes = f"""#!/bin/sh
unset GIT_DIR GIT_INDEX_FILE
git clone --quiet {server.bare} {other}
cd {other} && git commit --quiet --allow-empty -m Theirs && git push --quiet origin main
"""
    hook = server.work / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(overtakes)
    hook.chmod(0o755)
    say(server, "WARNING")
    with pytest.raises(Failure) as caught:
        ByGit().apply(site_of(server), 1, None)
    assert caught.value.problems[0].code == "gitops-behind"
    assert server.log()[0] == "Theirs"
    assert server.git("log", "-1", "--format=%s") == "Deploy shop to dev", "nothing is lost"
    hook.unlink()
    server.git("pull", "--quiet", "--rebase", "--autostash", "origin", "main")
    assert ByGit().apply(site_of(server), 1, None) is None
    assert server.log()[:2] == ["Deploy shop to dev", "Theirs"]


def _detached(server: GitServer) -> None:
    server.git("checkout", "--quiet", "--detach")


def _elsewhere(server: GitServer) -> None:
    server.git("switch", "--quiet", "-c", "mine")


def _behind(server: GitServer) -> None:
    (server.work / "notes.txt").write_text("theirs\n")
    server.send("Theirs")
    server.git("reset", "--quiet", "--hard", "HEAD~1")


def _ahead(server: GitServer) -> None:
    (server.work / "notes.txt").write_text("mine, not pushed\n")
    server.git("commit", "--quiet", "-am", "Mine")


def _no_remote(server: GitServer) -> None:
    server.git("remote", "remove", "origin")


def _away(server: GitServer) -> None:
    server.bare.rename(server.bare.with_name("gone.git"))


def _no_branch(server: GitServer) -> None:
    server.git("switch", "--quiet", "-c", "live")
    say(server, "DEBUG", ", branch: live")


def _no_repository(server: GitServer) -> None:
    (server.work / ".git").rename(server.work / "git.gone")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_detached, "gitops-detached"),
        (_elsewhere, "gitops-other-branch"),
        (_behind, "gitops-behind"),
        (_ahead, "gitops-ahead"),
        (_no_remote, "gitops-no-remote"),
        (_away, "gitops-remote-silent"),
        (_no_branch, "gitops-no-branch"),
        (_no_repository, "gitops-no-repository"),
    ],
)
def test_a_tree_that_cannot_be_sent_is_named_and_left(
    server: GitServer, spoil: Callable[[GitServer], None], code: str
) -> None:
    deliver = ByGit()
    deliver.check(site_of(server))  # the control
    spoil(server)
    with (server.work / OWN).open("a") as file:
        file.write("replicas: 3\n")
    with pytest.raises(Failure) as caught:
        deliver.check(site_of(server))
    (found,) = caught.value.problems
    assert (caught.value.exit_code, found.code) == (2, code), found
    assert found.fix
    assert "replicas: 3" in (server.work / OWN).read_text()


def test_a_tree_that_cannot_be_sent_ends_up_before_anything_is_made(
    server: GitServer, cluster: StandIn
) -> None:
    _detached(server)
    names = cluster.names
    told = up()
    assert (told.code, told.problem["code"]) == (2, "gitops-detached"), told
    assert cluster.names == names


def test_a_pull_request_is_proposed_and_the_tree_is_left(server: GitServer) -> None:
    say(server, "WARNING", ", pullRequest: true")
    told = up()
    assert (told.code, told.problem["code"]) == (2, "gitops-proposed"), told
    (name,) = set(server.branches()) - {"main"}
    assert f"--head {name}" in told.problem["fix"]
    assert "DEBUG" in server.shown(OWN)
    assert server.git("status", "--porcelain") == f"M {OWN}"
    assert up().problem["code"] == "gitops-proposed", "again, and the branch is the same"
    assert set(server.branches()) == {"main", name}
    server.git("--git-dir", str(server.bare), "update-ref", "refs/heads/main", name)
    server.git("stash", "--quiet")
    server.git("pull", "--quiet", "origin", "main")
    assert to_its_end(up()), "merged"
    assert "WARNING" in server.shown(OWN)
    assert server.git("worktree", "list").count("\n") == 0


@pytest.mark.parametrize(("level", "told"), [("INFO", True), ("ERROR", False)])
def test_a_task_that_changes_alone_waits_and_is_told(
    server: GitServer, cluster: StandIn, level: str, told: bool
) -> None:
    task = "processes: {migrate: {kind: job, command: [%s]}}\n"
    for command, setting in (("one", "INFO"), ("two", level)):
        say(server, setting)
        (server.work / OWN).open("a").write(task % command)
        done = up()
        assert to_its_end(done), done
    assert ("only release tasks changed" in done.err) == told, done
