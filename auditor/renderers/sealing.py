"""What SOPS encrypted: told apart from plain text, and replaced by `SEALED`.

Nobody here decrypts. An encrypted object says which keys it has and not what they hold, so every encrypted
value becomes sealed; what SOPS adds of its own (``sops``) is no part of what is applied. A file that a
generator or a patch reads is made readable with a stand-in for every encrypted value, so that the
kustomization builds: what depends on the stand-in is found by building twice, with two of them
(`sealed_where_different`). Formats: https://getsops.io/docs/#examples; which objects and files Flux
decrypts: https://github.com/fluxcd/kustomize-controller/blob/v1.7.3/internal/decryptor/decryptor.go.
"""

from __future__ import annotations

import base64
import binascii
import json
import posixpath
import re
from collections.abc import Mapping
from typing import Any, Final

from auditor.domain.manifest import SEALED
from auditor.renderers.documents import read_documents

METADATA: Final = "sops"
DECRYPT: Final = "kustomize.toolkit.fluxcd.io/decrypt"
"""An object annotated ``disabled`` is applied encrypted."""
_ENCRYPTED: Final = re.compile(r"ENC\[AES256_GCM,[^\]]*\]")
_MARKERS: Final = (b'"mac": "ENC[', b"mac: ENC[", b"sops_mac=ENC[", b"[sops]")


def is_encrypted(body: Mapping[str, Any]) -> bool:
    """Tell whether an object is encrypted as a whole, as SOPS marks it."""
    metadata = body.get(METADATA)
    return isinstance(metadata, dict) and bool(metadata.get("mac"))


def is_exempt(body: Mapping[str, Any]) -> bool:
    """Tell whether an object asks to be applied encrypted."""
    annotations = body["metadata"].get("annotations") or {}
    return str(annotations.get(DECRYPT)).casefold() == "disabled"


def seal_object(body: Mapping[str, Any]) -> dict[str, Any]:
    """Seal what is encrypted of an object: all of it, or entries of a Secret's ``data``."""
    if is_encrypted(body):
        plain = {key: value for key, value in body.items() if key != METADATA}
        return {key: _seal(value) for key, value in plain.items()}
    data = body.get("data")
    if body.get("kind") != "Secret" or not isinstance(data, dict):
        return dict(body)
    return dict(body) | {"data": {key: _seal_entry(value) for key, value in data.items()}}


def is_encrypted_file(content: bytes) -> bool:
    """Tell whether a file is one that SOPS wrote."""
    return any(marker in content for marker in _MARKERS)


def stand_in(content: bytes, path: str, word: str) -> bytes:
    """Make a file readable as it would be decrypted, with a word for every encrypted value.

    Raises:
        ManifestError: the file cannot be read.

    """
    ending = posixpath.splitext(path)[1]
    if ending in (".yaml", ".yml", ".json"):
        return _structured(content, path, word)
    if b"sops_mac=" in content:
        return _variables(content.decode(errors="replace"), word).encode()
    return word.encode()


def sealed_where_different(one: Any, other: Any) -> Any:
    """Seal every text in which two builds differ: it depends on what is encrypted."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return {key: sealed_where_different(one[key], other[key]) for key in one}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [sealed_where_different(*pair) for pair in zip(one, other, strict=True)]
    return one if one == other else SEALED


def _seal(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _seal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_seal(item) for item in value]
    return SEALED if isinstance(value, str) and _ENCRYPTED.fullmatch(value) else value


def _seal_entry(value: Any) -> Any:
    try:
        content = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return value
    return SEALED if is_encrypted_file(content) else value


def _structured(content: bytes, path: str, word: str) -> bytes:
    documents = [document.value for document in read_documents(content, path)]
    plain = [
        {key: value for key, value in each.items() if key != METADATA}
        if isinstance(each, dict)
        else each
        for each in documents
    ]
    texts = [json.dumps(each, ensure_ascii=False) for each in plain]
    return _ENCRYPTED.sub(word, "\n---\n".join(texts)).encode()


def _variables(text: str, word: str) -> str:
    lines = (line for line in text.splitlines() if not line.startswith(("sops_", "#")))
    return "".join(f"{_ENCRYPTED.sub(word, line)}\n" for line in lines)
