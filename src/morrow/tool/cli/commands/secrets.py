"""`morrow secrets`: what an environment's secrets are and new values for them, never shown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import answers, changes, environment_argument, finish, reads, show


@click.group(help="List, set or rotate secrets.")
def command() -> None:
    """Hold the verbs."""


@command.command("list", help="List ENVIRONMENT's secrets: which are there, in which revision.")
@environment_argument
@reads
def list_(environment: str, context: str | None) -> None:
    """Print one line for each key."""
    from morrow.tool.rules.open import VALID, open_site
    from morrow.tool.stores.store import store_of

    site = open_site(environment, context, VALID)
    secrets = site.environment.secrets
    where, present = store_of(site.environment).inventory(site)
    rows = [(key, "set" if key in present else "missing", where) for key in secrets.keys]
    terminal.answer(
        {
            "environment": environment,
            "provider": secrets.provider,
            "revision": secrets.revision,
            "where": where,
            "keys": [{"name": key, "set": state == "set"} for key, state, _ in rows],
        }
    )
    terminal.table(("secret", "state", "where"), rows)


@command.command(
    "set",
    short_help="Set secrets: one from standard input or a file, or all of a file.",
    help="Set ENVIRONMENT's secret KEY to a value from standard input, typed unseen, or of a file;"
    " without KEY all that a file of KEY=VALUE lines has.\n\n"
    "A generated Secret cannot change: a new revision is made, written into the file and"
    " rolled out. In a Secret that someone else made, the keys are set in place.",
    context_settings={"ignore_unknown_options": True},
)
@environment_argument
@click.argument("key", required=False, default="")
@click.argument("more", nargs=-1, type=click.UNPROCESSED, metavar="")
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Take KEY's value from this file, or KEY=VALUE lines.",
)
@changes
def set_(
    environment: str,
    key: str,
    more: tuple[str, ...],
    file: Path | None,
    confirm: str | None,
    context: str | None,
) -> None:
    """Read the values, never from an argument."""
    from morrow.tool.rules.open import DEPLOYABLE, open_site
    from morrow.tool.secrets.change import change
    from morrow.tool.secrets.given import from_file, require_declared

    if more:  # click would repeat the words, and they may be the secret
        raise click.UsageError(
            "there is one word too many; a value is read from standard input, or typed unseen"
        )
    if not key and file is None:
        raise click.UsageError("name KEY, or a --file of KEY=VALUE lines")
    site = open_site(environment, context, DEPLOYABLE)
    require_declared(site.environment, [key] if key else ())
    given = from_file(site.environment, file, key) if file else {key: _value(environment, key)}
    _finish(change(site, given, confirm))


@command.command(
    "rotate",
    short_help="Give new random values: a new revision, rolled out and proved.",
    help="Give ENVIRONMENT new secrets: a new revision, rolled out and proved.\n\n"
    "KEYS names the ones that get new random values; without any, all do. A Secret that someone"
    " else made is read anew: change it there first. What another system checks must be changed"
    " there, too; for PostgreSQL secrets.rotation does it, by two users that take turns.",
)
@environment_argument
@click.argument("keys", nargs=-1)
@changes
def rotate(
    environment: str, keys: tuple[str, ...], confirm: str | None, context: str | None
) -> None:
    """Make the revision and roll it out."""
    from morrow.tool.rules.open import DEPLOYABLE, open_site
    from morrow.tool.secrets.change import rotate as new_values
    from morrow.tool.secrets.given import require_declared

    site = open_site(environment, context, DEPLOYABLE)
    require_declared(site.environment, keys)
    _finish(new_values(site, keys or site.environment.secrets.keys, confirm))


@command.command(
    "status",
    short_help="Show which revision is held, how old each value is, what is due.",
    help="Show ENVIRONMENT's secrets: the revision wanted and held by each pod, how old each value"
    " is, what is left of others and why.\n\n"
    "Exit 1 where a pod holds another revision, a value is older than secrets.maxAge, or the store"
    " lacks a value; exit 2 where the cluster or the store does not answer: then it says what is"
    " known without it.",
)
@environment_argument
@reads
def status(environment: str, context: str | None) -> None:
    """Look once."""
    from morrow.tool.rules.open import VALID, open_site
    from morrow.tool.secrets.status import status_of

    outcome, failure = status_of(open_site(environment, context, VALID))
    if failure is None:
        finish(outcome)
        return
    show(outcome)
    if terminal.json:  # they are in its answer
        raise SystemExit(failure.exit_code)
    raise failure


@command.command(
    "move",
    short_help="Keep the same values in another store.",
    help="Keep ENVIRONMENT's values in another store: a new revision there, rolled out and"
    " proved.\n\nWhat that store needs stands in the file already: secrets.external for"
    " external, a rule in .sops.yaml for sops. What the old one held stays until you remove it.",
)
@environment_argument
@click.option(
    "--to",
    "to",
    required=True,
    type=click.Choice(("generated", "sops", "external")),
    help="The store to move to.",
)
@changes
def move(environment: str, to: str, confirm: str | None, context: str | None) -> None:
    """Read them there, write them here."""
    from morrow.tool.rules.open import DEPLOYABLE, open_site
    from morrow.tool.secrets.change import move as elsewhere

    _finish(elsewhere(open_site(environment, context, DEPLOYABLE), to, confirm))


@command.command(
    "edit",
    short_help="Edit the encrypted file; the change is rolled out and proved.",
    help="Open ENVIRONMENT's encrypted file in your editor (EDITOR), decrypted in memory.\n\n"
    "What it says afterwards becomes a new revision, rolled out and proved.",
)
@environment_argument
@changes
def edit(environment: str, confirm: str | None, context: str | None) -> None:
    """Let sops open it."""
    from morrow.tool.rules.open import VALID, open_site
    from morrow.tool.secrets.encrypted import edit as in_an_editor

    _finish(in_an_editor(open_site(environment, context, VALID), confirm))


@command.command(
    "rekey",
    short_help="Encrypt the file anew, for those whom .sops.yaml names.",
    help="Encrypt ENVIRONMENT's file anew, for those whom .sops.yaml names and nobody else.\n\n"
    "Its data key is a new one; its values stay, so nothing is rolled out. Who could read it"
    " before has read it: rotate what they must not know.",
)
@environment_argument
@answers
def rekey(environment: str) -> None:
    """Change the recipients."""
    from morrow.tool.rules.open import READABLE, open_site
    from morrow.tool.secrets.encrypted import rekey as new_recipients

    data = new_recipients(open_site(environment, None, READABLE).environment)
    terminal.answer(data)
    signs = (("+", "added"), ("-", "removed"))
    lines = [f"  {sign} {one}" for sign, which in signs for one in data[which]]
    count = len(data["recipients"])
    terminal.result("\n".join([f"{data['file']}: {count} recipients, a new data key", *lines]))


@command.command(
    "check",
    short_help="Refuse files of secrets that are not encrypted.",
    help="Refuse FILES that can be read without a key; without any, all of the project's"
    " *.secrets.yaml.\n\nIt asks no program and needs no key: made for pre-commit and CI.",
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@answers
def check(files: tuple[Path, ...]) -> None:
    """Look at each file."""
    from morrow.tool.base.project import Project
    from morrow.tool.secrets.encrypted import check as refuse

    looked = refuse(Project.find(), files)
    terminal.answer({"files": looked})
    terminal.result(f"{len(looked)} files of secrets, none can be read without a key")


def _value(environment: str, key: str) -> bytes:
    from morrow.tool.secrets.given import without_end

    if sys.stdin.isatty():
        typed: str = click.prompt(f"{key} for {environment}", hide_input=True, err=True)
        return typed.encode()
    value = without_end(sys.stdin.buffer.read())
    if not value:
        cause = "standard input was empty"
        raise Failure(problem("secret-value", key, cause, environment=environment, key=key))
    return value


def _finish(data: dict[str, Any]) -> None:
    terminal.answer(data)
    pods = data.get("pods") or []
    held = f"; {len(pods)} of {len(pods)} pods hold it" if pods else ""
    terminal.result(f"{data['environment']}: secrets revision {data['revision']}{held}")
