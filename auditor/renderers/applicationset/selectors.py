"""Selectors over labels and parameters, as Kubernetes writes them.

https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/utils/selector.go: values may be anything,
addresses of clusters too. It refuses what the controller refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.renderers.applicationset.fields import mapping, mappings, words

_NAME: Final = re.compile(
    r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_VALUE: Final = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_WITH_VALUES: Final = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}


@dataclass(frozen=True, slots=True)
class _Requirement:
    key: str
    operator: str
    values: tuple[str, ...]

    def holds(self, labels: Mapping[str, str]) -> bool:
        is_there = self.key in labels
        match self.operator:
            case "In":
                return is_there and labels[self.key] in self.values
            case "NotIn":
                return not is_there or labels[self.key] not in self.values
            case "Exists":
                return is_there
        return not is_there


@dataclass(frozen=True, slots=True)
class Selector:
    """All that must hold; nothing: everything is meant."""

    requirements: tuple[_Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether something with these labels is meant."""
        return all(each.holds(labels) for each in self.requirements)


def read_label_selector(raw: Any) -> Selector:
    """Read a selector of labels, whose values are those that labels may have.

    Raises:
        ManifestError: the controller would refuse it.

    """
    selector = read_selector(raw)
    for each in selector.requirements:
        odd = next((value for value in each.values if not _VALUE.fullmatch(value)), None)
        if odd is not None:
            raise ManifestError(f"the selector of {each.key} wants {odd!r}, which no label can be.")
    return selector


def read_selector(raw: Any) -> Selector:
    """Read ``matchLabels`` and ``matchExpressions``.

    Raises:
        ManifestError: the controller would refuse it.

    """
    return Selector(tuple(_requirements(mapping(raw, "a selector"))))


def _requirements(raw: Mapping[str, Any]) -> Iterator[_Requirement]:
    for key, value in mapping(raw.get("matchLabels"), "matchLabels").items():
        yield _checked(str(key), "In", (str(value),))
    for each in mappings(raw.get("matchExpressions"), "matchExpressions"):
        values = words(each.get("values"), "values of a selector")
        yield _checked(str(each.get("key") or ""), str(each.get("operator")), values)


def _checked(key: str, operator: str, values: tuple[str, ...]) -> _Requirement:
    if operator not in _WITH_VALUES:
        raise ManifestError(
            f"a selector has the operator {operator!r}. Take {', '.join(_WITH_VALUES)}."
        )
    if _WITH_VALUES[operator] is not bool(values):
        must = "needs values" if _WITH_VALUES[operator] else "takes no values"
        raise ManifestError(f"the selector of {key} has the operator {operator}, which {must}.")
    if not _NAME.fullmatch(key):
        raise ManifestError(f"a selector has the key {key!r}, which is no name of a label.")
    return _Requirement(key, operator, values)
