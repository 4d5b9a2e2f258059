"""What is written into a recording instead of what was received.

One door for everything that carries objects: answers and lines of an API, files of a repository. What
cannot be read is not let through where it could hold a Secret: it is withheld, with the reason. It refuses
to write anything itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import orjson

from auditor.recording.flow import Document, Unreadable, read_documents, write_document
from auditor.recording.redaction import MENTION, Redaction
from auditor.recording.tokens import MARK, Tokens

_SECRETS_PATH: Final = re.compile(r"/api/v1/(namespaces/[^/]+/)?secrets(/|$)")
_MENTION: Final = re.compile(MENTION.pattern.encode())
_NO_JSON: Final = "is no JSON"


@dataclass(frozen=True, slots=True)
class Redacted:
    """Content that may be written; ``withheld`` says why there is none."""

    body: bytes = b""
    withheld: str = ""


class Redactor:
    """Redacts with one set of tokens, so that both sides of a comparison keep matching."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens or Tokens()

    def answer(self, path: str, body: bytes) -> Redacted:
        """Redact what an API answered to a path, read whole."""
        secret = bool(_SECRETS_PATH.match(path))
        if not secret and not _MENTION.search(body):
            return Redacted(body)
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return Redacted(withheld=_NO_JSON)
        redaction = Redaction(self._tokens, self.text)
        if secret:
            _hide_untyped(value, redaction)
        else:
            redaction.hide(value)
        return Redacted(orjson.dumps(value) if redaction.hidden else body)

    def lines(self, path: str, body: bytes) -> bytes:
        """Redact whole lines of a stream; one that cannot be read is left out."""
        if not _SECRETS_PATH.match(path) and not _MENTION.search(body):
            return body
        redacted = (self.answer(path, line) for line in body.splitlines() if line.strip())
        return b"".join(line.body + b"\n" for line in redacted if not line.withheld)

    def file(self, body: bytes) -> Redacted:
        """Redact a file of manifests. Only objects are let through, on the lines where they stood."""
        try:
            text = body.decode()
            redacted = self._documents(text)
        except UnicodeDecodeError:
            return Redacted(withheld="is no text")
        except Unreadable as error:
            return Redacted(withheld=str(error))
        return Redacted(redacted.encode())

    def content_id(self, id_: str) -> str:
        """Stand in for the hash of a content: equal for equal contents, and good for nothing else."""
        return self._tokens.of_text(id_).removeprefix(MARK)

    def text(self, text: str) -> str:
        """Redact a manifest that stands in a text."""
        try:
            return self._documents(text)
        except Unreadable:
            return self._tokens.of_text(text)

    def _documents(self, text: str) -> str:
        """Write each document on its lines; comments go where a Secret is, and what is no object goes."""
        documents = list(read_documents(text))
        unsafe = [document for document in documents if not self._is_safe(document)]
        if not unsafe:
            return text
        lines = text.splitlines()
        written = [""] * len(lines)
        before = 0
        for document in documents:
            if document not in unsafe:
                written[document.begin : document.end] = lines[document.begin : document.end]
            elif _is_object(document.root):
                for offset, line in enumerate(write_document(document).split("\n")):
                    written[document.begin + offset] = line
            _separate(document, lines, written, after=before)
            before = document.end
        return "\n".join(written) + "\n"

    def _is_safe(self, document: Document) -> bool:
        """Hide what is to be hidden; tell whether the document may stand as it was written."""
        redaction = Redaction(self._tokens, self.text)
        redaction.hide(document.root)
        return not redaction.hidden and (document.root is None or _is_object(document.root))


def _hide_untyped(value: Any, redaction: Redaction) -> None:
    """Hide what comes from the path of Secrets, even where an item does not say that it is one."""
    if not isinstance(value, dict):
        return
    for part in (value, value.get("object"), *(value.get("items") or ())):
        if isinstance(part, dict) and "metadata" in part:
            redaction.hide_secret(part)


def _is_object(root: Any) -> bool:
    return isinstance(root, dict) and "apiVersion" in root and "kind" in root


def _separate(document: Document, lines: list[str], written: list[str], *, after: int) -> None:
    """Put the dashes that begin a document where they were."""
    for number in range(document.begin, after - 1, -1):
        if number < len(lines) and lines[number].startswith("---"):
            own = number == document.begin and not written[number].startswith("---")
            written[number] = (
                f"--- {written[number]}".rstrip() if own else (written[number] or "---")
            )
            return
