"""Apply and destroy through the environment's Terraform root, in the tool's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.terminal import terminal
from morrow.tool.environment.model import Environment
from morrow.tool.programs.terraform import Terraform
from morrow.tool.programs.terraform_json import Progress

OVERRIDE = "morrow_override.tf"  # a name that Terraform lays over the root's own files


def apply_terraform(
    environment: Environment, plan: Path | None, timeout: float | None
) -> Problem | None:
    """Apply the root; return what Terraform says when it failed. A saved plan has its own time."""
    terraform = Terraform.of(environment, timeout=timeout)
    _drop_override(terraform.folder)
    try:
        warnings = terraform.apply(plan, on_progress=_say)
    except Failure as failure:
        if failure.problems[0].code == "interrupted":
            raise
        return failure.problems[0]
    for warning in warnings:
        terminal.warn(warning)
    return None


def destroy(environment: Environment) -> None:
    """Destroy what the root made."""
    for warning in Terraform.of(environment).destroy(on_progress=_say):
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


def roll_back(environment: Environment, chart: Path, values: Path, timeout: float | None) -> None:
    """Apply an old release's chart and values through the root, so that the state knows it."""
    with overridden(environment, chart, values, timeout) as terraform:
        for warning in terraform.apply(on_progress=_say):
            terminal.warn(warning)


def _drop_override(folder: Path) -> None:
    (folder / OVERRIDE).unlink(missing_ok=True)
