"""What `init` says: what was found and why, each file, and what comes next."""

from __future__ import annotations

import difflib
import textwrap

from morrow.tool.base.terminal import format_table, terminal
from morrow.tool.init.backing import install
from morrow.tool.init.init import Found


def summary(found: Found) -> str:
    """Return what was found, one line a fact."""
    app = found.application
    path, status = app.path
    routes = f", {len(app.routes)} routes" if app.routes else ""
    asked = f"GET {path} answered {status}" if status else "no path answered: see below"
    rows = [
        ("application", f"{app.target}: {app.framework}, {app.interface.upper()}{routes}"),
        ("because", app.candidate.why),
        ("Python", f"{'.'.join(map(str, found.python.version))}, {found.python.how}"),
        ("asked", f"{asked} (in a copy, without network)"),
    ]
    if app.candidate.source:
        rows.insert(1, ("in", f"{app.candidate.source}/"))
    if app.trouble:
        needs = " and ".join(one.kind for one in found.stores)
        get = install([one.kind for one in found.stores])
        here = f" (with `{get}` and `init` again, `up local` runs it)" if get else ""
        why = (
            f"; it needs {needs}, which was not reachable{here}"
            if needs and app.fails and not app.makes
            else ""
        )
        rows.append(("fails" if app.fails else "closed", f"{app.trouble}{why}"))
    needed = [one.name for one in found.settings if one.needed and not one.secret]
    if found.settings:
        more = f", needed: {', '.join(needed[:8])}" if needed else ""
        rows.append(("settings", f"{len(found.settings)} variables{more}"))
    known = {one.name: one.at for one in found.settings}
    for number, key in enumerate(found.layers.keys[:12]):
        at = f", {known[key]}" if key in known else ""
        rows.append(("" if number else "secrets", f"{key}{at}"))
    for one in found.stores:
        rows.append(("needs", one.told))
    for kind, one_ in app.servers.items():
        rows.append(("here", f"`up local` runs {kind} on port {one_['port']} (local.yaml)"))
    for name, given in app.given.items():
        if name not in app.here and given.startswith("sqlite"):
            rows.append(("here", f"a file stands for the database ({name} in local.yaml)"))
    for run in found.beside:
        rows.append((run.kind, f"{run.name}: {' '.join(run.command)} ({run.why})"))
    for place in found.exposed[:6]:
        rows.append(("exposed", f"{place}: a secret in the code; Git keeps it"))
    for other in found.others:
        rows.append(("also", f"{other}; --app takes it instead"))
    for unread in found.unread:
        rows.append(("unread", unread))
    for kept in found.kept:
        rows.append(("kept", f"{kept} is there already"))
    return format_table(("", ""), rows, terminal.width)


def files_text(found: Found) -> str:
    """Return each file's text; of one that is there already, what changes in it."""
    parts = []
    for draft in found.drafts:
        file = found.root / draft.path
        lines = draft.text.splitlines()
        if file.is_file():
            old = file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
            lines = list(difflib.unified_diff(old, lines, n=0, lineterm=""))[2:]
            lines = [one for one in lines if not one.startswith("@@")]
        shown = "\n".join(lines).encode(errors="replace").decode()
        parts.append(f"\n{draft.action} {draft.path}\n{textwrap.indent(shown, '  | ')}")
    return "\n".join(parts)


def next_commands(found: Found, tool: str) -> list[str]:
    """Return the three commands that come next."""
    set_store = [f"{tool} secrets set dev {name}" for name in found.layers.stores[:1]]
    last = set_store or [f"{tool} doctor dev"]
    return [f"{tool} up local", f"{tool} verify local --during update", *last]
