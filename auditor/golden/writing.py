"""What came of golden cases, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from auditor.golden.running import Result
from auditor.reports.forms import Form
from auditor.reports.wording import count_of, safe, show_json


def write_lines(results: Sequence[Result]) -> str:
    """Write a line for each case; below those that fail, what is different."""
    lines = [line for result in results for line in _lines(result)]
    failed = sum(not result.passed for result in results)
    told = f"{failed} not as expected" if failed else "all as expected"
    return "\n".join([*lines, f"{count_of(len(results), 'case')}: {told}"]) + "\n"


def _lines(result: Result) -> Iterator[str]:
    golden = result.golden
    if result.passed:
        yield f"ok    {safe(golden.name)}"
        return
    yield f"FAIL  {safe(golden.name)}  ({safe(str(golden.place))})"
    yield from _difference(result)
    if golden.case.why:
        yield f"      why it matters: {safe(golden.case.why)}"


def _difference(result: Result) -> Iterator[str]:
    for missed in result.missed:
        yield from _marked("- expected:", missed)
    for surplus in result.surplus:
        yield from _marked("+ found:   ", surplus)
    for place in result.shown:
        yield f"      ! hidden[{place}] stands in what is found"


def _marked(mark: str, finding: Mapping[str, Any]) -> Iterator[str]:
    """Write a finding's heading, and each of its differences as it is written in a case."""
    words = (finding[name] for name in ("check", "category", "severity") if finding.get(name))
    yield f"      {mark} {safe(' '.join(words))}"
    for difference in finding.get("differences") or ():
        writer = f", writer: {difference['writer']}" if difference.get("writer") else ""
        path = json.dumps(difference["path"], ensure_ascii=False)
        yield safe(f"      {mark[0]}   {{path: {path}, op: {difference['op']}{writer}}}")


def _write_json(results: Sequence[Result]) -> str:
    return show_json(
        {
            "passed": all(result.passed for result in results),
            "cases": [_document(result) for result in results],
        }
    )


def _document(result: Result) -> dict[str, Any]:
    place = result.golden.place
    return {
        "name": result.golden.name,
        "file": str(place.file),
        "line": place.line,
        "passed": result.passed,
        "missed": list(result.missed),
        "surplus": list(result.surplus),
        "shown": [f"hidden[{index}]" for index in result.shown],
    }


WRITERS: Final[Mapping[Form, Callable[[Sequence[Result]], str]]] = {
    Form.TABLE: write_lines,
    Form.JSON: _write_json,
}
"""The forms in which results are written, by the names that the command line gives them."""
