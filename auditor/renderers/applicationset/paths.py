"""The parameters that Git generators make of one path.

https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/generators/repo_path_utils.go. It refuses to
look at files.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.renderers.applicationset.parameters import Listed, Params, flatten, normalize, text_of


def of_folder(folder: str, prefix: str, *, nested: bool) -> Params:
    """Make the parameters of a folder."""
    return _nested({}, _path(folder), prefix) if nested else dict(_flat(_path(folder), prefix))


def of_file(path: str, held: Mapping[str, Any], prefix: str, *, nested: bool) -> Params:
    """Make the parameters of an object that a file holds: its fields, and the file's place."""
    told = _path(posixpath.dirname(path) or ".")
    name = posixpath.basename(path)
    told |= {"filename": name, "filenameNormalized": normalize(name)}
    if nested:
        return _nested(dict(held), told, prefix)
    return {key: text_of(value) for key, value in flatten(held)} | dict(_flat(told, prefix))


def _path(path: str) -> Params:
    name = posixpath.basename(path)
    return {
        "path": path,
        "basename": name,
        "basenameNormalized": normalize(name),
        "segments": Listed(path.split("/")),
    }


def _nested(params: Params, path: Params, prefix: str) -> Params:
    return params | ({prefix: {"path": path}} if prefix else {"path": path})


def _flat(path: Params, prefix: str) -> Iterator[tuple[str, str]]:
    name = f"{prefix}.path" if prefix else "path"
    yield name, path["path"]
    for index, segment in enumerate(path["segments"]):
        if segment:
            yield f"{name}[{index}]", segment
    for key in path.keys() - {"path", "segments"}:
        yield f"{name}.{key}", path[key]
