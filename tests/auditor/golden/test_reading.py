"""Files of golden cases are read whole, or everything wrong with them is told."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from auditor.errors import ConfigError
from auditor.golden.cases import golden_schema
from auditor.golden.reading import read_cases
from tests.auditor.golden.files import SINGLE, SITUATION


def test_cases_know_their_names_and_places(tmp_path: Path) -> None:
    """In the order of the file, documents after one another."""
    file = tmp_path / "web.yaml"
    file.write_text(f"{SITUATION}---\n{SINGLE}")

    assert [(one.name, one.place.line) for one in read_cases([file])] == [
        ("Replicas: as declared", 4),
        ("Replicas: scaled by hand", 6),
        ("An empty map", 11),
    ]


def test_folders_are_searched(tmp_path: Path) -> None:
    """At any depth, for YAML and nothing else."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "one.yml").write_text(SINGLE)
    (tmp_path / "a" / "notes.txt").write_text("not a case")

    assert [one.place.file.name for one in read_cases([tmp_path])] == ["one.yml"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "name: x\ndesired: null\nactual: {}\nexpected: [{check: K8S-2}]\n",
            ":4: expected[0].check",
        ),
        ("name: x\nactual: {}\nexpected: []\n", "leaves out desired; write null"),
        ("name: x\ncases:\n- {name: y, expected: []}\n", "'y' has no base"),
        ("name: x\ndesired: {a: {b: 2026-01-01}}\nactual: {}\nexpected: []\n", ":2: desired: a.b"),
        ("name: x\nexpect: []\n", ":2: expect: unknown field"),
        ("a: 1\n b: 2\n", ":2: "),
        ("", "no cases"),
        ("- 1\n", ":1: "),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    """File, line, and what to do."""
    file = tmp_path / "bad.yaml"
    file.write_text(text)

    with pytest.raises(ConfigError) as caught:
        read_cases([file])

    assert complaint in str(caught.value)
    assert str(file) in str(caught.value)


def test_all_bad_files_are_named_at_once(tmp_path: Path) -> None:
    """Not one after the other."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("name: [\n")

    with pytest.raises(ConfigError) as caught:
        read_cases([tmp_path])

    assert len(str(caught.value).splitlines()) == 2


def test_what_is_read_fits_the_schema() -> None:
    """The schema that is printed is of the form that is read."""
    schema = golden_schema()
    validator = jsonschema.Draft202012Validator(schema)

    validator.check_schema(schema)
    for text in (SITUATION, SINGLE):
        validator.validate(yaml.safe_load(text))
    assert not validator.is_valid({"name": "x", "expect": []})
