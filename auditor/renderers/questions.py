"""Whether a chart asks what the cluster is: only then does its rendering depend on that.

Every CustomResourceDefinition that comes or goes changes what a cluster serves, and most charts do not care.
Templates ask by one word, and what cannot be looked through counts as asking: rendering once too often is
better than too seldom. It refuses to understand templates.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

import orjson

from auditor.renderers.helm_inputs import HelmSubject
from auditor.renderers.helm_options import HelmOptions

_WORDS: Final = (b"Capabilities", b"kubeVersion")
"""``.Capabilities`` of templates (and of values that go through ``tpl``), and the field of Chart.yaml."""
_PACKED: Final = b".tgz"
_LONGEST: Final = max(map(len, _WORDS))
_CHUNK: Final = 2**20
_MOST: Final = 64 * 2**20


def asks_of_cluster(subject: HelmSubject, options: HelmOptions) -> bool:
    """Tell whether a chart, its dependencies or its values may ask for capabilities. Reads all of them.

    Raises:
        ManifestError: a file of the chart cannot be read.

    """
    return any(map(_asks, _values(options))) or any(map(_asks_as_file, *_files(subject)))


def _values(options: HelmOptions) -> Iterator[bytes]:
    yield orjson.dumps(options.values, option=orjson.OPT_NON_STR_KEYS)
    yield from (text.encode() for text in options.values_documents)
    yield from (parameter.value.encode() for parameter in options.parameters)


def _files(subject: HelmSubject) -> tuple[Iterable[str], Iterable[bytes]]:
    """Names and contents of all files that go in."""
    tree, archives = subject.selection.tree, subject.archives
    names = [*subject.selection.files, *archives]
    contents = (archives[n].content if n in archives else tree.read(n) for n in names)
    return names, contents


def _asks_as_file(name: str, content: bytes) -> bool:
    return _asks_packed(content) if name.endswith(_PACKED.decode()) else _asks(content)


def _asks(text: bytes) -> bool:
    return any(word in text for word in _WORDS)


def _asks_packed(archive: bytes) -> bool:
    """Look through a packed chart; another packed chart in it is not unpacked and counts as asking."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    seen, end, ahead = 0, b"", archive
    while ahead and not unpacker.eof:
        try:
            piece = unpacker.decompress(ahead, _CHUNK)
        except zlib.error:
            return True
        seen, ahead = seen + len(piece), unpacker.unconsumed_tail
        text = end + piece
        if _asks(text) or _PACKED in text or seen > _MOST:
            return True
        end = text[-_LONGEST:]
    return not unpacker.eof
