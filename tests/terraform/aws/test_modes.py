"""Each way to compute, and each step of the upgrade guide: in `make proof` only."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.records import record
from tests.terraform.aws.account import REPOSITORY
from tests.terraform.aws.estate import SHIPPED, Estate, estate, left

pytestmark = pytest.mark.timeout(7200)

MODE = r"compute( *)= \{[^}]*\}"
MODES = {
    "managed_nodes": 'compute = { instance_types = ["t4g.medium"], min = 2, max = 4 }',
    "auto_mode": 'compute = { mode = "auto_mode" }',
    "karpenter": (  # and roles by the cluster's OIDC provider instead of by Pod Identity
        'compute = { mode = "karpenter", instance_types = ["m7g.large"], min = 2, max = 3 }'
        "\n  irsa = true"
    ),
}
FULL = pytest.mark.full


def destroyed(live: Estate, before: set[str]) -> None:
    done = live.terraform("destroy", "-auto-approve", "-no-color")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert left(before, live.account.inventory()) == []


@FULL
@pytest.mark.parametrize("mode", MODES)
def test_a_mode_is_applied_changed_and_taken_away(mode: str, tmp_path: Path) -> None:
    with estate(tmp_path, "dev") as live:
        before = live.account.inventory()
        live.tell(MODE, MODES[mode])
        live.apply()
        associated = live.account.ask("eks", "list_pod_identity_associations", clusterName="live")
        assert bool(associated["associations"]) == (mode != "karpenter")
        live.tell("logs = 30", "logs = 60")
        live.apply()
        destroyed(live, before)


@FULL
def test_the_prod_size_and_its_guarded_end(tmp_path: Path) -> None:
    """Its guard is lifted for the end as the guide says."""
    with estate(tmp_path, "prod") as live:
        before = live.account.inventory()
        began = time.monotonic()
        done = live.terraform("apply", "-auto-approve", "-no-color")
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        applied = time.monotonic()
        live.settled()
        planned = time.monotonic()
        done = live.terraform("plan", "-destroy", "-no-color")
        assert done.returncode != 0
        assert "prevent_destroy" in done.stderr
        done = live.terraform("state", "rm", "terraform_data.guard[0]")
        assert done.returncode == 0, done.stderr
        live.tell("protected = true", "protected = false")
        live.apply()
        ending = time.monotonic()
        destroyed(live, before)
        ended = time.monotonic()
    seconds = {
        "apply of the prod size": applied - began,
        "its next plan, without changes": planned - applied,
        "its destroy": ended - ending,
    }
    print(seconds)
    record("aws", {"seconds": seconds})


@FULL
def test_each_step_of_an_upgrade(tmp_path: Path) -> None:
    with estate(tmp_path, "dev") as live:
        before = live.account.inventory()
        live.tell('kubernetes_version = "1.36"', 'kubernetes_version = "1.35"')
        live.apply()
        # More nodes: EKS refuses a least number above the one that runs.
        live.tell("min = 2, max = 4", "min = 3, max = 4")
        live.apply()
        (group,) = live.account.ask("eks", "list_nodegroups", clusterName="live")["nodegroups"]
        found = live.account.ask(
            "eks", "describe_nodegroup", clusterName="live", nodegroupName=group
        )["nodegroup"]["scalingConfig"]
        assert found == {"minSize": 3, "maxSize": 4, "desiredSize": 3}
        # One minor: cluster, then nodes, then add-ons, in one apply.
        live.tell('kubernetes_version = "1.35"', 'kubernetes_version = "1.36"')
        live.apply()
        cluster = live.account.ask("eks", "describe_cluster", name="live")["cluster"]
        assert cluster["version"] == "1.36"
        # A third zone moves nothing that is there.
        live.tell(
            r'zones( *)= \["eu-west-1a", "eu-west-1b"\]',
            'zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]',
        )
        changes = {one["address"]: one["change"] for one in live.planned()["resource_changes"]}
        gone = {at: one["actions"] for at, one in changes.items() if "delete" in one["actions"]}
        # EKS cannot add subnets to a group: another one comes, then this goes.
        assert gone == {"module.cluster.aws_eks_node_group.this[0]": ["create", "delete"]}
        assert changes["module.cluster.aws_eks_cluster.this"]["actions"] == ["no-op"]
        live.apply()
        # A NAT gateway in each zone.
        live.tell(r'nat( *)= "one"', 'nat = "per_zone"')
        live.apply()
        # Managed nodes to Auto Mode: the cluster stays the same one.
        made = live.account.ask("eks", "describe_cluster", name="live")["cluster"]["createdAt"]
        live.tell(MODE, MODES["auto_mode"])
        live.apply()
        cluster = live.account.ask("eks", "describe_cluster", name="live")["cluster"]
        assert (cluster["createdAt"], cluster["computeConfig"]["enabled"]) == (made, True)
        destroyed(live, before)


@FULL
def test_a_skipped_minor_is_refused(tmp_path: Path) -> None:
    with estate(tmp_path, "dev") as live:
        live.tell('kubernetes_version = "1.36"', 'kubernetes_version = "1.35"')
        live.apply()
        live.tell('kubernetes_version = "1.35"', 'kubernetes_version = "1.37"')
        live.tell('"1.36" = \\{', '"1.37" = {')
        live.tell("v1.36.0", "v1.37.0")
        done = live.terraform("apply", "-auto-approve", "-no-color")
        assert done.returncode != 0
        assert "1.35" in done.stderr
        assert "1.37" in done.stderr
        cluster = live.account.ask("eks", "describe_cluster", name="live")["cluster"]
        assert cluster["version"] == "1.35"


@FULL
def test_what_the_last_release_made_is_not_deleted_by_today_s(tmp_path: Path) -> None:
    """An upgrade of the modules that would take away a cluster is found before its release."""
    tags = _git("tag", "--sort=-creatordate").split()
    released = [tag for tag in tags if _git("ls-tree", tag, "terraform/platform/dev/main.tf")]
    if not released:
        pytest.skip("no release has a platform yet: the first one is what the next is held against")
    old = tmp_path / "old"
    old.mkdir()
    archive = tmp_path / "old.tar"
    subprocess.run(
        ["git", "archive", "-o", str(archive), released[0], *SHIPPED], cwd=REPOSITORY, check=True
    )
    subprocess.run(["tar", "-xf", str(archive), "-C", str(old)], check=True)
    with estate(tmp_path / "new", "dev", old) as live:
        live.apply()
        _replace_modules(live)
        assert live.terraform("init", "-no-color").returncode == 0
        changes = live.planned()["resource_changes"]
        assert [one["address"] for one in changes if "delete" in one["change"]["actions"]] == []


def _replace_modules(live: Estate) -> None:
    for file in (REPOSITORY / "terraform").rglob("*.tf"):
        if "modules" in file.parts:
            place = live.folder / "terraform" / file.relative_to(REPOSITORY / "terraform")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(file.read_text())


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return done.stdout
