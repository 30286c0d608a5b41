"""Variables that a call reads and does not name: dj-database-url's, django-environ's."""

from __future__ import annotations

import ast

IMPLIED = {
    "dj_database_url.config": "DATABASE_URL", "env.db": "DATABASE_URL",
    "env.db_url": "DATABASE_URL", "env.cache": "CACHE_URL", "env.cache_url": "CACHE_URL",
    "env.email_url": "EMAIL_URL",
}  # fmt: skip


def implied(node: ast.AST) -> list[tuple[str, str | None, bool]]:
    """Return the variable, its default, and whether nothing works without it."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return []
    called = ast.unparse(node.func)
    words = {one.arg: one.value for one in node.keywords}
    named = node.args[0] if node.args else words.get("env" if "config" in called else "var")
    name = named.value if isinstance(named, ast.Constant) else IMPLIED.get(called)
    if called not in IMPLIED or not isinstance(name, str) or (node.args and "env." in called):
        return []  # django-environ's with a name are read as others are
    default = words.get("default", node.args[1] if len(node.args) > 1 else None)
    text = default.value if isinstance(default, ast.Constant) else ""
    given = None if default is None else str(text)
    return [(name, given, called.startswith("env.") and default is None)]
