"""What a rendering will read, known before it is done.

A renderer that can plan needs to render only when its plan is new: the seal stands for the content of all
that is read, the options and the version of the program. It refuses to hold content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

import orjson

from auditor.domain.capabilities import Capabilities
from auditor.errors import ClusterUnasked, ManifestError, PluginError
from auditor.plugins import parse_options
from auditor.ports import Rendering, RenderRequest, Tree

FORMAT: Final = 1
"""Counted up when the same input is rendered into something else by our own doing."""

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Generic[Subject]):
    """What is read (path to blob id), and a seal that differs whenever the rendering may.

    ``subject`` is the renderer's own; ``told`` is what the cluster said of itself, where that matters.
    """

    read: Mapping[str, str]
    seal: str
    subject: Subject
    told: Capabilities | None = None


class PlanningRenderer(Protocol[Subject]):
    """A renderer that can say beforehand what it will read."""

    async def plan(self, tree: Tree, request: RenderRequest) -> Plan[Subject]:
        """Say what a rendering will read.

        Raises:
            ManifestError: something declared cannot be read.
            ClusterUnasked: it depends on what the cluster says of itself, and that is not known yet.

        """

    async def carry_out(self, plan: Plan[Subject], tree: Tree, request: RenderRequest) -> Rendering:
        """Render what was planned.

        Raises:
            ManifestError: something declared cannot be rendered.

        """


def read_options(renderer: Any, request: RenderRequest) -> Any:
    """Read the options of a request as the renderer's own.

    Raises:
        ManifestError: it does not take these options; a line for each that is wrong.

    """
    try:
        return parse_options(renderer, request.options, place="options")
    except PluginError as error:
        raise ManifestError(str(error), path=request.path or None) from error


def capabilities_of(request: RenderRequest) -> Capabilities:
    """Say what charts are told of the cluster.

    Raises:
        ClusterUnasked: it was not asked yet.

    """
    if request.capabilities is None:
        raise ClusterUnasked(
            f"charts depend on what cluster {request.cluster} serves: not asked yet"
        )
    return request.capabilities


def seal(
    renderer: str,
    version: str,
    request: RenderRequest,
    read: Mapping[str, str],
    *,
    told: Capabilities | None = None,
) -> str:
    """Hash all that decides a rendering: what reads, how, what is read, and what is told of the cluster."""
    how = (FORMAT, renderer, version, request.path, request.namespace, request.options)
    flags = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return hashlib.sha256(orjson.dumps((how, read, told), default=str, option=flags)).hexdigest()
