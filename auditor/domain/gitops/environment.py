"""Which environment something belongs to, told by what its owners say or are called.

A label says it outright; else names do, by the words that platforms use for environments. The nearest owner
that tells counts, and what is told is passed on to everything below. It refuses to make an environment of a
word that is not one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from auditor.domain.gitops.branch import Branch, DeadEnd
from auditor.domain.manifest import Manifest

_LABELS: Final = ("app.kubernetes.io/environment", "environment", "env")
_WORDS: Final = {
    "preview": "preview",
    "dev": "development",
    "develop": "development",
    "development": "development",
    "test": "test",
    "testing": "test",
    "qa": "qa",
    "uat": "uat",
    "stage": "staging",
    "staging": "staging",
    "stg": "staging",
    "preprod": "preproduction",
    "preproduction": "preproduction",
    "prod": "production",
    "prd": "production",
    "production": "production",
}
_BETWEEN: Final = re.compile(r"[^a-z0-9]+")


def environment_of(owner: Manifest, branch: Branch, *, inherited: str | None) -> str | None:
    """Tell the environment of a branch: by labels, then by names, else as it is above.

    Names are looked at from the most to the least telling: where it goes, what the owner is called,
    which path it takes.
    """
    said = next(_said(owner), None)
    destination = branch.destination
    names = (destination.name, owner.ref.name, branch.path, branch.namespace)
    return said or next(_told(names), None) or inherited


def environment_below(
    owner: Manifest, items: Iterable[Branch | DeadEnd], *, inherited: str | None
) -> str | None:
    """Tell the environment of all that an owner calls for: by the first branch that tells, else as above.

    Where nothing can be read, its labels and its name may still tell.
    """
    branches = [item for item in items if isinstance(item, Branch)] or [Branch()]
    told = (environment_of(owner, branch, inherited=None) for branch in branches)
    return next(filter(None, told), inherited)


def environment_in(text: str) -> str | None:
    """The environment that the words of one name or path tell of."""
    return next(_told((text,)), None)


def _said(owner: Manifest) -> Iterator[str]:
    for field in ("labels", "annotations"):
        texts: Any = owner.metadata.get(field)
        if isinstance(texts, Mapping):
            for label in _LABELS:
                value = texts.get(label)
                if isinstance(value, str) and value:
                    yield _WORDS.get(value.lower(), value)


def _told(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        for word in _BETWEEN.split(name.lower()):
            if word in _WORDS:
                yield _WORDS[word]
