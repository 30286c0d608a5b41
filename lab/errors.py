"""The one error of the lab: what failed, why, and how to mend it."""

from __future__ import annotations


class LabError(Exception):
    """The lab cannot do what was asked; the message names the thing, the cause and the mend."""
