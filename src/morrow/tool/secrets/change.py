"""What `morrow secrets set` and `rotate` do, for every store and every target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cluster.site import Site
from morrow.tool.environment import edit
from morrow.tool.rules.open import VALID, open_site
from morrow.tool.stores.generated import fresh
from morrow.tool.stores.store import store_of
from morrow.tool.targets.target import UpOptions, target_of

Answer = dict[str, Any]


def change(site: Site, given: Mapping[str, bytes], confirm: str | None) -> Answer:
    """Give some keys new values."""
    environment, store = site.environment, store_of(site.environment)
    if not store.in_place:
        return _renew(site, given, confirm)
    command = f"secrets set {environment.label}"
    with target_of(environment).changing(site, confirm, command, asks=f"{command} KEY"):
        store.set(site, given)
    rotate_ = f"{typed()} secrets rotate {environment.label}"
    terminal.say(f"pods read it at their next start: {rotate_}")
    return _answer(site, environment.secrets.revision, [])


def rotate(site: Site, keys: Iterable[str], confirm: str | None) -> Answer:
    """Give keys new random values; of a foreign Secret only the pods are renewed."""
    store = store_of(site.environment)
    return _renew(site, {key: fresh() for key in keys} if store.random else {}, confirm)


def _renew(site: Site, given: Mapping[str, bytes], confirm: str | None) -> Answer:
    """Make a new revision, write its line, roll it out, prove that every pod holds it."""
    environment, store = site.environment, store_of(site.environment)
    target = target_of(environment)
    with target.changing(site, confirm, f"secrets rotate {environment.label}"):
        revision = store.next_revision(site)
        edit.require_editable(environment, "secrets", "revision", revision)
        store.renew(site, revision, given)
        edit.write(environment, "secrets", "revision", revision)
        shown = environment.shown(environment.file)
        terminal.say(f'  {shown}: secrets.revision: "{revision}"')
    renewed = open_site(environment.label, environment.context, VALID, environment.project)
    renewed.confirmed = site.confirmed
    if not target.runs(renewed):
        again = f"{typed()} up {environment.label}"
        terminal.say(f"nothing runs yet, so nothing is rolled out: {again}")
        return _answer(renewed, revision, [])
    target.up(renewed, UpOptions(context=environment.context or None))
    return _answer(renewed, revision, target.prove_secrets(renewed))


def _answer(site: Site, revision: str, pods: list[dict[str, str]]) -> Answer:
    return {"environment": site.environment.label, "revision": revision, "pods": pods}
