"""Sets that nobody vouches for cost a bounded time and memory, and see nothing of the machine."""

from __future__ import annotations

import asyncio
import json
import random
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import ManifestError
from auditor.renderers.applicationset.renderer import ApplicationSetRenderer
from auditor.renderers.programs import Bounds, ProgramRunner
from tests.auditor.renderers.applicationset.sets import (
    FILE,
    GO,
    application_set,
    branch_of,
    elements,
    matrix,
    names,
    rendered,
    request_of,
    template,
)
from tests.auditor.renderers.applicationset.test_vectors import VECTORS, applications
from tests.auditor.renderers.folders import folder

pytestmark = pytest.mark.usefixtures("gotemplate")

ODD: tuple[Any, ...] = (
    *(None, 7, 1.5, True, "x", "{{", "{{.x", [], [7], [None]),
    *({}, {"a": 7}, {"{{": "}}"}, {"name": None}),
)
SPECS = [json.loads(line)["spec"] for line in VECTORS]
PLAIN_SPECS = [spec for spec in SPECS if "goTemplate" not in spec]
SHORT = Bounds(seconds=3, memory=256 * 2**20, output=2**20)


async def refusal(name: str) -> str:
    """Why a template is refused, within short bounds."""
    branch = branch_of(application_set(elements("dev"), template=template(name=name), **GO))
    renderer = ApplicationSetRenderer(ProgramRunner(SHORT))
    with pytest.raises(ManifestError) as refused:
        await renderer.render(folder({FILE: "x"}), request_of(branch))
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("{{ repeat 2000000000 `x` }}", "needed more than 256 MiB"),
        ("{{ repeat 2000000 `x` }}", "writes more than 1 MiB"),
        ("{{ until 2000000000 }}", "needed more than 256 MiB"),
        ("{{ range until 3000 }}{{ range until 3000 }}xxxxxxxx{{ end }}{{ end }}", "more than 1 MiB"),
        (
            "{{ range until 30000 }}{{ range until 30000 }}{{ end }}{{ end }}",
            "was ended after 3 s",
        ),
        ("{{ define `x` }}{{ template `x` }}{{ end }}{{ template `x` }}", "maximum template depth"),
        ("{{ define `x` }}{{ template `x` . }}{{ template `x` . }}{{ end }}{{ template `x` . }}",
         "maximum template depth"),
        ("{{ tpl `{{ tpl . . }}` `{{ tpl . . }}` }}", "tpl calls itself more than 3 times"),
        ("{{ regexMatch `(((a+)+)+)+$` (repeat 5000 `a`) | ternary `x` `y` }}{{ fail `seen` }}", "seen"),
    ],
)  # fmt: skip
async def test_endless_and_huge_templates_are_ended(name: str, reason: str) -> None:
    """In time, in memory, in what they write and in depth; the reason says which."""
    began = time.monotonic()

    assert reason in await refusal(name)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "function", ["env `PATH`", "expandenv `$PATH`", "getHostByName `a.example`"]
)
async def test_templates_see_nothing_of_the_machine(function: str) -> None:
    """The functions that would show it are not there, as in Argo CD."""
    assert "not defined" in await refusal("{{ " + function + " }}")


@pytest.mark.parametrize("function", ["now | date `2006`", "randAlpha 5", "uuidv4", "genCA `x` 1"])
async def test_what_differs_each_time_is_not_guessed(function: str) -> None:
    """What the controller got nobody can know: better nothing is expected."""
    assert "another result each time" in await refusal("{{ " + function + " }}")


async def test_many_answers_are_bounded() -> None:
    """What many harmless templates write together is bounded as well."""
    many = [{"name": f"n{number}"} for number in range(30)]
    body = application_set(
        elements(*many), template=template(name="{{.name}}", path="{{ repeat 100000 `x` }}"), **GO
    )
    branch = branch_of(body)

    with pytest.raises(ManifestError, match="put out more than 1 MiB"):
        await ApplicationSetRenderer(ProgramRunner(SHORT)).render(
            folder({FILE: "x"}), request_of(branch)
        )


async def test_products_are_bounded() -> None:
    """Two short lists of many elements multiply to more than is ever deployed."""
    left = elements(*({"a": str(number)} for number in range(300)))
    right = elements(*({"b": str(number)} for number in range(300)))

    with pytest.raises(ManifestError, match="more than 20,000 sets"):
        await rendered(application_set(matrix(left, right)))


async def test_one_template_does_not_reach_another() -> None:
    """What one defines is not there for the next."""
    body = application_set(
        elements("a", "b"),
        template=template(
            name="{{ define `x` }}1{{ end }}n{{ .name }}", path="{{ block `x` . }}0{{ end }}"
        ),
        **GO,
    )

    assert await names(body) == ["na", "nb"]
    made = (await rendered(body)).manifests
    assert {each.body["spec"]["source"]["path"] for each in made} == {"0"}


def spoilt(value: Any, chance: random.Random) -> Any:
    """The same value with something odd here and there."""
    if chance.random() < 0.08:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {key: spoilt(each, chance) for key, each in value.items()}
    return [spoilt(each, chance) for each in value] if isinstance(value, list) else value


@settings(max_examples=200)
@given(spec=st.sampled_from(PLAIN_SPECS), chance=st.randoms(use_true_random=False))
def test_sets_of_odd_shape_are_refused_by_name(spec: dict[str, Any], chance: random.Random) -> None:
    """Whatever stands where: Applications, or an error that says what is wrong."""
    odd = {key: spoilt(value, chance) for key, value in spec.items()}

    with suppress(ManifestError):
        asyncio.run(applications(odd))
