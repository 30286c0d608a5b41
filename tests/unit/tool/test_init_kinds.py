"""Applications of less usual kinds: whom a command starts, a coroutine makes, an .ini describes."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from morrow.tool.init import copied as copying
from morrow.tool.init.copied import copied
from morrow.tool.init.init import apply
from morrow.tool.init.routed import USUAL, routes, walk
from morrow.tool.init.script import started, unguarded
from tests.unit.tool.test_init import WSGI, fill, found, refused

CHERRYPY = """
class Page:
    exposed = True
class Tree:
    def __init__(self): self.apps = {}
    def mount(self, root, place="", config=None): self.apps[place] = self
    def __call__(self, environ, start_response):
        start_response("200 OK" if self.apps else "404 No", [])
        return [b"here"]
tree = Tree()
def quickstart(*given): raise SystemExit("a server of its own")
"""
ASYNC = """
async def _page(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})
class FastAPI:
    async def __call__(self, scope, receive, send):
        await _page(scope, receive, send)
"""
PASTE = """
def main(global_config, **settings):
    assert settings["shop.name"] == "one" and "use" not in settings and "here" in global_config
    return application
"""


@pytest.mark.parametrize("guard", ["", 'if __name__ == "__main__":\n    '])
def test_what_cherrypy_would_serve_is_served(tmp_path: Path, guard: str) -> None:
    script = f"import cherrypy\nclass Root: pass\n{guard}cherrypy.quickstart(Root(), '/shop')\n"
    fill(tmp_path, cherrypy_py=CHERRYPY, hello_py=script)
    told = found(tmp_path).application
    assert (told.target, told.path) == ("morrow_app:application", ("/", 200))
    assert told.framework == "cherrypy"


def test_a_tree_without_pages_does_not_answer(tmp_path: Path) -> None:
    """The control of the one above: it is the mounting that answers."""
    fill(tmp_path, cherrypy_py=CHERRYPY, hello_py="import cherrypy\napp = cherrypy.tree\n")
    with pytest.raises(AssertionError):
        assert found(tmp_path, "hello:app").application.path == ("/", 200)


@pytest.mark.parametrize("ini", ["production.ini", "development.ini"])
def test_the_settings_of_an_ini_file_are_given(tmp_path: Path, ini: str) -> None:
    fill(tmp_path, shop____init___py="")
    (tmp_path / "shop").mkdir(exist_ok=True)
    (tmp_path / "shop" / "__init__.py").write_text(WSGI + PASTE)
    (tmp_path / ini).write_text("[app:main]\nuse = egg:shop\nshop.name = one\n")
    told = found(tmp_path)
    assert told.application.path == ("/", 200)
    apply(told)
    assert ini in (tmp_path / "morrow_app.py").read_text()
    (tmp_path / ini).write_text("[app:main]\nuse = egg:shop\nshop.name = two\n")
    for path in ("morrow_app.py", "morrow.toml"):
        (tmp_path / path).unlink()
    assert "AssertionError" in refused(tmp_path)[1], "the control: the settings come from there"


def test_a_coroutine_makes_it_in_the_loop_that_serves(tmp_path: Path) -> None:
    makes = "import asyncio\nasync def create_app():\n    app = FastAPI()\n"
    makes += "    app.loop = asyncio.get_running_loop()\n    return app\n"
    fill(tmp_path, main_py=ASYNC + makes)
    told = found(tmp_path)
    assert told.application.candidate.why.endswith("is a factory, a coroutine")
    assert told.application.path == ("/", 200)
    apply(told)
    assert "made = await create_app()" in (tmp_path / "morrow_app.py").read_text()
    (tmp_path / "main.py").write_text(ASYNC + makes.replace("create_app()", "create_app(name)"))
    (tmp_path / "morrow_app.py").unlink()
    (tmp_path / "morrow.toml").unlink()
    assert refused(tmp_path)[0] == "init-no-application", "the control: nobody says the name"


@pytest.mark.parametrize(
    "serves",
    [
        "config = uvicorn.Config(app, port=1)\n    await uvicorn.Server(config).serve()",
        "await serve(app, Config())",
    ],
)
def test_a_coroutine_that_serves_is_one_that_makes(serves: str) -> None:
    text = f"import asyncio\nasync def main():\n    app = await build('x')\n    {serves}\n"
    text += 'async def build(name): ...\nif __name__ == "__main__":\n    asyncio.run(main())\n'
    made = started("shop", ast.parse(text))
    assert "        app = await build('x')\n        made = app\n" in made
    assert started("shop", ast.parse(text.replace("(app", "('shop:app'"))) == "", "the control"


STARTS = "def main(): assemble().run()\n"
SCRIPTS = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[project.scripts]\nshop = "{}"\n',
    "setup.cfg": "[options.entry_points]\nconsole_scripts =\n    shop = {}\n",
    "setup.py": 'setup(entry_points={{"console_scripts": ["shop = {}"]}})\n',
}


@pytest.mark.parametrize("file", SCRIPTS)
@pytest.mark.parametrize("command", ["main", "assemble"])
def test_what_an_installed_command_makes_is_found(tmp_path: Path, file: str, command: str) -> None:
    """Whether it starts a server or only makes the application."""
    makes = "class Flask:\n    def __call__(self, environ, start_response):\n"
    makes += "        return application(environ, start_response)\n"
    makes += f"def assemble():\n    it = Flask()\n    return it\n{STARTS}"
    fill(tmp_path, shop__cli_py=WSGI.replace("application", "_page") + makes.replace(
        "application", "_page"))  # fmt: skip
    assert refused(tmp_path)[0] == "init-no-application", "the control: nobody names it"
    (tmp_path / file).write_text(SCRIPTS[file].format(f"shop.cli:{command}"))
    assert found(tmp_path).application.path == ("/", 200)


def test_a_file_with_a_hyphen_is_a_module_to_who_serves_it(tmp_path: Path) -> None:
    fill(tmp_path, **{"my-shop_py": f"{WSGI}app = Flask = lambda *given: application(*given)\n"})
    (tmp_path / "Procfile").write_text("web: gunicorn my-shop:application\n")
    assert found(tmp_path).application.target == "my-shop:application"


def test_a_server_at_the_import_does_not_start() -> None:
    served = unguarded("shop", ast.parse("from bottle import route, run\nrun(port=1)\n"))
    assert "bottle.run = lambda" in served
    assert served.endswith("application = bottle.default_app()\n")
    assert unguarded("shop", ast.parse("import uvicorn\nuvicorn.run(api)\n")).endswith(
        "application = shop.api\n"
    )
    assert unguarded("shop", ast.parse("import uvicorn\nuvicorn.run('shop:api')\n")) == ""


def test_one_that_tells_no_routes_is_asked_the_usual() -> None:
    assert routes(object(), "") == (USUAL, [])

    class Told:
        routes = [type("Route", (), {"rule": "/hello", "method": "GET"})]  # noqa: RUF012

    assert routes(Told(), "bottle") == (["/", "/hello"], ["/hello"])


def runs_in_memory() -> bool:
    return os.access(copying.MEMORY, os.W_OK) and not (
        os.statvfs(copying.MEMORY).f_flag & os.ST_NOEXEC
    )


@pytest.mark.skipif(not runs_in_memory(), reason="it has no memory to write to and run from")
def test_very_many_files_are_copied_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk, to make and remove 50,000 files takes minutes."""
    monkeypatch.delenv("TMPDIR", raising=False)
    fill(tmp_path, wsgi_py=WSGI, shop__page_py="", shop__deep__page_py="")
    with copied(tmp_path) as copy:
        assert not copy.is_relative_to(copying.MEMORY), "the control"
    monkeypatch.setattr(copying, "VERY_MANY", 3)
    with copied(tmp_path) as copy:
        assert copy.is_relative_to(copying.MEMORY)
        assert (copy / "shop" / "deep" / "page.py").is_file()
    assert not copy.parent.exists()
    monkeypatch.setattr(copying, "SMALL", 1)
    with copied(tmp_path) as copy:
        assert not copy.is_relative_to(copying.MEMORY)


def test_a_link_to_a_folder_leads_into_the_copy(tmp_path: Path) -> None:
    shop, other = tmp_path / "shop", tmp_path / "other"
    fill(shop, pages__one_py="")
    fill(other, two_py="")
    (shop / "inner").symlink_to(shop / "pages")
    (shop / "outer").symlink_to(other)
    (shop / "up").symlink_to(tmp_path)
    (other / ".git").mkdir()
    with copied(shop) as copy:
        assert not (copy / "up").exists(), "it would be copied into itself"
        assert not (copy / "outer" / ".git").exists()
        for at in ("inner/one.py", "outer/two.py"):
            (copy / at).write_text("changed")
    assert (shop / "pages" / "one.py").read_text() == (other / "two.py").read_text() == ""


def test_the_command_that_makes_its_tables_is_named(tmp_path: Path) -> None:
    """It is not run: it may drop what is there."""
    holds = f"class Cli:\n    commands = {{'routes': 1, 'initdb': 1}}\n{WSGI}"
    holds = holds.replace("start_response(", "1 / 0\n    start_response(", 1)
    fill(tmp_path, main_py=f"{holds}application.cli = Cli\n")
    said = found(tmp_path).application.trouble
    assert re.search("ZeroDivisionError at .*; `flask initdb` may have to make its tables", said)
    fill(tmp_path, main_py=holds)
    assert "initdb" not in found(tmp_path).application.trouble, "the control"


def test_what_hangs_below_a_path_is_asked_there() -> None:
    """A mounted application has pages of its own; a folder of files has none that can be named."""
    page = SimpleNamespace(path="/docs", methods={"GET"}, app=None)
    root = SimpleNamespace(path="", methods={"GET"}, app=None)
    inner = SimpleNamespace(path="/api", app=None, routes=[root, page])
    files = SimpleNamespace(path="/static", app=SimpleNamespace(lookup_path=str), routes=[])
    other = SimpleNamespace(path="/v1", app=object(), routes=[])  # one of another kind: Flask's
    outer = SimpleNamespace(routes=[files, page, inner, other])
    asked, every = routes(outer, "starlette")
    assert every == ["/docs", "/api", "/api/docs", "/v1/"]
    assert asked == ["/", "/docs", "/api/docs", "/api", "/v1/"]


def test_a_slash_that_may_be_left_out_is_no_question() -> None:
    every: list[str] = []
    walk([SimpleNamespace(pattern="^_health/?$"), SimpleNamespace(pattern="page/")], "/", every)
    assert every == ["/_health/", "/page/"]


def test_a_page_for_everybody_is_asked_also_where_many_want_a_login() -> None:
    paths = [f"/api/orders/{number}" for number in range(40)] + ["/accounts/login/", "/swagger-ui/"]
    made = [SimpleNamespace(path=path, methods={"GET"}) for path in paths]
    asked, _ = routes(SimpleNamespace(routes=made), "starlette")
    assert asked[:2] == ["/", "/api/orders/0"]
    assert asked[-3:] == ["/api/orders/10", "/accounts/login/", "/swagger-ui/"]


def test_a_router_is_no_application(tmp_path: Path) -> None:
    """It can be called as one, and holds some of its pages."""
    one = ASYNC.replace("class FastAPI", "class {}") + "api = {}()\n"
    fill(tmp_path, server_py=one.replace("{}", "APIRouter"))
    assert refused(tmp_path)[0] == "init-no-application"
    fill(tmp_path, server_py=one.replace("{}", "Pages"))
    assert found(tmp_path).application.target == "server:api", "the control"
