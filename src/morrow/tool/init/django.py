"""Django's settings for this machine, where a project's own lead to what is not here."""

from __future__ import annotations

import re

from morrow.tool.init.write import MADE

FILE = """
# Instead of the database that is not here: what only that can do does not work.
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "local.db"}}
"""
MEMORY = """CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
"""
STORES = re.compile(r"(?m)^\s*(STORAGES|STATICFILES_STORAGE|DEFAULT_FILE_STORAGE)\s*=")
STORED = """
import django as _django  # noqa: E402 - the project's settings may have a VERSION of their own

# Instead of a bucket, and of a manifest that `collectstatic` would have made: files, as they are.
STORAGES = {
    **globals().get("STORAGES", {}),
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DEFAULT_FILE_STORAGE = STORAGES["default"]["BACKEND"]
STATICFILES_STORAGE = STORAGES["staticfiles"]["BACKEND"]
if _django.VERSION >= (4, 2):  # it takes one of the two ways, not both
    del DEFAULT_FILE_STORAGE, STATICFILES_STORAGE
"""


def settings_here(settings: str, needs: set[str], *, stored: bool = False) -> str:
    """Return a module of settings: the project's own, with this machine's host and database."""
    return f"""\
# Django on this machine, named in environments/local.yaml alone. {MADE}
from {settings} import *  # noqa: F403

ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
SECURE_SSL_REDIRECT = False
{FILE if needs & {"PostgreSQL", "MySQL"} else ""}\
{MEMORY if needs & {"Redis", "Memcached"} else ""}\
{STORED if stored else ""}\
"""
