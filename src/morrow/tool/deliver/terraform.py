"""Delivery by the environment's Terraform root, in the tool's words."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import Delivery
from morrow.tool.deliver.helm import ByHelm
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm import Record, write_chart
from morrow.tool.programs.terraform import Terraform
from morrow.tool.programs.terraform_json import Plan, Progress
from morrow.tool.recovery.recovery import Finding
from morrow.tool.recovery.terraform import ADDRESS, find

OVERRIDE = "morrow_override.tf"  # a name that Terraform lays over the root's own files


class ByTerraform(Delivery):
    """`terraform apply` of a small root, whose state knows the release too."""

    programs = ("helm", "terraform")
    reads_again = True
    keeps_state = True

    def check(self, site: Site) -> None:
        """Leave it to the provider, which has a Helm of its own."""

    def render(self, site: Site) -> tuple[str, str]:
        """Let Helm render what the provider will apply."""
        return ByHelm().render(site)

    def apply(self, site: Site, timeout: float | None, saved: Path | None) -> Problem | None:
        """Apply the root, or exactly the saved plan, which has its own time."""
        terraform = Terraform.of(site.environment, timeout=timeout)
        _drop_override(terraform.folder)
        try:
            _warn(terraform.apply(saved, on_progress=_say))
        except Failure as failure:
            if failure.problems[0].code == "interrupted":
                raise
            return failure.problems[0]
        finally:
            site.forget_release()
        return None

    def awaited(self, objects: list[Json], after: Collection[str]) -> list[Json]:
        """Return all: the provider's Helm always waits."""
        return objects

    def undo_install(self, site: Site) -> bool:
        """Destroy the release alone: what else the root made is none of its faults."""
        try:
            Terraform.of(site.environment).destroy(on_progress=_say, only=ADDRESS)
        except Failure as failure:
            terminal.warn(f"it was not taken away: {failure.problems[0].cause}")
            return False
        return True

    def bring_back(self, site: Site, record: Record, timeout: float | None) -> Problem | None:
        """Apply an old release's chart and values through the root, so that the state knows it."""
        with tempfile.TemporaryDirectory(prefix="morrow-rollback-") as folder:
            chart = write_chart(record, Path(folder) / "chart")
            values = Path(folder) / "values.yaml"
            values.write_text(json.dumps(record.get("config") or {}, indent=2))
            try:
                with overridden(site.environment, chart, values, timeout) as terraform:
                    _warn(terraform.apply(on_progress=_say))
            finally:
                site.forget_release()
        return None

    def remove(self, site: Site) -> None:
        """Destroy what the root made, and what an interrupted apply left beside it."""
        _warn(Terraform.of(site.environment).destroy(on_progress=_say))
        ByHelm().remove(site)

    def plan(self, site: Site) -> Plan:
        """Let Terraform plan."""
        return Terraform.of(site.environment).plan()

    def left_behind(self, site: Site, *, broken: bool) -> list[Finding]:
        """Find a locked state, one that was not saved, and one that knows another release."""
        return list(find(site, broken=broken))


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        terminal.warn(warning)


def _say(progress: Progress) -> None:
    if progress.state in ("started", "done", "failed"):
        terminal.say(f"  terraform: {progress.text}")


@contextmanager
def overridden(
    environment: Environment, chart: Path, values: Path, timeout: float | None
) -> Iterator[Terraform]:
    """Give the root another chart and other values for one apply: those of an old release."""
    terraform = Terraform.of(environment, timeout=timeout)
    override = terraform.folder / OVERRIDE
    override.write_text(
        "# For the time of one rollback; the next `morrow up` removes it when it is left behind.\n"
        'module "service" {\n'
        f'  chart            = "{chart}"\n'
        f'  values           = [file("{values}")]\n'
        "  image_digest     = null\n"
        "  secrets_revision = null\n"
        "}\n"
    )
    try:
        yield terraform
    finally:
        _drop_override(terraform.folder)


def _drop_override(folder: Path) -> None:
    (folder / OVERRIDE).unlink(missing_ok=True)
