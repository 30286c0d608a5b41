"""`target.delivery: gitops` with a pipeline that signs what each commit renders, and the real Flux.

Git, its server, the registry, cosign and both controllers are real; the pipeline is a stand-in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster, Image, eventually, needs_lab
from tests.e2e.flux import APPLIED, NAME, SOURCE, UNSIGNED
from tests.e2e.flux_pipeline import Line, line
from tests.e2e.shop_in_git import ShopInGit
from tests.e2e.tool_project import CRASHES, ToolProject
from tests.unit.tool.git_server import NOBODYS, WHO

pytestmark = [pytest.mark.full, pytest.mark.timeout(900), needs_lab("has a Flux in it")]
ROUNDS = 5


@dataclass
class Shop(ShopInGit):
    """One that Flux delivers."""

    line: Line


@pytest.fixture
def shop(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> Iterator[Shop]:
    variables = {**WHO, **NOBODYS}
    project = ToolProject(tmp_path / "work", cluster, namespace, hello_image, variables)
    with line(project, tmp_path) as made:
        yield Shop(project, made.server, made)


def test_a_commit_a_drift_and_a_way_back_that_stays(shop: Shop) -> None:
    project, flux = shop.project, shop.line.flux
    told = shop.up()
    assert told.code == 0, told
    assert project.morrow("plan", "test", "--detailed-exitcode").code == 0
    assert shop.state() == "synced"
    good = shop.of("template.spec.containers[0].command")

    # What somebody changes by hand is seen, and undone when Flux looks next.
    project.kubectl("scale", "deployment/web", "--replicas=2")
    assert shop.state() == "drifted"
    flux.apply_again()
    assert (shop.state(), shop.of("replicas")) == ("synced", "1")
    assert project.morrow("restart", "test").code == 0
    flux.apply_again()
    assert "restartedAt" in shop.of("template"), "it sets no restart back"

    # A version that cannot start is named as ever, and taken back by a commit.
    told = shop.up(**CRASHES)
    assert (told.code, told.problem["code"]) == (1, "crashed"), told
    assert "the release that served before serves again" in told.problem["details"], told
    assert shop.server.log()[0].startswith("Take web in test back to "), shop.server.log()
    assert shop.of("template.spec.containers[0].command") == good
    assert shop.state() == "synced"

    # A way back by hand.
    assert shop.up(replicas=2).code == 0
    told = project.morrow("rollback", "test", "--json")
    assert told.code == 0, told
    print(f"rollback: {told.seconds:.0f} s, of 60")
    for _ in range(ROUNDS):
        flux.apply_again()
        assert shop.of("replicas") == "1"
    assert project.morrow("plan", "test", "--detailed-exitcode").code == 0, "files agree, too"


def test_what_flux_does_not_take_is_named_in_its_words(shop: Shop) -> None:
    project, flux = shop.project, shop.line.flux
    assert shop.up().code == 0
    # Nobody may sign any more but somebody else.
    flux.trust("theirs")
    told = shop.up("--timeout", "30", replicas=2)
    assert (told.code, told.problem["code"]) == (1, "gitops-not-synced"), told
    assert any(one in told.problem["cause"] for one in UNSIGNED), told
    assert (shop.state(), shop.of("replicas")) == ("refused", "1")
    flux.trust("ours")
    told = shop.up(replicas=2)
    assert (told.code, shop.of("replicas")) == (0, "2"), told

    # The account that Flux applies with may not.
    role = ("rolebinding", "flux")
    kept = project.kubectl("get", *role, "-o", "json")
    project.kubectl("delete", *role)
    told = shop.up("--timeout", "120", replicas=1)
    assert (told.code, told.problem["code"]) == (1, "gitops-refused"), told
    assert "forbidden" in told.problem["cause"], told
    project.kubectl("create", "-f", "-", stdin=kept)
    told = shop.up(replicas=3)
    assert (told.code, shop.of("replicas")) == (0, "3"), told

    for kind, before, after in ((APPLIED, 3, 1), (SOURCE, 1, 2)):
        stop = ("patch", kind, NAME, "--type=merge", "-p")
        project.kubectl(*stop, '{"spec":{"suspend":true}}')
        told = shop.up("--timeout", "60", replicas=after)
        assert (told.code, told.problem["code"]) == (1, "gitops-paused"), told
        assert "is suspended" in told.problem["cause"], told
        assert (shop.state(), shop.of("replicas")) == ("paused", str(before))
        project.kubectl(*stop, '{"spec":{"suspend":false}}')
        eventually("it goes on", lambda after=after: shop.of("replicas") == str(after))  # type: ignore[misc]


def test_one_that_waits_is_watched_all_the_same(shop: Shop) -> None:
    """For the pods, as many say `wait: true`; for others, which are not there."""
    project, patch = shop.project, ("patch", APPLIED, NAME, "--type=merge", "-p")
    assert shop.up().code == 0
    good = shop.of("template.spec.containers[0].command")
    project.kubectl(*patch, '{"spec":{"wait":true,"timeout":"60s"}}')
    told = shop.up(**CRASHES)
    assert (told.code, told.problem["code"]) == (1, "crashed"), told
    eventually(
        "the way back is applied",
        lambda: shop.of("template.spec.containers[0].command") == good,
        within=120,
    )
    project.kubectl(*patch, '{"spec":{"wait":false,"dependsOn":[{"name":"database"}]}}')
    told = shop.up("--timeout", "30", replicas=2)
    assert (told.code, told.problem["code"]) == (1, "gitops-not-synced"), told
    assert "database" in told.problem["cause"], told
    assert shop.of("replicas") == "1"
