"""Apply a release while its rollout is watched; take back what does not last."""

from __future__ import annotations

from pathlib import Path

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import Delivery, delivery_of
from morrow.tool.deliver.failed import PATIENCE, changed_already, failed
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.deliver.take_back import put_back
from morrow.tool.diagnose.awaited import AFTER_UP
from morrow.tool.diagnose.view import View
from morrow.tool.recovery.recovery import finish_earlier_command


def apply(site: Site, *, timeout: float | None = None, saved: Path | None = None) -> View:
    """Install or upgrade and wait until it serves; return the last look at its objects.

    A failure says what serves now.
    """
    finish_earlier_command(site)
    delivery, before = delivery_of(site.environment), site.deployed
    first = not site.history
    wanted = lambda: site.objects  # noqa: E731 - rendered once, at the first look
    with Rollout(
        site.kubectl,
        site.place,
        interrupt=delivery.stoppable,
        applied=wanted,
        awaited=lambda: delivery.awaited(site.objects, AFTER_UP),
    ) as rollout:
        refused = _applied(delivery, site, rollout, timeout, saved)
        if refused is not None and refused.code == "job-failed":
            rollout.look_for_job()
        if refused is None:
            try:
                with changed_already():
                    late = rollout.settled(round(timeout or PATIENCE))
            except (Failure, KeyboardInterrupt):
                delivery.give_up(site)
                raise
            if late is None:
                return rollout.view
    if refused is not None:  # who delivers has taken it back
        kept = first and delivery.changes_files  # a first commit stays, and what it made
        undone = delivery.undone and not kept
        raise failed(site, rollout.fault or refused, rollout.waiting, before, back=undone)
    assert late is not None  # noqa: S101 - else it has returned
    with changed_already():
        back = delivery.undo_install(site) if first else put_back(site, before, timeout)
    site.forget_release()
    raise failed(site, rollout.fault or late, rollout.waiting, before, back=back)


def _applied(
    delivery: Delivery, site: Site, rollout: Rollout, timeout: float | None, saved: Path | None
) -> Problem | None:
    """Return why it was refused. The watcher may have seen more than who applies can tell."""
    site.fault, site.unwatch = lambda: rollout.fault, rollout.end
    try:
        return delivery.apply(site, timeout, saved)
    except Failure as failure:
        site.forget_release()
        if rollout.fault is None or failure.waits:
            raise
        return rollout.fault
