"""Takes the values of Secrets out of decoded objects.

Secrets are found wherever they stand: as what the API answers, as items of a list, inside another object
that carries a manifest, as a tree or as text. What is hidden is ``data``, ``stringData``, the same again
in the last-applied annotation, and any mention of a value in the rest of the Secret. Objects are changed
in place. It refuses to guess: a password in a ConfigMap is no secret to Kubernetes, nor here.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from auditor.domain.manifest import SEALED
from auditor.recording.tokens import Tokens

MENTION: Final = re.compile(r"kind[\\\"']*\s*:\s*[\\\"']*Secret(List)?\b")
"""Some text that may hold a Secret, as JSON, as YAML, or quoted inside either."""
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_VALUES: Final = ("data", "stringData")
_TELLING: Final = 6
"""A value this long is looked for in the rest of its Secret; shorter ones stand everywhere."""
_PARTS: Final = re.compile(r"[kv]:")
"""The keys of managedFields that hold values: of list keys, and of members of sets."""

RedactText = Callable[[str], str]
"""Redacts a manifest that stands in a text."""


class Redaction:
    """Hides the values of every Secret below an object. ``hidden`` counts the Secrets met."""

    def __init__(self, tokens: Tokens, redact_text: RedactText) -> None:
        self._tokens = tokens
        self._redact_text = redact_text
        self.hidden = 0

    def hide(self, value: Any) -> None:
        """Hide what is below a value that may be, or hold, a Secret."""
        if isinstance(value, dict):
            self._hide_mapping(value)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                value[index] = self._hide_item(item)

    def hide_secret(self, secret: dict[str, Any]) -> None:
        """Hide the values of an object that is a Secret, whatever it says of itself."""
        self.hidden += 1
        mentions = dict(self._mentions(secret))
        for field in _VALUES:
            if field in secret:
                secret[field] = self._tokenise(secret[field], field)
        metadata = secret.get("metadata")
        if isinstance(metadata, dict):
            self._hide_last_applied(metadata)
            secret["metadata"] = _scrub_metadata(metadata, mentions)

    def _hide_mapping(self, value: dict[str, Any]) -> None:
        kind, version = value.get("kind"), value.get("apiVersion")
        if kind == "Secret" and version == "v1":
            self.hide_secret(value)
            return
        if kind == "SecretList" and version == "v1":
            for item in value.get("items") or ():
                self.hide_secret(item)
            return
        for generator in _generators(value):
            generator["literals"] = [self._hide_literal(text) for text in generator["literals"]]
        for name, item in value.items():
            value[name] = self._hide_item(item)

    def _hide_item(self, item: Any) -> Any:
        if isinstance(item, str):
            return self._hide_text(item)
        self.hide(item)
        return item

    def _hide_text(self, text: str) -> str:
        if not MENTION.search(text):
            return text
        self.hidden += 1
        return self._redact_text(text)

    def _hide_literal(self, literal: Any) -> str:
        """Kustomize's ``name=value``."""
        self.hidden += 1
        name, _, value = str(literal).partition("=")
        return f"{name}={self._tokens.of_text(value)}"

    def _hide_last_applied(self, metadata: dict[str, Any]) -> None:
        """It repeats the whole Secret."""
        annotations = metadata.get("annotations")
        if not isinstance(annotations, dict) or LAST_APPLIED not in annotations:
            return
        applied = annotations[LAST_APPLIED]
        try:
            secret = json.loads(applied)
            self.hide_secret(secret)
            annotations[LAST_APPLIED] = json.dumps(secret, separators=(",", ":")) + "\n"
        except (ValueError, TypeError, AttributeError):
            annotations[LAST_APPLIED] = self._tokens.of_text(str(applied))

    def _tokenise(self, value: Any, field: str) -> Any:
        if isinstance(value, dict):
            return {name: self._tokenise(item, field) for name, item in value.items()}
        if isinstance(value, list):
            return [self._tokenise(item, field) for item in value]
        text = "" if value is None else str(value)
        if SEALED in (_decoded(text) if field == "data" else text):
            return SEALED  # a token would be a value, and there is none
        return self._tokens.of_base64(text) if field == "data" else self._tokens.of_text(text)

    def _mentions(self, secret: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Give every spelling of every value, with its token."""
        for field in _VALUES:
            for text in _scalars(secret.get(field)):
                plain = _decoded(text) if field == "data" else text
                if SEALED in plain:
                    continue
                yield text, self._tokens.of_text(plain)
                yield plain, self._tokens.of_text(plain)
                yield base64.b64encode(plain.encode()).decode(), self._tokens.of_text(plain)


def _generators(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Kustomize's generators of Secrets that hold values in place.

    https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/secretgenerator/
    """
    generators = value.get("secretGenerator")
    listed = generators if isinstance(generators, list) else []
    return [g for g in listed if isinstance(g, dict) and isinstance(g.get("literals"), list)]


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _scalars(item)
    elif value is not None:
        yield str(value)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode()
    except (binascii.Error, ValueError):
        return text


def _scrub_metadata(metadata: dict[str, Any], mentions: dict[str, str]) -> dict[str, Any]:
    """Replace values where the rest of the Secret repeats them: labels, annotations, managedFields."""
    telling = sorted((text for text in mentions if len(text) >= _TELLING), key=len, reverse=True)
    if not telling:
        return metadata
    pattern = re.compile("|".join(map(re.escape, telling)))

    def scrub(value: Any) -> Any:
        if isinstance(value, str):
            found = pattern.search(value)
            return pattern.sub(lambda m: mentions[m[0]], value) if found else value
        if isinstance(value, list):
            return [scrub(item) for item in value]
        if isinstance(value, dict):
            return {_scrub_key(name, scrub): scrub(item) for name, item in value.items()}
        return value

    free = ("labels", "annotations", "managedFields")
    return metadata | {name: scrub(metadata[name]) for name in free if name in metadata}


def _scrub_key(name: str, scrub: Callable[[str], str]) -> str:
    """Names of fields stay, even where a value is spelled the same."""
    return scrub(name) if _PARTS.match(name) else name
