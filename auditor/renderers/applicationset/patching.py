"""What ``templatePatch`` does to an Application.

It is a strategic merge patch, which for this kind is a JSON merge patch (https://www.rfc-editor.org/rfc/rfc7386)
but for finalizers, which are added: https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/controllers/template/patch.go.
Directives that say anything else than ``replace`` or ``delete`` are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.renderers.applicationset.parameters import Params
from auditor.renderers.documents import read_documents

_DIRECTIVE: Final = "$patch"
_ADDED: Final = "finalizers"


def patched(application: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Patch an Application; its project stays what the template says.

    Raises:
        ManifestError: the text is no patch.

    """
    patch = _read(text)
    result = _laid(application, patch)
    project = application["spec"].get("project")
    spec = {key: value for key, value in (result.get("spec") or {}).items() if key != "project"}
    return result | {"spec": spec | ({} if project is None else {"project": project})}


def _read(text: str) -> Params:
    document = next(read_documents(text.encode(), "templatePatch"), None)
    value = document.value if document else None
    if not isinstance(value, dict | None):
        raise ManifestError("templatePatch makes no mapping. Write the fields of an Application.")
    return value or {}


def _laid(below: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    directive = patch.get(_DIRECTIVE)
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != _DIRECTIVE}
    if directive not in {None, "merge"} or any(
        key.startswith("$") and key != _DIRECTIVE for key in patch
    ):
        raise ManifestError("templatePatch has a directive that is not understood here.")
    result = dict(below)
    for key, value in patch.items():
        if value is None or _is_deletion(value):
            result.pop(key, None)
        elif key != _DIRECTIVE:
            result[key] = _value(key, result.get(key), value)
    return result


def _value(key: str, below: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _laid(below if isinstance(below, Mapping) else {}, value)
    if key == _ADDED and isinstance(value, list) and isinstance(below, list):
        return _woven(below, value)
    return value


def _woven(below: list[Any], patch: list[Any]) -> list[Any]:
    """Put what a patch adds first, and leave the rest in its order: what both have keeps its place."""
    woven = []
    others = [each for each in below if each not in patch]
    for each in patch:
        while others and each in below and below.index(others[0]) < below.index(each):
            woven.append(others.pop(0))
        woven.append(each)
    return [*woven, *others]


def _is_deletion(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get(_DIRECTIVE) == "delete"
