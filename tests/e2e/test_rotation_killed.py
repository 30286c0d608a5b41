"""A rotation killed at each of its seven steps, in each store: it serves, and the next converges.

The killing is SIGKILL of the command's own process (killed.py); what it had started runs on. The
load is a gentle one: it asks whether the service answers all the while, not how fast.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.e2e.cluster import Cluster, eventually, needs_lab
from tests.e2e.conftest import make_namespace
from tests.e2e.killed_shop import Shop, Starved, repeated, serving

pytestmark = pytest.mark.timeout(900)
ROTATE = ("secrets", "rotate", "test")

LOCK, SECRET = r"kubectl .* create .*jsonpath", r"kubectl .* create --validate=false -f -$"
FILE, SEALED = r"rename test\.yaml$", r"rename test\.secrets\.yaml$"
GOES = r"kubectl .* delete Secret "
# What is done at each step; the steps are those of docs/secrets.md.
COMMON = {1: LOCK, 2: r"python\S* .*-m morrow check", 5: r"helm .*upgrade", 6: "port-forward pod/"}
STEPS: dict[str, dict[int, str]] = {
    "generated": {**COMMON, 3: SECRET, 4: FILE, 7: GOES},
    "sops": {**COMMON, 3: SEALED, 4: SECRET, 7: GOES},
    "existing": {**COMMON, 3: r"kubectl .* patch secret", 4: FILE},  # the old one is not ours
    "external": {
        **COMMON,
        3: r"aws .*PutSecretValue",
        4: r"kubectl .* create -f -$",
        7: r"aws .*UpdateSecretVersionStage",
    },
    "users": {**COMMON, 3: "postgres let_in", 4: SECRET, 7: "postgres shut_out"},
}
IN_CI = {("generated", 5, "during")}


def cells() -> Iterator[Any]:
    for store, steps in STEPS.items():
        for step, pattern in sorted(steps.items()):
            during = ("during",) if "helm" in pattern else ()
            for when in ("before", *during, "after"):
                marks = [] if (store, step, when) in IN_CI else [pytest.mark.full]
                marks += [pytest.mark.alone] if store == "external" else []
                yield pytest.param(store, step, when, marks=marks, id=f"{store}-{step}-{when}")


@pytest.fixture(scope="module")
def shops(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Shop]]:
    """Give a service that serves by a store; it ends when another store's is asked for."""
    known: dict[str, Shop] = {}
    with ExitStack() as ends:

        def shop(store: str) -> Shop:
            if store not in known:
                known.clear()
                ends.close()
                space = f"e2e-killed-{store}-{os.urandom(3).hex()}"
                make_namespace(cluster, space)
                ends.callback(cluster.kubectl, "delete", "namespace", space, "--wait=false")
                folder = tmp_path_factory.mktemp(store)
                known[store] = ends.enter_context(serving(store, cluster, space, folder))
            return known[store]

        yield shop


@needs_lab("has pods that reach a database and a moto on this machine")
@pytest.mark.parametrize(("store", "step", "when"), list(cells()))
def test_killed_at_a_step_it_serves_and_the_next_command_converges(
    shops: Callable[[str], Shop], store: str, step: int, when: str
) -> None:
    shop = shops(store)
    repeated(lambda: killed_at(shop, step, when))


def killed_at(shop: Shop, step: int, when: str) -> None:
    """Kill it there under load, and go on."""
    store = shop.store
    pattern = STEPS[store][step]
    if pattern == GOES:
        shop.full_history()
        # Its Secret is one that no release names.
        assert shop.killed(SECRET, "after", *ROTATE) == -signal.SIGKILL
    shop.ready()
    given = "set" if shop.store == "existing" and step == 3 else "rotate"
    words = ("secrets", "set", "test", "DB_PASSWORD") if given == "set" else ROTATE
    # What `up` ends is the delivery; a database's users are the rotation's own.
    again = ("up", "test") if when == "before" and shop.database is None else words
    with shop.under_load():
        code = shop.killed(pattern, when, *words, stdin=f"{step}-{when}")
        assert code == -signal.SIGKILL, (code, shop.steps)
        told = shop.project.morrow(*again, "--json", stdin=f"{step}-{when}-again")
        shop.converged(told, rotated=again == words)
    assert any(re.search(pattern, one) for one in shop.steps), "it was killed there"
    if pattern == GOES:
        left = shop.project.morrow("secrets", "status", "test", "--json").answer["left"]
        assert all(one["why"].startswith("for ") for one in left), left


def test_control_what_does_not_serve_or_converge_is_seen(shops: Callable[[str], Shop]) -> None:
    shop = shops("generated")
    shop.ready()
    assert shop.killed(FILE, "after", *ROTATE) == -signal.SIGKILL
    with pytest.raises(AssertionError):  # nothing has gone on from there
        shop.converged(shop.project.morrow("status", "test", "--json"), rotated=False)
    with pytest.raises(AssertionError, match="requests lost"), shop.under_load():  # noqa: PT012
        shop.project.kubectl("scale", "deployment/web", "--replicas=0")
        eventually("no pod", lambda: not shop.pods(), within=90, every=0.5)
        shop.project.kubectl("scale", "deployment/web", "--replicas=1")
        shop.ready()
    assert shop.killed("^never$", "before", *ROTATE) == 0, "where it is not killed it ends well"
    with pytest.raises(Starved), shop.under_load() as load:  # noqa: PT012
        assert load._process is not None
        eventually("it asks", lambda: load.progress["requests"], within=30, every=0.1)
        for number, pause in ((signal.SIGSTOP, 3), (signal.SIGCONT, 1)):
            os.kill(load._process.pid, number)
            time.sleep(pause)
