"""Gives the tests of this folder the real servers.

The fixtures are written beside the stack, because benchmarks use them too; this file
refuses to add any.
"""

from tests.stack.fixtures import (
    control_plane,
    kafka,
    launch_control_plane,
    object_store,
    private_registry,
    prometheus,
    registry,
    rendering_programs,
    stack,
    workspace,
)

__all__ = [
    "control_plane",
    "kafka",
    "launch_control_plane",
    "object_store",
    "private_registry",
    "prometheus",
    "registry",
    "rendering_programs",
    "stack",
    "workspace",
]
