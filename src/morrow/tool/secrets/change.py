"""What `morrow secrets set`, `rotate`, `edit` and `move` do, for every store and every target.

A rotation, step by step: (1) a new value, made or given, (2) held against the service's own
declaration, (3) stored as a new version, (4) delivered beside the present one, (5) rolled out,
(6) proven: every pod says that it holds it, (7) the old one let go once nothing names it.
What fails on the way is taken back: files and pods are as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from morrow.tool.base.errors import APPLIED, Failure, problem
from morrow.tool.base.files import draft_of
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cluster.site import Site
from morrow.tool.environment import edit, load
from morrow.tool.environment.model import Environment
from morrow.tool.rules.open import VALID, open_site
from morrow.tool.rules.settings import require_values
from morrow.tool.secrets.alternating import Users
from morrow.tool.secrets.given import require_declared
from morrow.tool.stores.store import fresh, providers, store_of
from morrow.tool.targets.target import UpOptions, target_of

Files = Mapping[Path, bytes | None]


def change(site: Site, given: Mapping[str, bytes], confirm: str | None) -> Json:
    """Give some keys new values."""
    environment, store = site.environment, store_of(site.environment)
    if not store.in_place:
        return renew(site, given, confirm)
    require_values(environment, given)
    command = f"secrets set {environment.label}"
    with target_of(environment).changing(site, confirm, command, asks=f"{command} KEY"):
        store.set(site, given)
    rotate_ = f"{typed()} secrets rotate {environment.label}"
    terminal.say(f"pods read it at their next start: {rotate_}")
    return answer(site, environment.secrets.revision, [])


def rotate(site: Site, keys: Iterable[str], confirm: str | None) -> Json:
    """Give keys new random values; of a foreign Secret only the pods are renewed."""
    given = {key: fresh(key) for key in keys} if store_of(site.environment).random else {}
    rotation = site.environment.secrets.rotation
    if rotation is not None:
        require_declared(site.environment, [rotation.key])
    if rotation is None or rotation.key not in given:
        return renew(site, given, confirm)
    users = Users(site, rotation)
    if users.unfinished:
        terminal.say(f"{users.next} may log in: a rotation was begun, so that one is ended first")
        site = _brought_up(site, confirm)
        users.shut_out(site, users.next)
        users = Users(site, rotation)
    done = renew(site, {**given, rotation.key: users.value}, confirm, begin=users.begin)
    users.shut_out(_again(site), users.present)
    return done


def _brought_up(site: Site, confirm: str | None) -> Site:
    """Bring everything that runs to the present revision, and prove it."""
    environment, target = site.environment, target_of(site.environment)
    if target.runs(site):
        target.up(site, UpOptions(context=environment.context or None, confirm=confirm))
        target.prove_secrets(site)
    return _again(site)


def _again(site: Site) -> Site:
    """Read the files and the cluster again: they were changed."""
    environment = site.environment
    renewed = open_site(environment.label, environment.context, VALID, environment.project)
    renewed.confirmed = site.confirmed
    return renewed


def move(site: Site, to: str, confirm: str | None) -> Json:
    """Keep the same values elsewhere: a new revision there, rolled out as any other."""
    environment, store = site.environment, store_of(site.environment)
    if to not in (able := providers(environment.kind)):
        others = [one for one in able if one != environment.secrets.provider]
        cause = f"a {environment.kind} takes {' or '.join(able)}"
        change = f"{typed()} secrets move {environment.label} --to {others[0]}"
        raise Failure(problem("provider-unsupported", f"--to {to}", cause, change=change))
    secret_values = store.values(site)
    missing = [key for key in environment.secrets.keys if not secret_values.get(key)]
    if missing:
        where, cause = environment.secrets.object_name, f"it has no value for {missing[0]}"
        label, key = environment.label, missing[0]
        wrong = problem("secret-incomplete", where, cause, environment=label, key=key, verb="set")
        raise Failure(wrong, refused=True)
    values = {**environment.values, "secrets": {**environment.values["secrets"], "provider": to}}
    there = Site(replace(environment, values=values))
    there.confirmed = site.confirmed
    return renew(there, secret_values, confirm, {"provider": to})


def renew(
    site: Site,
    given: Mapping[str, bytes],
    confirm: str | None,
    lines: Mapping[str, str] | None = None,
    begin: Callable[[], None] | None = None,
    kept: Kept | None = None,
) -> Json:
    """Make a new revision, write its line, roll it out, prove that every pod holds it.

    `lines` are what the file says of a store that the values move to: they come last.
    `begin` is done under the lock, before anything is stored. What fails brings the files back to
    what they were before, by `kept` or under the lock.
    """
    kept = kept or Kept()
    environment, store = site.environment, store_of(site.environment)
    target = target_of(environment)
    revision_written_first = store.revision_written_first and not lines
    require_values(environment, given)
    with taken_back(environment, kept):
        under_lock = target.changing(site, confirm, f"secrets rotate {environment.label}")
        with under_lock, taken_back(environment, kept):
            kept.hold(environment)
            revision = store.next_revision(site)
            wanted = {**(lines or {}), "revision": revision}
            edit.require_editable(environment, "secrets", wanted)
            if begin is not None:
                begin()
            if revision_written_first:
                _write(environment, wanted)
            more = store.renew(site, revision, given)
            if not revision_written_first:
                _write(environment, {**wanted, **more})
            kept.release(environment)
        renewed = _again(site)
        if not target.runs(renewed):
            again = f"{typed()} up {environment.label}"
            terminal.say(f"nothing runs yet, so nothing is rolled out: {again}")
            return answer(renewed, revision, [])
        with _told_of(revision, [] if lines else [*given]):
            target.up(renewed, UpOptions(context=environment.context or None))
    pods = target.prove_secrets(renewed)
    store.after_rollout(renewed)
    return answer(renewed, revision, pods)


@contextmanager
def _told_of(revision: str, keys: list[str]) -> Iterator[None]:
    """Say at a failure which values were new: a service may not name what it could not use."""
    try:
        yield
    except Failure as failure:
        new = (f"new in secrets revision {revision}: {', '.join(keys)}",) if keys else ()
        failure.problems = tuple(
            replace(one, details=(*new, *one.details)) for one in failure.problems
        )
        raise


def _write(environment: Environment, lines: Mapping[str, str]) -> None:
    edit.write(environment, "secrets", lines)
    shown = environment.shown(environment.file)
    for key, value in lines.items():
        terminal.say(f'  {shown}: secrets.{key}: "{value}"')


def files_of(environment: Environment) -> Files:
    """Return what a change writes: the environment's own file, and where its store keeps values."""
    files = [environment.file, *store_of(environment).sources(environment)]
    return {file: file.read_bytes() if file.is_file() else None for file in files}


@dataclass
class Kept:
    """The files before a change, and as it left them: what others wrote since is theirs."""

    before: Files = field(default_factory=dict)
    ours: Files = field(default_factory=dict)  # empty while the lock is held

    def hold(self, environment: Environment) -> None:
        """Begin to write, under the lock; refuse where another command came between."""
        now = files_of(environment)
        read = load.read(environment.project, environment.label, environment.context or None)
        if now != (self.ours or now) or _secrets(read) != _secrets(environment):
            cause = f"another command made revision {read.secrets.revision} meanwhile"
            where = environment.shown(environment.file)
            raise Failure(problem("secrets-overtaken", where, cause))
        self.before, self.ours = self.before or now, {}

    def release(self, environment: Environment) -> None:
        """End to write."""
        self.ours = files_of(environment)


def _secrets(environment: Environment) -> object:
    return environment.given.get("secrets")


@contextmanager
def taken_back(environment: Environment, kept: Kept) -> Iterator[None]:
    """Bring the files back when a change fails, unless it was applied."""
    try:
        yield
    except BaseException as failure:
        if not (isinstance(failure, Failure) and failure.exit_code == APPLIED):
            now = files_of(environment)
            ours = [file for file in kept.before if now[file] == kept.ours.get(file, now[file])]
            back = [file for file in ours if _put_back(file, kept.before[file])]
            for file in back:
                shown, before = environment.shown(file), environment.secrets.revision
                what = f'secrets.revision: "{before}"' if file == environment.file else "as before"
                terminal.say(f"  {shown}: {what} again")
        raise


def _put_back(file: Path, text: bytes | None) -> bool:
    """Restore a file; return whether it had been changed."""
    if text == (file.read_bytes() if file.is_file() else None):
        return False
    if text is None:
        file.unlink()
        return True
    with draft_of(file) as draft:
        draft.write_bytes(text)
    return True


def answer(site: Site, revision: str, pods: list[dict[str, str]]) -> Json:
    """Return what a change of secrets says for `--json`."""
    return {"environment": site.environment.label, "revision": revision, "pods": pods}
