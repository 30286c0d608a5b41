"""A new value for a key, the same for every store that draws one."""

from __future__ import annotations

import re
import secrets

CIPHER = re.compile(r"FERNET|ENCRYPTION_KEY")  # names of keys that must be 32 bytes, padded


def fresh(key: str) -> bytes:
    """Return a new random value, of letters that every system takes; a key of Fernet's as one."""
    if CIPHER.search(key.upper()):
        return f"{secrets.token_urlsafe(32)}=".encode()
    return secrets.token_urlsafe(48).encode()  # Django asks for 50 letters
