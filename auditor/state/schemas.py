"""Comparison schemas of every kind, compiled when they are first asked for.

A cluster's own documents win; for what it did not tell (or before it did), a copy of the built-in kinds
comes with the package. Documents are kept compressed until a kind of theirs is asked for, and a document
whose hash did not change is not looked at. This module refuses to fetch anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from auditor.domain.identity import GroupVersionKind
from auditor.domain.schema import Schema
from auditor.state import builtin
from auditor.state.openapi import compile_document, slimmed
from auditor.state.packed import pack, unpack


@dataclass(slots=True)
class _Document:
    hash: str
    packed: bytes
    kinds: dict[GroupVersionKind, Schema] | None = None


class Schemas:
    """What is known of the kinds of one cluster."""

    def __init__(self) -> None:
        self._documents: dict[str, _Document] = {}

    def schema_for(self, gvk: GroupVersionKind) -> Schema | None:
        """How objects of a kind are compared; None where nothing is known of the kind."""
        document = self._documents.get(gvk.api_version)
        if document is None:
            return builtin.schemas(gvk.api_version).get(gvk)
        if document.kinds is None:
            document.kinds = compile_document(unpack(document.packed), builtin.facts())
        return document.kinds.get(gvk)

    def is_current(self, group_version: str, digest: str) -> bool:
        """Tell whether the document that is held has this hash, so that it need not be fetched."""
        known = self._documents.get(group_version)
        return known is not None and known.hash == digest

    def replace(self, group_version: str, digest: str, document: Mapping[str, Any]) -> bool:
        """Take a cluster's document for ``apps/v1`` (or ``v1``); tells whether it is a new one."""
        if self.is_current(group_version, digest):
            return False
        slim = msgspec.json.encode(slimmed(document))
        self._documents[group_version] = _Document(digest, pack(slim))
        return True

    def retain(self, group_versions: frozenset[str]) -> None:
        """Forget the documents of everything else: what the cluster serves no more."""
        for gone in self._documents.keys() - group_versions:
            del self._documents[gone]
