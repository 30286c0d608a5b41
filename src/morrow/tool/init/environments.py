"""The environment files of a new project: what all share, this machine, a cluster, production."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from morrow.tool.init.answer import Application
from morrow.tool.init.beside import Beside
from morrow.tool.init.guess import guess, store_url
from morrow.tool.init.settings import INSIDE, RANDOM, Setting
from morrow.tool.init.write import MADE, mapping, processes, quoted

TARGET = "target: {kind: process}"


@dataclass(frozen=True)
class Layers:
    """The files by stem, and which variables are secrets."""

    files: Mapping[str, str]
    keys: tuple[str, ...]
    stores: tuple[str, ...]  # those of them that lead to a store: nothing random will do


def layers(
    name: str,
    image: str,
    app: Application,
    settings: tuple[Setting, ...],
    runs: tuple[Beside, ...],
    idle: tuple[Beside, ...],
    foreign: bool,
    port: int | None,
    delivery: str,
) -> Layers:
    """Return the text of every environment file."""
    known = {one.name: one for one in settings}
    keys, led, config, open_ = [], [], {}, []
    local: dict[str, str | None] = {}
    for variable in sorted({*known, *app.given}):
        one = known.get(variable) or Setting(variable, None, True, "", 0)
        wanted, upper = one.needed or variable in app.given, variable.upper()
        if one.store and wanted:
            keys.append(variable)
            led.append(variable)
            found = app.given.get(variable) or ""
            # A password of this shell's is not for a file that Git sees.
            own = INSIDE.search(found) and found != one.example
            local[variable] = store_url(variable) if own or not found else found
        elif one.secret and wanted and upper.endswith(("_DSN", "_URL", "_URI")):
            keys.append(variable)  # an address: what is drawn at random is none
            led.append(variable)
            local[variable] = guess(variable, known)
        elif one.secret and (wanted or (RANDOM.search(upper) and one.own)):
            keys.append(variable)
        elif wanted and upper.endswith(("DEBUG", "ALLOWED_HOSTS")):
            local[variable] = app.given.get(variable, "True")
            if one.needed:
                config[variable] = "False" if upper.endswith("DEBUG") else "*"
        elif not one.needed and one.example and app.given.get(variable) == one.example:
            local[variable] = one.example  # developers copy it, others need not
            open_.append(one)  # but they must know of it
        elif wanted:
            config[variable] = app.given.get(variable) or guess(variable, known)
        else:
            open_.append(one)
    for variable in sorted(app.dotenv - app.given.keys() & {*config, *keys}):
        local[variable] = None  # its own .env says it on this machine
        led += [variable] if variable in keys and variable not in led else []
    if app.candidate.django:
        local["DJANGO_SETTINGS_MODULE"] = app.candidate.settings
        if app.candidate.unsaid or app.target.startswith("django."):
            config["DJANGO_SETTINGS_MODULE"] = app.candidate.django
    local |= app.here
    led += [one for one in app.here if one in keys and one not in led]
    base = _base(app, name, image, config, keys, open_, runs, foreign, port)
    mine = [key for key in keys if key not in led]
    lines = [f"# This machine: the service runs as a process. {MADE}", "environment: local"]
    said = re.sub(r'"(postgres|redis|port|databases)":', r"\1:", json.dumps(app.servers))
    lines += [f"target: {{kind: process, servers: {said}}}" if app.servers else TARGET]
    lines += ["config:", *mapping(local)] if local else []
    if led:
        lines += ["secrets:", f"  keys: [{', '.join(mine)}]"]
    if idle:
        lines += [
            "processes:",
            "  # Not on this machine: what they need is not here. Else take out:",
        ]
        lines += [f"  {one.name}: null" for one in idle]
    dev = f"""\
# A cluster for trying things: kind, Minikube or a shared one. {MADE}
environment: dev
target:
  kind: kubernetes
  context: dev  # a context of your kubeconfig
  namespace: {name}
  delivery: {delivery}
"""
    prod = f"""\
# What customers use. {MADE}
# Before the first `up`: its API server's address, the image's digest, the Secret `{name}-secrets`.
environment: prod
target:
  kind: kubernetes
  context: prod
  server: https://prod.example.com:6443  # the API server that the context must lead to
  namespace: {name}
  delivery: {delivery}
  protected: true
"""
    if keys:
        prod += f"secrets:\n  provider: existing\n  name: {name}-secrets\n"
    prod += "autoscaling: {mode: hpa, min: 2, max: 6, cpu: 70}\n"
    files = {"base": base, "local": "\n".join(lines) + "\n", "dev": dev, "prod": prod}
    return Layers(files, tuple(keys), tuple(led))


def _base(
    app: Application,
    name: str,
    image: str,
    config: Mapping[str, str],
    keys: list[str],
    open_: list[Setting],
    runs: tuple[Beside, ...],
    foreign: bool,
    port: int | None,
) -> str:
    lines = [f"# What every environment shares: a values file of the chart. {MADE}"]
    lines += [f"name: {name}", "image:", f"  repository: {image}", '  tag: ""', '  digest: ""']
    if foreign:
        lines += ["# The image of your own Dockerfile knows nothing of the kit: no admin port."]
        lines += [f"ports: {{http: {port or 8000}, admin: null}}"]
    lines += ["config:", *mapping(config)] if config else ["config: {}"]
    if open_:
        lines += ["# Read as well, with defaults of the code's; state here what differs:"]
        for one in open_[:60]:
            secret = ", a secret: list it under secrets.keys" if one.secret else ""
            value = one.example if one.example is not None else one.default
            shown = quoted(value) if value is not None and not one.secret else '""'
            lines.append(f"#  {one.name}: {shown}  # {one.at}{secret}")
    # Who does not know the kit reads no files.
    way = [] if app.framework == "morrow" else ["  as: env"]
    if keys:
        lines += ["secrets:", "  provider: generated", *way, '  revision: "1"', "  keys:"]
        lines += [f"    - {key}" for key in keys]
    lines += processes(list(runs), kit=not foreign)
    return "\n".join(lines) + "\n"
