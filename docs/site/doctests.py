"""What mkdocstrings calls for each object that it reads: it runs in the site's own environment."""

from __future__ import annotations

import griffe

from docs.site.examples import fenced


class Doctests(griffe.Extension):  # type: ignore[misc]  # it has no types here
    """Puts examples into blocks of code."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Change the docstring of each object that is read."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)
