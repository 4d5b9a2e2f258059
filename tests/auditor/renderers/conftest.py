"""Gives the tests of renderers the real programs, first on PATH."""

from tests.stack.fixtures import rendering_programs

__all__ = ["rendering_programs"]
