"""Keeps what stays out of the sight of Python's garbage collector.

A full collection walks everything that lives and holds something, and nothing else happens meanwhile: a tenth
of a second for the program alone, and more for every object that is held. What is there once everything was
looked at mostly stays, so it is set aside (https://docs.python.org/3/library/gc.html#gc.freeze); what is let
go of later is freed all the same, unless it refers to itself. It refuses to switch collection off.
"""

from __future__ import annotations

import gc


def set_aside() -> None:
    """Collect once, and let later collections pass over what is left."""
    gc.collect()
    gc.freeze()
