"""What a valid document still needs to be true: names that fit together, files that are there.

Each rule yields problems and none raises, so that all are told at once. Looking is limited to the local
disk; whether servers answer is found out at run time, where it may change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from auditor.config.document import Configuration
from auditor.config.located import Place
from auditor.config.problems import Problem
from auditor.config.secrets import Reference
from auditor.config.sections import Section
from auditor.config.words import nearest
from auditor.domain.expiry import OWN


def missing_premises(configuration: Configuration) -> Iterator[Problem]:
    """Yield everything that does not fit together."""
    yield from _repeated("clusters", [cluster.name for cluster in configuration.clusters])
    yield from _repeated("repositories", [one.name for one in configuration.repositories])
    yield from _repeated("sinks", [sink.name for sink in configuration.sinks])
    yield from _repeated("desired", [desired.name for desired in configuration.desired])
    yield from _repeated("rules.ignore", [rule.id for rule in configuration.rules.ignore], "id")
    yield from _reserved(configuration)
    yield from _unknown_names(configuration)
    yield from _absent_files(configuration)


def unresolved_secrets(configuration: Configuration) -> Iterator[Problem]:
    """Yield every secret that could not be looked up on this machine, now."""
    for place, reference in _references(configuration, ()):
        problem = reference.problem()
        if problem:
            yield Problem(place, problem)


def _repeated(section: str, names: Sequence[str], field: str = "name") -> Iterator[Problem]:
    counts = Counter(names)
    for index, name in enumerate(names):
        if counts[name] > 1 and names.index(name) < index:
            place: Place = (*section.split("."), index, field)
            yield Problem(place, f"{name!r} is taken; give each its own {field}")


def _reserved(configuration: Configuration) -> Iterator[Problem]:
    for index, cluster in enumerate(configuration.clusters):
        if cluster.name == OWN:
            text = f"{OWN!r} stands for the auditor itself in findings; name the cluster otherwise"
            yield Problem(("clusters", index, "name"), text)


def _unknown_names(configuration: Configuration) -> Iterator[Problem]:
    clusters = {cluster.name for cluster in configuration.clusters}
    repositories = {repository.name for repository in configuration.repositories}
    for index, desired in enumerate(configuration.desired):
        yield from _unknown(("desired", index, "cluster"), desired.cluster, clusters)
        if desired.repository is not None:
            yield from _unknown(("desired", index, "repository"), desired.repository, repositories)


def _unknown(place: Place, name: str, names: Iterable[str]) -> Iterator[Problem]:
    if name not in names:
        section = "clusters" if place[-1] == "cluster" else "repositories"
        hint = nearest(name, names) or f"; add it to {section}"
        yield Problem(place, f"there is no {place[-1]} {name!r}{hint}")


def _absent_files(configuration: Configuration) -> Iterator[Problem]:
    for index, cluster in enumerate(configuration.clusters):
        if cluster.kubeconfig and not cluster.kubeconfig.is_file():
            yield _no_such(("clusters", index, "kubeconfig"), cluster.kubeconfig, "file")
    for index, repository in enumerate(configuration.repositories):
        if repository.url.startswith("/") and not Path(repository.url).is_dir():
            yield _no_such(("repositories", index, "url"), Path(repository.url), "folder")
        yield from _absent_authorities(("repositories", index), repository.ca_file)
    for index, charts in enumerate(configuration.charts.repositories):
        yield from _absent_authorities(("charts", "repositories", index), charts.ca_file)


def _absent_authorities(place: Place, file: Path | None) -> Iterator[Problem]:
    if file is not None and not file.is_file():
        yield _no_such((*place, "caFile"), file, "file")


def _no_such(place: Place, path: Path, kind: str) -> Problem:
    return Problem(place, f"there is no {kind} {path}")


def _references(value: Any, place: Place) -> Iterator[tuple[Place, Reference]]:
    """Walk a validated document, and yield every secret reference with its place."""
    if isinstance(value, Reference):
        yield place, value
    elif isinstance(value, Section):
        for name, info in type(value).model_fields.items():
            yield from _references(getattr(value, name), (*place, info.alias or name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _references(item, (*place, index))
