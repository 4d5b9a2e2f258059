"""What the image is built from, and as whom it runs."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass

from tests.ops.places import COMPOSE, DOCKERFILE, ROOT, read_yaml
from tests.stack.recipes import HELM, KUSTOMIZE


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a Dockerfile, its continued lines joined."""

    keyword: str
    text: str


def parse_dockerfile(text: str) -> list[Instruction]:
    """Split a Dockerfile into instructions.

    https://docs.docker.com/reference/dockerfile/#format
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


INSTRUCTIONS = parse_dockerfile(DOCKERFILE.read_text())


def texts(keyword: str) -> list[str]:
    """What the instructions of one keyword say, in order."""
    return [each.text for each in INSTRUCTIONS if each.keyword == keyword]


def final_stage() -> list[Instruction]:
    """The instructions of the image itself."""
    last = max(place for place, each in enumerate(INSTRUCTIONS) if each.keyword == "FROM")
    return INSTRUCTIONS[last:]


def test_every_base_image_is_pinned() -> None:
    """A base has a version of three numbers and names its distribution."""
    assert all(re.match(r"\w+:\d+\.\d+\.\d+-[\w-]+( AS \w+)?$", text) for text in texts("FROM"))


def test_environment_and_image_share_their_python() -> None:
    """A virtual environment works only with the interpreter that made it."""
    pythons = {text.split()[0] for text in texts("FROM") if text.startswith("python:")}

    assert len(pythons) == 1


def test_the_image_runs_as_nobody() -> None:
    """The user is a number other than root's, as runAsNonRoot needs, and the same as in Compose."""
    user = [each.text for each in final_stage() if each.keyword == "USER"][-1]

    assert int(user.split(":")[0]) > 0
    assert user == read_yaml(COMPOSE)["services"]["auditor"]["user"]


def test_nothing_runs_as_root_after_the_user_is_set() -> None:
    """After USER there are only settings: no file is changed by the auditor's user."""
    keywords = [each.keyword for each in final_stage()]

    assert set(keywords[keywords.index("USER") + 1 :]).isdisjoint({"RUN", "COPY", "ADD", "USER"})


def test_no_shell_stands_between_the_signal_and_the_auditor() -> None:
    """ENTRYPOINT, CMD and HEALTHCHECK are argument lists, so SIGTERM arrives."""
    check = texts("HEALTHCHECK")[0].partition(" CMD ")[2]

    assert json.loads(texts("ENTRYPOINT")[0]) == ["auditor"]
    assert json.loads(texts("CMD")[0]) == ["run"]
    assert json.loads(check)[0] == "python"
    assert "/livez" in check


def test_every_command_knows_the_configuration_and_the_worker() -> None:
    """The image says it once; Compose mounts the configuration there, and the worker listens there."""
    (settings,) = (each.text for each in final_stage() if each.keyword == "ENV")
    mounts = read_yaml(COMPOSE)["services"]["auditor"]["volumes"]

    assert "AUDITOR_CONFIG=/etc/auditor/auditor.yaml" in settings.split()
    assert "AUDITOR_SERVER=http://127.0.0.1:8080" in settings.split()
    assert any(":/etc/auditor/auditor.yaml:ro" in mount for mount in mounts)


def test_renderers_are_those_of_the_tests() -> None:
    """Helm and kustomize have the versions that the tests ran with."""
    arguments = dict(text.split("=") for text in texts("ARG"))

    assert arguments == {"HELM_VERSION": HELM.version, "KUSTOMIZE_VERSION": KUSTOMIZE.version}


def test_every_package_of_the_wheel_is_copied() -> None:
    """What the wheel is made of reaches the build, and passes .dockerignore."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    sent = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().split()}

    assert {f"{name} {name}" for name in wheel} <= set(texts("COPY"))
    assert set(wheel) <= sent


def test_the_image_has_the_version_of_the_project() -> None:
    """Compose names the image that it builds by the project's version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    image = read_yaml(COMPOSE)["services"]["auditor"]["image"]

    assert image == f"drift-auditor:{project['project']['version']}"
