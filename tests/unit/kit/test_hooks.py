"""`on_start` before the first request, `on_stop` after the last and inside the grace."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from morrow import Service
from morrow.kit.health.checks import Checks
from tests.unit.kit.served import Served, run, served, wait_for

WSGI = """
import asyncio, time
from morrow import Service, Settings
class Shop(Settings):
    name: str = "shop"
seen = []
def app(environ, start_response):
    time.sleep(float(environ["QUERY_STRING"] or 0))
    start_response("200 OK", [])
    return [",".join(seen).encode()]
service = Service(app, Shop)
@service.on_start
def plain(): seen.append("plain")
@service.on_start
async def later(settings): seen.append(settings.name)
@service.on_stop
def first_declared(): print('{"message": "first declared"}', flush=True)
"""
ASGI = """
import asyncio
from morrow import Service
seen = []
async def app(scope, receive, send):
    if scope["type"] == "lifespan": return
    same = seen[0] is asyncio.get_running_loop()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(same).encode()})
service = Service(app, interface="asgi")
@service.on_start
async def warm(): seen.append(asyncio.get_running_loop())
@service.on_stop
async def close(): print('{"message": "closed"}', flush=True)
"""


def shop(folder: Path, text: str) -> dict[str, str]:
    (folder / "shop.py").write_text(text)
    return {"PYTHONPATH": f"{folder}:{Path(__file__).parents[3] / 'src'}", "PWD": str(folder)}


def order(one: Served) -> list[str]:
    return [line["message"] for line in one.logged]


def test_hooks_run_in_their_order(tmp_path: Path) -> None:
    text = WSGI + '@service.on_stop\nasync def last(): print(\'{"message": "last"}\', flush=True)\n'
    with served("shop:service", **shop(tmp_path, text)) as one:
        assert one.get("/").text == "plain,shop"
        assert one.stop() == 0
    said = order(one)
    assert said.index("last") < said.index("first declared") < said.index("stopped")


def test_async_hooks_run_on_the_application_s_loop(tmp_path: Path) -> None:
    with served("shop:service", **shop(tmp_path, ASGI)) as one:
        assert one.get("/").text == "True"
        assert one.stop() == 0
    assert order(one).index("closed") < order(one).index("stopped")


def test_an_on_start_that_raises_ends_the_start(tmp_path: Path) -> None:
    text = WSGI + "@service.on_start\ndef broken(): raise LookupError('no price list')\n"
    done = run("shop:service", **shop(tmp_path, text))
    assert done.returncode == 1
    assert "on_start broken: LookupError: no price list (shop.py, line" in done.stdout


@pytest.mark.parametrize(
    ("body", "said"),
    [("time.sleep(60)", "on_stop cut: broken"), ("1 / 0", "on_stop raised: broken")],
)
def test_an_on_stop_that_does_not_end_well_is_counted(tmp_path: Path, body: str, said: str) -> None:
    text = WSGI + f"@service.on_stop\ndef broken(): {body}\n"
    with served("shop:service", MORROW_GRACE="1s", **shop(tmp_path, text)) as one:
        assert one.stop() == 1
    assert one.messages(said)
    assert one.messages("stopped")[0]["lost"] >= 1


def test_an_exit_hook_that_is_cut_does_not_begin_again(tmp_path: Path) -> None:
    text = WSGI + "import atexit\n@atexit.register\ndef last():\n"
    text += '    print(\'{"message": "exit hook"}\', flush=True)\n    time.sleep(60)\n'
    with served("shop:service", MORROW_GRACE="1s", **shop(tmp_path, text)) as one:
        assert one.stop() == 1
    assert one.messages("background job cut: an exit hook")
    assert order(one).count("exit hook") == 1
    assert not one.messages("did not end in time")


LIFESPAN = """
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    raise LookupError("the pool is gone")
"""


def test_a_lifespan_that_raises_at_its_end_is_told_and_counted(tmp_path: Path) -> None:
    with served("shop:app", **shop(tmp_path, LIFESPAN)) as one:
        assert one.stop() == 1
    assert one.messages("the application's shutdown failed")
    quiet = LIFESPAN.partition("    raise")[0]
    with served("shop:app", **shop(tmp_path, quiet)) as one:
        assert one.stop() == 0, "the control: one that only returns has ended well"


@pytest.mark.parametrize("error", [SystemExit(1), asyncio.CancelledError()])
def test_a_check_is_asked_again_whatever_it_raised(error: BaseException) -> None:
    service = Service(lambda environ, start_response: [])
    asked = []

    @service.check("database", every=0.01)
    def database() -> None:
        asked.append(1)
        raise error

    checks = Checks(service.checks)
    wait_for(lambda: len(asked) > 1, "the next look")
    assert type(error).__name__ in checks.states()[0].message
    checks.stop()
