"""The command line of the kit: `python -m morrow`. No library is needed for it."""

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from morrow.kit.settings.problem import StartError

USAGE = """\
usage: python -m morrow MODULE:ATTRIBUTE [--reload]   serve
       python -m morrow worker -- COMMAND...          run a worker, with probes
       python -m morrow task -- COMMAND...            run a command once
       python -m morrow probe URL                     exit 0 when it answers 200
       python -m morrow schema MODULE[:CLASS]         the settings' JSON schema
       python -m morrow env MODULE[:CLASS]            an example .env
       python -m morrow check MODULE[:CLASS]          judge {"values", "secrets"} from stdin
"""


def main(argv: list[str]) -> int:
    """Do what the arguments say; return the exit code.

    >>> main(["--help"])  # doctest: +ELLIPSIS
    usage: python -m morrow ...
    0
    """
    match argv:
        case ["--help" | "-h" | "help"]:
            sys.stdout.write(USAGE)
            return 0
        case ["probe", url]:
            from morrow.kit.health.probe import probe

            return probe(url)
        case ["worker" | "task" as verb, "--", _, *_]:
            return _started(lambda: run(argv[2:], probed=verb == "worker"))
        case ["schema" | "env" | "check" as verb, target]:
            return _describe(verb, target)
        case [target, *rest] if not target.startswith("-") and rest in ([], ["--reload"]):
            return _started(lambda: serve(target, reload="--reload" in rest))
        case _:
            wrong = [word for word in argv if word.startswith("-") and word != "--reload"]
            beside = f"that is none of these; the tool is called by: morrow {' '.join(argv)}"
            said = f"no such option: {wrong[0]}" if wrong else beside
            sys.stderr.write(f"error: {said}\n{USAGE}" if argv else USAGE)
            return 2


def _describe(verb: str, target: str) -> int:
    from morrow.kit.serving.target import load_settings_class
    from morrow.kit.settings.description import check, example_env, schema, to_json

    try:
        described = load_settings_class(target)
        if verb == "schema":
            answer = to_json(schema(described)) + "\n"
        elif verb == "env":
            answer = example_env(described)
        else:
            asked = json.load(sys.stdin)
            if not isinstance(asked, dict):
                raise StartError("check-malformed", 'stdin must be {"values": {}, "secrets": []}')
            answer = to_json(check(described, asked)) + "\n"
    except json.JSONDecodeError as error:
        sys.stderr.write(f"error: stdin is no JSON: {error}\n")
        return 2
    except StartError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    sys.stdout.write(answer)
    return 0


def run(words: list[str], *, probed: bool) -> int:
    """Run a command to its end, with an admin port or without; return its exit code."""
    from morrow.kit.serving.command import Command
    from morrow.kit.serving.judged import check_settings

    (own, checks), listener = check_settings(probed=probed), None
    if probed:
        listener = _listen(own.morrow_host, own.morrow_admin_port, None, "MORROW_ADMIN_PORT")
        listener.set_inheritable(False)
    return Command(words, own, checks).run(listener)


def _started(start: Callable[[], int]) -> int:
    """Start what logs, and serve or run until it ends; return the exit code."""
    from morrow.kit.request.logs import configure

    configure()
    try:
        return start()
    except StartError as error:
        return error.log()


def serve(target: str, *, reload: bool = False) -> int:
    """Serve until a signal ends it; return the exit code."""
    from morrow.kit.serving.handover import take
    from morrow.kit.serving.running import read_own_settings
    from morrow.kit.serving.supervisor import Supervisor
    from morrow.kit.serving.target import load_service

    own = read_own_settings(lambda: load_service(target))
    changed = None
    if reload:
        from morrow.kit.serving.reload import Watch

        changed = Watch(Path.cwd()).changed
    taken = take(Path(own.morrow_handover)) if own.morrow_handover else None
    (service, admin), predecessor = taken or ((None, None), None)
    listeners = [
        _listen(own.morrow_host, own.morrow_port, service, "MORROW_PORT"),
        _listen(own.morrow_host, own.morrow_admin_port, admin, "MORROW_ADMIN_PORT"),
    ]
    return Supervisor(target, own, listeners, predecessor, changed).run()


def _listen(host: str, port: int, inherited: socket.socket | None, variable: str) -> socket.socket:
    if inherited is not None:
        if port in (0, inherited.getsockname()[1]):
            return inherited
        inherited.close()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted connections inherit it: an answer is sent at once.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # So is this: a client that vanished from a websocket or a stream is noticed. Linux has all.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, number in (("IDLE", 60), ("INTVL", 15), ("CNT", 4)):
        if option := getattr(socket, f"TCP_KEEP{name}", None):
            listener.setsockopt(socket.IPPROTO_TCP, option, number)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise StartError(
            "port-taken" if error.errno in (48, 98) else "port-refused",
            f"cannot listen on {host} port {port}: {error.strerror}; "
            f"stop what holds it, or set {variable} to another",
        ) from error
    return listener
