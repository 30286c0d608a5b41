"""Django's settings for this machine, where a project's own lead to what is not here."""

from __future__ import annotations

from morrow.tool.init.write import MADE

FILE = """
# Instead of the database that is not here: what only that can do does not work.
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "local.db"}}
"""
MEMORY = """CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
"""


def settings_here(settings: str, needs: set[str]) -> str:
    """Return a module of settings: the project's own, with this machine's host and database."""
    return f"""\
# Django on this machine, named in environments/local.yaml alone. {MADE}
from {settings} import *  # noqa: F403

ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
SECURE_SSL_REDIRECT = False
{FILE if needs & {"PostgreSQL", "MySQL"} else ""}\
{MEMORY if needs & {"Redis", "Memcached"} else ""}\
"""
