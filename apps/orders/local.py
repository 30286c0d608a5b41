"""Run orders on this machine until Ctrl-C: database, broker, migration, worker, web process.

make up APP=orders
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

from backing import MissingError, postgres, redis  # noqa: E402 - after the path is set
from tools.cache import UnavailableError  # noqa: E402
from tools.environments import BASE_PYTHON, environment  # noqa: E402

MORROW = ["-m", "morrow"]
WORKER = ["worker", "--", "celery", "-A", "orders.worker", "worker", "--loglevel", "INFO"]
MIGRATION = ["task", "--", "alembic", "-c", str(HERE / "orders" / "alembic.ini"), "upgrade", "head"]


def say(text: str) -> None:
    """Tell a person, beside the lines of the processes."""
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Run them; return the exit code."""
    port = int(os.environ.get("PORT") or 5000)
    # PostgreSQL must reach its folder as another user, where this one is root.
    home = Path("/var/tmp") if os.geteuid() == 0 else ROOT / ".morrow"  # noqa: S108
    folder = Path(os.environ.get("ORDERS_DATA") or home / "orders")
    with ExitStack() as stack:
        try:
            programs = environment(BASE_PYTHON, ROOT / "requirements" / "orders.txt")
            env = _environment(programs, port, stack, folder)
        except (MissingError, UnavailableError) as error:
            say(f"error: {error}")
            return 1
        python = str(programs / "python")
        say("migrating the database ...")
        if code := subprocess.run([python, *MORROW, *MIGRATION], env=env, cwd=folder).returncode:
            return code
        commands = (WORKER, ["orders.app:service"])
        running = []
        admin = int(env.get("MORROW_ADMIN_PORT") or 8081)  # the worker's is the next
        for number, words in enumerate(commands):
            mine = env | {"MORROW_ADMIN_PORT": str(admin + 1 - number)}
            process = subprocess.Popen(
                [python, *MORROW, *words], env=mine, cwd=folder, start_new_session=True
            )
            running.append(process)
        say(f"orders: http://127.0.0.1:{port}/docs  (Ctrl-C stops it)")
        return _until_one_ends(running)


def _environment(programs: Path, port: int, stack: ExitStack, folder: Path) -> dict[str, str]:
    env = os.environ | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": f"{HERE}:{ROOT / 'src'}",
        "MORROW_PORT": str(port),
        "MORROW_SERVICE": "orders.app:service",
    }
    folder.mkdir(parents=True, exist_ok=True)
    if not env.get("DATABASE_URL"):
        url = stack.enter_context(postgres(folder / "database", 54329))
        # A secret is given as a file, as in a cluster.
        given = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "DATABASE_URL"
        given.touch(mode=0o600)
        given.write_text(url)
        env["MORROW_SECRETS_DIR"] = str(given.parent)
    if not env.get("BROKER_URL"):
        env["BROKER_URL"] = stack.enter_context(redis(folder / "broker", 63799))
    return env


def _until_one_ends(running: list[subprocess.Popen[bytes]]) -> int:
    """Wait for the first to end, or for a signal; then stop the others."""
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: asked.append(number))
    while not asked and all(process.poll() is None for process in running):
        time.sleep(0.1)
    for process in running:
        process.terminate()
    codes = [process.wait() for process in running]
    return max(map(abs, codes)) if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
