"""Bring a platform to what its roots say."""

from __future__ import annotations

from datetime import date

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.protection import require_name
from morrow.tool.platform import plan as plans
from morrow.tool.platform.account import require_room
from morrow.tool.platform.plan import Planned
from morrow.tool.platform.roots import Platform, say
from morrow.tool.platform.write import hand_over
from morrow.tool.programs.aws import Aws

# An account has so many of these, and not in every zone.
LIMITED = {"aws_eks_cluster", "aws_eks_node_group", "aws_nat_gateway", "aws_subnet"}


def up(planned: Planned, confirm: str | None) -> Outcome:
    """Apply exactly the plan that was shown, then the cluster's own root."""
    platform = planned.platform
    if planned.problems:
        raise Failure(*planned.problems, refused=True)
    if any(one.action == "create" and one.kind in LIMITED for one in planned.plan.changes):
        require_room(platform, date.today())
    if planned.protected and not planned.empty:
        require(platform.name, confirm, f"platform up {platform.name}")
    if not planned.empty or _outputs_change(planned):
        terminal.warn(*platform.terraform.apply(planned.plan.file, on_progress=say))
    releases = _releases(platform)
    data = plans.as_json(planned) | {
        "result": "unchanged" if planned.empty else "applied",
        "cluster_services": releases,
    }
    lines = [f"{platform.root}: {'nothing to do' if planned.empty else 'applied'}"]
    if releases:
        lines.append(f"{platform.project.shown(platform.cluster_folder)}: {releases}")
    written = hand_over(platform)
    if written:
        lines.append(written.text)
        data |= {"written": written.data["file"]}
    return Outcome("\n".join(lines), data)


def _outputs_change(planned: Planned) -> bool:
    changes = planned.plan.raw.get("output_changes", {}).values()
    return any(one["actions"] != ["no-op"] for one in changes)


def _releases(platform: Platform) -> str:
    """Apply the root of what runs in the cluster, where there is one."""
    if not (platform.cluster_folder / "main.tf").is_file():
        return ""
    found = platform.handover()
    Aws(found["aws"]["region"]).update_kubeconfig(found["cluster"]["name"])
    terraform = platform.cluster_terraform(found["cluster"]["context"])
    assert terraform is not None  # noqa: S101 - its main.tf was seen above
    terminal.status(f"installing what {platform.name} runs beside the services …")
    terminal.warn(*terraform.apply(on_progress=say))
    return "applied"


def require(name: str, confirm: str | None, command: str) -> None:
    """Go on only when the platform's name is given."""
    question, why = "Type the platform's name to go on", "customers may depend on it"
    require_name(name, confirm, command, question, why)
