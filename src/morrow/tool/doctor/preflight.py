"""What `up` checks before it touches anything: the parts of `doctor` that matter most."""

from __future__ import annotations

from morrow.tool.base.errors import Failure
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of
from morrow.tool.doctor.cluster import fields_check, image_checks, kinds_check
from morrow.tool.doctor.rights import rights_checks
from morrow.tool.rules.signed import unshown
from morrow.tool.stores.store import store_of


def preflight(site: Site) -> None:
    """Raise what is wrong; nothing is touched before all of it has passed."""
    delivery_of(site.environment).check(site)
    if site.namespace and site.namespace["metadata"].get("deletionTimestamp"):
        name = site.environment.namespace
        problem = site.place.problem(
            "namespace-terminating", f"namespace {name}", "it is being deleted", what=name
        )
        raise Failure(problem, refused=True)
    kinds = [*kinds_check(site), *fields_check(site)]
    checks = [*rights_checks(site), *kinds, *image_checks(site)]
    wrong = [one.problem for one in checks if one.state == "fail" and one.problem is not None]
    wrong += unshown(site.environment)
    if wrong:
        raise Failure(*wrong, refused=True)
    store_of(site.environment).check(site)
