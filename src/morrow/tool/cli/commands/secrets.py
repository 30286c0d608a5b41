"""`morrow secrets list | set | rotate`: what an environment's secrets are, never their values."""

from __future__ import annotations

import sys
from typing import Any

import click

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.base.words import did_you_mean
from morrow.tool.cli.options import answers, confirm_option, context_option, environment_argument


@click.group(help="List, set or rotate secrets.")
def command() -> None:
    """Hold the three verbs."""


@command.command("list", help="List ENVIRONMENT's secrets: which are there, in which revision.")
@environment_argument
@context_option
@answers
def list_(environment: str, context: str | None) -> None:
    """Print one line for each key."""
    from morrow.tool.rules.open import VALID, open_site
    from morrow.tool.stores.store import store_of

    site = open_site(environment, context, VALID)
    found = site.environment
    holder, held = store_of(found).held(site)
    rows = [(key, "set" if key in held else "missing", holder) for key in found.secrets.keys]
    terminal.answer(
        {
            "environment": environment,
            "provider": found.secrets.provider,
            "revision": found.secrets.revision,
            "where": holder,
            "keys": [{"name": key, "set": state == "set"} for key, state, _ in rows],
        }
    )
    terminal.table(("secret", "state", "where"), rows)


@command.command(
    "set",
    short_help="Set one secret, from standard input or typed unseen.",
    help="Set ENVIRONMENT's secret KEY to a value from standard input, or typed unseen.\n\n"
    "A generated Secret cannot change: a new revision is made, written into the file and"
    " rolled out. In a Secret that someone else made, the key is set in place.",
    context_settings={"ignore_unknown_options": True},
)
@environment_argument
@click.argument("key")
@click.argument("more", nargs=-1, type=click.UNPROCESSED, metavar="")
@confirm_option
@context_option
@answers
def set_(
    environment: str, key: str, more: tuple[str, ...], confirm: str | None, context: str | None
) -> None:
    """Read the value, never from an argument."""
    from morrow.tool.rules.open import DEPLOYABLE, open_site
    from morrow.tool.secrets.change import change

    if more:  # click would repeat the words, and they may be the secret
        raise click.UsageError(
            "there is a word too much; a value is read from standard input, or typed unseen"
        )
    site = open_site(environment, context, DEPLOYABLE)
    found = site.environment
    if key not in found.secrets.keys:
        known = ", ".join(found.secrets.keys) or "none"
        cause = f"declared are: {known}{did_you_mean(key, found.secrets.keys)}"
        file = found.place("secrets", "keys")
        raise Failure(problem("secret-unknown", key, cause, file=file))
    _finish(change(site, {key: _value(environment, key)}, confirm))


@command.command(
    "rotate",
    short_help="Give new random values: a new revision, rolled out and proved.",
    help="Give ENVIRONMENT new secrets: a new revision, rolled out and proved.\n\n"
    "KEYS names the ones that get new random values; without any, all do. A Secret that someone"
    " else made is read anew: change it there first. What another system checks, a database's"
    " password, must be changed there too.",
)
@environment_argument
@click.argument("keys", nargs=-1)
@confirm_option
@context_option
@answers
def rotate(
    environment: str, keys: tuple[str, ...], confirm: str | None, context: str | None
) -> None:
    """Make the revision and roll it out."""
    from morrow.tool.rules.open import DEPLOYABLE, open_site
    from morrow.tool.secrets.change import rotate as new_values

    site = open_site(environment, context, DEPLOYABLE)
    found = site.environment
    unknown = [key for key in keys if key not in found.secrets.keys]
    if unknown:
        cause = f"declared are: {', '.join(found.secrets.keys) or 'none'}"
        file = found.place("secrets", "keys")
        raise Failure(*(problem("secret-unknown", key, cause, file=file) for key in unknown))
    _finish(new_values(site, keys or found.secrets.keys, confirm))


def _value(environment: str, key: str) -> bytes:
    if sys.stdin.isatty():
        typed: str = click.prompt(f"{key} for {environment}", hide_input=True, err=True)
        return typed.encode()
    # Every byte counts; what `echo` and an editor put at the end is no part of a secret.
    value = sys.stdin.buffer.read().removesuffix(b"\n").removesuffix(b"\r")
    if not value:
        cause = "standard input was empty"
        raise Failure(problem("secret-value", key, cause, environment=environment, key=key))
    return value


def _finish(data: dict[str, Any]) -> None:
    terminal.answer(data)
    pods = data.get("pods") or []
    held = f"; {len(pods)} of {len(pods)} pods hold it" if pods else ""
    terminal.result(f"{data['environment']}: secrets revision {data['revision']}{held}")
