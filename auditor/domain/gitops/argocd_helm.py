"""What an Application tells helm, as options of the renderer ``helm``.

Values win over each other as Argo CD has it: files, then ``values`` or in its place ``valuesObject``, then
parameters, then file parameters. Variables stand in parameters and in names of files, not in values. It
refuses to read files: names of several at once are for the renderer to look up.

https://argo-cd.readthedocs.io/en/stable/user-guide/helm/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from auditor.domain.gitops.argocd_fields import Fields, Unknowable
from auditor.domain.gitops.argocd_variables import Variables

_UNESCAPED_COMMA: Final = re.compile(r"(?<!\\),")
_OLD: Final = "v2"
_VERSION: Final = re.compile(r"v?([0-9]+(?:\.[0-9]+){0,2})")


def helm_options(
    helm: Fields, release: str, *, variables: Variables, refs: frozenset[str]
) -> dict[str, Any]:
    """Options of the renderer for a chart, without the chart's own address.

    Raises:
        Unknowable: it depends on what is not known here.

    """
    if helm.text("version") == _OLD:
        raise Unknowable(f"{helm.place}.version is v2, which Argo CD renders no more")
    found = {
        "releaseName": helm.text("releaseName") or release,
        "releaseNamespace": helm.text("namespace"),
        "valuesFiles": [file_name(each, variables, refs) for each in helm.texts("valueFiles")],
        "ignoreMissingValuesFiles": helm.flag("ignoreMissingValueFiles"),
        **_values(helm),
        "parameters": list(_parameters(helm, variables)),
        "fileParameters": list(_file_parameters(helm, variables, refs)),
        "includeCrds": not helm.flag("skipCrds"),
        "skipTests": helm.flag("skipTests"),
        "skipSchemaValidation": helm.flag("skipSchemaValidation"),
        **capabilities(helm),
    }
    return {name: value for name, value in found.items() if value or name == "includeCrds"}


def capabilities(part: Fields) -> dict[str, Any]:
    """What a chart is told of the cluster, where the source says it.

    Of the version, what follows its three numbers is left out, as Argo CD does.
    """
    version = _VERSION.match(part.text("kubeVersion"))
    found = {
        "kubeVersion": version[1] if version else "",
        "apiVersions": list(part.texts("apiVersions")),
    }
    return {name: value for name, value in found.items() if value}


def file_name(written: str, variables: Variables, refs: frozenset[str]) -> str:
    """Name a file as the renderer takes it: ``$ref/`` stays, all other variables are put in.

    Raises:
        Unknowable: the name depends on the revision.

    """
    first, slash, rest = written.partition("/")
    if first in refs:
        return f"{first}{slash}{variables.expand(rest)}"
    return variables.expand(written)


def referred(source: Fields) -> frozenset[str]:
    """The first parts of all file names, which may be the names of other sources (``$values``)."""
    helm = source.part("helm")
    written = (
        *helm.texts("valueFiles"),
        *(each.text("path") for each in helm.parts("fileParameters")),
    )
    return frozenset(each.partition("/")[0] for each in written if each.startswith("$"))


def _values(helm: Fields) -> dict[str, Any]:
    """Read the values, of which there is one kind: where both are given, the text counts for nothing."""
    if "valuesObject" in helm:
        return {"values": dict(helm.part("valuesObject").values)}
    text = helm.text("values")
    return {"valuesDocuments": [text]} if text else {}


def _parameters(helm: Fields, variables: Variables) -> Iterator[dict[str, Any]]:
    """Yield single values; of two with one name the last one counts."""
    entries = helm.parts("parameters")
    last = {(each.text("name"), each.flag("forceString")): each for each in entries}
    for (name, is_text), each in last.items():
        value = escape(variables.expand(each.text("value")))
        yield {"name": name, "value": value, "forceString": is_text}


def _file_parameters(
    helm: Fields, variables: Variables, refs: frozenset[str]
) -> Iterator[dict[str, Any]]:
    for each in helm.parts("fileParameters"):
        yield {"name": each.text("name"), "path": file_name(each.text("path"), variables, refs)}


def escape(value: str) -> str:
    """Keep helm from taking a comma for the start of the next parameter, but in a list: ``{a,b}``."""
    is_list = value.startswith("{") and value.endswith("}")
    return value if is_list else _UNESCAPED_COMMA.sub(r"\\,", value)
