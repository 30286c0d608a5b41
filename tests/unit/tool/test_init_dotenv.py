"""What a person fills in before the first start: a .env, what its example leaves empty."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path

import pytest

from morrow.tool.base.project import Project
from morrow.tool.environment.load import read
from morrow.tool.init import ask
from morrow.tool.init.init import apply
from morrow.tool.init.missed import missing_in
from morrow.tool.init.settings import RANDOM
from morrow.tool.stores.store import fresh
from tests.unit.frame.skips import cannot
from tests.unit.tool.test_init import WSGI, fill, found, refused

READS_ITS_OWN = """
import os
for line in open(".env") if os.path.exists(".env") else ():
    name, _, value = line.strip().partition("=")
    os.environ.setdefault(name, value)
"""
DECOUPLE = """
import os
def config(name, default=None, cast=str):
    return cast(os.environ.get(name, default))
"""


def test_a_dot_env_that_the_application_reads_stays_its_own(tmp_path: Path) -> None:
    """What is guessed would stand before what the person has; and no value of it is written."""
    asks = "assert os.environ['SHOP_SIZE'] == 'large' and os.environ['API_TOKEN'] == 'the-real-one'"
    fill(tmp_path, wsgi_py=f"{READS_ITS_OWN}{asks}\nos.environ['SHOP_NAME']\n{WSGI}")
    assert refused(tmp_path)[0] == "init-import", "the control"
    (tmp_path / ".env").write_text("SHOP_SIZE=large\nexport X=1\nAPI_TOKEN=the-real-one\n")
    told = found(tmp_path)
    apply(told)
    local = read(Project.find(tmp_path), "local")
    assert (local.config, local.secrets.keys) == ({"SHOP_NAME": "local"}, ())
    base = (tmp_path / "environments" / "base.yaml").read_text()
    assert "SHOP_SIZE" in base
    assert "API_TOKEN" in base
    assert not [one for one in told.drafts if "large" in one.text or "the-real-one" in one.text]


@pytest.mark.parametrize("alone", [True, False])
def test_a_dot_env_is_read_only_where_the_network_can_be_taken_away(
    tmp_path: Path, alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else pages would be asked with what leads to the person's real store."""
    if not alone:
        monkeypatch.setattr(ask, "ALONE", ("no-such-program",))
    elif not ask.alone():
        cannot("a .env that is read", "there is no unshare here, or it may not", "unshare")
    seen, folder = tmp_path / "seen", tmp_path / "shop"
    asks = f"open({str(seen)!r}, 'a').write(os.environ['SHOP_LINK'] + os.environ.get('SIZE', ''))"
    fill(folder, wsgi_py=f"{READS_ITS_OWN}{asks}\n{WSGI}")
    (folder / ".env").write_text("SHOP_LINK=the-real-one\nSIZE=large\n")
    (folder / ".env.example").write_text("SHOP_LINK=of-the-example\n")
    (folder / ".env.local").write_text("X=1\n")
    told = found(folder)
    assert ("of-the-example" in seen.read_text()) is not alone
    assert ("the-real-one" in seen.read_text()) is alone
    assert ("large" in seen.read_text()) is alone
    apply(told)
    assert read(Project.find(folder), "local").config == {}, "it stays its own"
    assert "SHOP_LINK" in read(Project.find(folder), "prod").values["config"]


def test_what_an_example_leaves_empty_is_given_where_nothing_works_without(tmp_path: Path) -> None:
    asks = "import os\nif not os.getenv('SHOP_API_KEY'):\n    raise RuntimeError('no account')\n"
    fill(tmp_path, wsgi_py=f"{asks}{WSGI}")
    assert refused(tmp_path)[0] == "init-import", "the control"
    (tmp_path / ".env.example").write_text("SHOP_API_KEY=\nOTHER_KEY=\n")
    assert "SHOP_API_KEY" in found(tmp_path).layers.keys
    fill(tmp_path, wsgi_py=f"{asks.replace('if not', 'if 0 and not')}{WSGI}")
    assert found(tmp_path).layers.keys == (), "the control: it works without"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import os\nos.environ['shop_secret']", ["shop_secret"]),
        ("import os\nos.getenv('shop_name')", ["shop_name"]),
        ("import os\nos.getenv('http_proxy')", []),
        ("def page(environ):\n    environ['shop_secret']", []),
        ("from decouple import config\nconfig('secret')", ["secret"]),
        ("# nicely decoupled\ndef config(name): return name\nconfig('secret')", []),
        ("import os\nos.getenv('ftp_proxy'), os.getenv('home'), os.getenv('path')", []),
        ("def page(request):\n    request.environ['secret']", []),
    ],
)
def test_a_variable_in_small_letters_is_one(tmp_path: Path, text: str, names: list[str]) -> None:
    fill(tmp_path, decouple_py=DECOUPLE, wsgi_py=f"{text}\n{WSGI}")
    told = found(tmp_path)
    assert [one.name for one in told.settings] == names
    assert list(told.layers.keys) == [one for one in names if "secret" in one]


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_letters_make_no_other_setting(tmp_path: Path, case: Callable[[str], str]) -> None:
    """Else production runs with what is for debugging, and with a key that the code shows."""
    debug, hosts, key, link = map(case, ("DEBUG", "ALLOWED_HOSTS", "SECRET_KEY", "TOKEN_URI"))
    asks = f"from decouple import config\nconfig({debug!r}, cast=bool), config({hosts!r})\n"
    asks += f"config({key!r}, default='insecure'), config({link!r}, default='')\n"
    fill(tmp_path, decouple_py=DECOUPLE, wsgi_py=f"{asks}{WSGI}")
    (tmp_path / ".env.example").write_text("DEBUG=True\nALLOWED_HOSTS=localhost\n")
    told = found(tmp_path)
    assert told.layers.keys == (key,)
    apply(told)
    base = read(Project.find(tmp_path), "prod").values["config"]
    assert base == {debug: "False", hosts: "*"}


@pytest.mark.parametrize("name", ["UPGRADE_SECRET", "SHOPGATE_SECRET_KEY", "JPG_SIGNING_SALT"])
def test_a_word_within_a_word_is_no_store(name: str) -> None:
    assert RANDOM.search(name)
    assert not RANDOM.search(f"PG_{name}"), "the control"


def test_a_key_of_a_cipher_is_one_while_it_is_asked_and_when_it_serves(tmp_path: Path) -> None:
    """Fernet's is 32 bytes in base64, to the last `=`; others decode what they get as text."""
    asks = "import base64, os\nkey = base64.urlsafe_b64decode(os.environ['ENCRYPTION_KEY'])\n"
    fill(tmp_path, wsgi_py=f"{asks}assert len(key) == 32 and key.decode()\n{WSGI}")
    assert found(tmp_path).application.path == ("/", 200)
    assert len(urlsafe_b64decode(fresh("ENCRYPTION_KEY"))) == 32
    assert b"=" not in fresh("SECRET_KEY"), "the control"


def test_a_key_that_signs_is_as_long_as_frameworks_ask_for(tmp_path: Path) -> None:
    asks = "import os\nassert len(os.environ['SECRET_KEY']) >= 50\n"
    fill(tmp_path, wsgi_py=f"{asks}{WSGI}")
    assert found(tmp_path).application.path == ("/", 200)
    assert len(fresh("SECRET_KEY")) >= 50


def test_a_name_in_small_letters_that_is_missed_is_given() -> None:
    said = "secret not found. Declare it as envvar or define a default value."
    assert missing_in({"error": "UndefinedValueError", "message": said}) == ["secret"]
    assert missing_in({"error": "KeyError", "message": "'secret'"}) == [], "the control"


@pytest.mark.parametrize(("said", "least", "most"), [("no such table: shop", 1, 1), ("no", 2, 9)])
def test_where_tables_are_missing_no_other_way_is_tried(
    tmp_path: Path, said: str, least: int, most: int
) -> None:
    """Each way is an import more, and a large project takes many seconds for one."""
    seen, folder = tmp_path / "seen", tmp_path / "shop"
    asks = f"import os\nopen({str(seen)!r}, 'a').write('.')\nos.getenv('SHOP_MODE')\n"
    raises = f"    raise OSError({said!r})\n    start_response("
    fill(folder, wsgi_py=f"{asks}{WSGI.replace('    start_response(', raises)}")
    (folder / ".env.example").write_text("SHOP_MODE=large\n")
    asked = found(folder, "wsgi:application")
    assert said in asked.application.trouble
    assert least <= len(seen.read_text()) <= most
