"""The golden cases: look-alikes side by side, each with what must be said of it.

A file holds one situation: a declared object, and cases that change the declaration or the living object
(as a JSON merge patch, RFC 7396). ``said`` is everything that all comparators say, in words.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.domain.finding import Deviation
from auditor.domain.pair import Pair, Scaler, Superseded
from tests.comparators.pairs import compared, entry, paired, written

_FILES = sorted((Path(__file__).parent / "corpus").glob("*.yaml"))


def cases() -> Iterator[Any]:
    """Every case of every file, named after both."""
    for file in _FILES:
        for situation in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            for case in situation["cases"]:
                yield pytest.param(situation["base"], case, id=f"{file.stem}: {case['title']}")


@pytest.mark.parametrize(("base", "case"), list(cases()))
def test_exactly_what_is_wrong_is_said(base: dict[str, Any], case: dict[str, Any]) -> None:
    """Nothing is missed, and nothing is said besides."""
    found = compared(pair_of(base, case))

    assert sorted(line for said in found for line in in_words(said)) == sorted(case["said"])


@pytest.mark.parametrize(
    ("base", "case"), [case for case in cases() if "severity" in case.values[1]]
)
def test_it_is_as_severe_as_it_is(base: dict[str, Any], case: dict[str, Any]) -> None:
    """Where the case says how bad it is, the comparator says so too."""
    (said,) = compared(pair_of(base, case))

    assert said.severity == case["severity"]


@pytest.mark.parametrize(("base", "case"), [case for case in cases() if "hidden" in case.values[1]])
def test_what_is_secret_is_not_said(base: dict[str, Any], case: dict[str, Any]) -> None:
    """Not even in part of what is said."""
    said = repr(compared(pair_of(base, case)))

    assert not any(value in said for value in case["hidden"])


def pair_of(base: dict[str, Any], case: dict[str, Any]) -> Pair:
    """Build the pair that a case describes."""
    desired = merged(base, case.get("desired", {}))
    actual = merged(desired, case.get("actual", {}))
    if "writers" in case:
        actual = written(actual, *(_entry(**writer) for writer in case["writers"]))
    facts: dict[str, Any] = {"governed": case.get("governed", False)}
    if "scaler" in case:
        facts["scaler"] = Scaler(**case["scaler"])
    if case.get("was_declared"):
        before = paired(desired, None).desired
        facts["earlier"] = (Superseded(manifest=before, until=datetime(2026, 1, 1, tzinfo=UTC)),)
    sides = (
        None if case.get("undeclared") else desired,
        None if case.get("absent") else actual,
    )
    return paired(*sides, **facts)


def in_words(said: Deviation) -> list[str]:
    """``K8S-002 spec.replicas changed by kubectl``, one line for each difference."""
    lines = [
        f"{said.check} {d.path} {d.op}" + (f" by {d.writer.manager}" if d.writer else "")
        for d in said.differences
    ]
    return lines or [said.check]


def merged(body: Any, patch: Any) -> Any:
    """Apply a JSON merge patch."""
    if not isinstance(patch, dict):
        return patch
    result = copy.deepcopy(body) if isinstance(body, dict) else {}
    for name, value in patch.items():
        if value is None and name not in {"password", "rules"}:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _entry(manager: str, fields: list[str], **rest: Any) -> dict[str, Any]:
    return entry(manager, *fields, **rest)
