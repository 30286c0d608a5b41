"""What `morrow secrets edit`, `rekey` and `check` do with an encrypted file."""

from __future__ import annotations

from pathlib import Path

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.project import Project
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.programs.sops import sealed
from morrow.tool.rules.settings import require_values
from morrow.tool.secrets.change import Kept, answer, files_of, renew, taken_back
from morrow.tool.stores.sops import (
    Encrypted,
    EncryptedFiles,
    decrypted,
    file_of,
    refuse,
    sops_of,
    unencrypted,
    unopenable,
)
from morrow.tool.stores.store import store_of
from morrow.tool.targets.target import target_of


def edit(site: Site, confirm: str | None) -> Json:
    """Open the file in an editor; roll out what changed as a new revision."""
    environment, store = site.environment, require_sops(site.environment, "edit")
    before = files_of(environment)
    kept = Kept(before, before)
    with taken_back(environment, kept):
        sops_of(environment).edit()
        kept.release(environment)
        require_values(environment, decrypted(environment))
        if not store.stale(site) and target_of(environment).runs(site):
            terminal.say("  its values are the ones in use")
            return answer(site, environment.secrets.revision, [])
    return renew(site, {}, confirm, kept=kept)


def rekey(environment: Environment) -> Json:
    """Encrypt it for exactly those whom .sops.yaml names; values stay."""
    require_sops(environment, "rekey")
    sops, file = sops_of(environment), file_of(environment)
    before = sealed(file).recipients
    sops.rekey()
    after = sealed(file).recipients
    return {
        "environment": environment.label,
        "file": sops.shown,
        "recipients": list(after),
        "added": [one for one in after if one not in before],
        "removed": [one for one in before if one not in after],
    }


def check(project: Project, named: tuple[Path, ...]) -> list[str]:
    """Refuse files of secrets that can be read; return those that were looked at."""
    files = named or tuple(sorted(project.environments.glob("*.secrets.yaml")))
    shown = {file: project.shown(file.resolve()) for file in files}
    missing = [problem("file-failed", shown[f], "there is no such file")
               for f in files if not f.is_file()]  # fmt: skip
    problems = missing or unencrypted(files, shown)
    if problems:
        raise Failure(*problems)
    return list(shown.values())


def require_sops(environment: Environment, verb: str) -> Encrypted | EncryptedFiles:
    """Return the store, or refuse what only an encrypted file has."""
    store = store_of(environment)
    if isinstance(store, Encrypted | EncryptedFiles):
        refuse(unopenable(environment))
        return store
    provider, where = environment.secrets.provider, environment.place("secrets", "provider")
    cause = f"secrets.provider is {provider}; `secrets {verb}` is for sops"
    change = f"{typed()} secrets move {environment.label} --to sops"
    raise Failure(problem("provider-unsupported", where, cause, change=change))
