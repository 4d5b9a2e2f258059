"""Judges cases, and compares what is found with what is expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditor.domain.finding import Finding
from auditor.domain.judge import Comparison, judge
from auditor.errors import ConfigError
from auditor.golden.cases import ExpectedDifference, ExpectedFinding
from auditor.golden.pairing import pair_of
from auditor.golden.reading import GoldenCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one case.

    ``missed`` was expected and not found, ``surplus`` found and not expected, both written as
    expectations are; ``shown`` are the texts, by their place in ``hidden``, that stand in a finding.
    """

    golden: GoldenCase
    missed: tuple[dict[str, Any], ...] = ()
    surplus: tuple[dict[str, Any], ...] = ()
    shown: tuple[int, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything is as expected."""
        return not (self.missed or self.surplus or self.shown)


def run_cases(
    cases: Iterable[GoldenCase], compare: Comparison, *, at: datetime
) -> tuple[Result, ...]:
    """Judge every case.

    Raises:
        ConfigError: a case describes no pair; a line for each.

    """
    results, problems = [], []
    for golden in cases:
        try:
            results.append(run_case(golden, compare, at=at))
        except ConfigError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError("\n".join(problems))
    return tuple(results)


def run_case(golden: GoldenCase, compare: Comparison, *, at: datetime) -> Result:
    """Judge one case, at its own moment or at this one.

    Raises:
        ConfigError: the case describes no pair.

    """
    case = golden.case
    outcome = judge(pair_of(golden), compare, golden.rules.compiled(), at=case.at or at)
    surplus, missed = list(outcome.findings), []
    for expected in case.expected:
        met = next((finding for finding in surplus if _meets(finding, expected)), None)
        if met is None:
            missed.append(expected)
        else:
            surplus.remove(met)
    told = repr((outcome.findings, outcome.suppressed))
    return Result(
        golden=golden,
        missed=tuple(_expectation(expected) for expected in missed),
        surplus=tuple(_described(finding) for finding in surplus),
        shown=tuple(place for place, text in enumerate(case.hidden) if text in told),
    )


def _meets(finding: Finding, expected: ExpectedFinding) -> bool:
    return (
        finding.check == expected.check
        and expected.category in {None, finding.category}
        and expected.severity in {None, finding.severity}
        and (
            expected.differences is None
            or Counter(_differences(finding)) == Counter(map(_triple, expected.differences))
        )
    )


Triple = tuple[str, str, str | None]
"""Path, op and writer of a difference."""


def _triple(expected: ExpectedDifference) -> Triple:
    return str(expected.path), str(expected.op), expected.writer


def _differences(finding: Finding) -> Iterator[Triple]:
    for one in finding.differences:
        yield str(one.path), str(one.op), one.writer.manager if one.writer else None


def _expectation(expected: ExpectedFinding) -> dict[str, Any]:
    return expected.model_dump(mode="json", exclude_unset=True)


def _described(finding: Finding) -> dict[str, Any]:
    """Write a finding as one would expect it."""
    described = {
        "check": finding.check,
        "category": str(finding.category),
        "severity": str(finding.severity),
    }
    differences = [
        {"path": path, "op": op} | ({"writer": writer} if writer else {})
        for path, op, writer in _differences(finding)
    ]
    return described | ({"differences": differences} if differences else {})
