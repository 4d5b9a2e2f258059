"""YAML from strangers as nodes, which know the places of things.

libyaml's composer goes down as deep as a document nests, and ends the process where the stack ends; so it is
only given what nests no deeper than anybody writes. It refuses to make values of nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml

DEEPEST: Final = 100
"""So deep documents may nest. Kubernetes' deepest own schemas need about 60."""
_LEAD: Final = re.compile(r"^[ ?:-]*", re.MULTILINE)


def compose_all(text: str) -> Iterator[yaml.Node]:
    """Read every document of a text; an alias is the node that it stands for, and may lead back.

    Raises:
        yaml.YAMLError: it is no YAML, or nests too deep.

    """
    if not _is_flat(text):
        _check_depth(text)
    yield from yaml.compose_all(text, Loader=yaml.CSafeLoader)


def _is_flat(text: str) -> bool:
    """Tell at a glance whether a text cannot nest too deep: most cannot."""
    if text.count("[") + text.count("{") > DEEPEST // 2:
        return False
    return all(len(found[0]) <= DEEPEST // 2 for found in _LEAD.finditer(text))


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise yaml.YAMLError(f"nests deeper than {DEEPEST} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
