"""What goes into one call of helm: a chart, files, texts and single values, laid out for the program.

Values get file names of our own: helm takes a comma in a name for the start of the next one. It refuses to
select: what is laid out was planned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from auditor.domain.capabilities import Capabilities
from auditor.ports import RenderRequest
from auditor.renderers.chart_store import Archive
from auditor.renderers.charts import Chart
from auditor.renderers.helm_options import HelmOptions
from auditor.renderers.values_files import ValuesFile
from auditor.renderers.workspace import Selection, Workspace

FETCHED: Final = ".fetched-chart.tgz"
"""Where a fetched chart lies in the workspace's tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelmSubject:
    """All that helm needs: a chart of the tree or a fetched one, values, and fetched dependencies.

    ``missing`` are values files that were looked for and may be absent: they would be read if they came.
    """

    chart: Chart | None
    selection: Selection
    values_files: tuple[ValuesFile, ...] = ()
    parameter_files: tuple[ValuesFile, ...] = ()
    missing: tuple[str, ...] = ()
    archives: Mapping[str, Archive] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where helm finds the chart, in the workspace's tree."""
        return self.chart.folder if self.chart else FETCHED

    @property
    def read(self) -> Mapping[str, str]:
        """Path to blob id of all that is read; an empty id for what is not there."""
        return {**dict.fromkeys(self.missing, ""), **self.selection.read}


@dataclass(frozen=True, slots=True)
class _Laid:
    """A file for helm, and what a person calls it."""

    file: str
    shown: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    """Files that lie ready for helm."""

    values: tuple[_Laid, ...]
    parameters: tuple[_Laid, ...]

    def arguments(self, options: HelmOptions) -> Iterator[str]:
        """Name the files to helm."""
        yield from (f"--values={each.file}" for each in self.values)
        for parameter, each in zip(options.file_parameters, self.parameters, strict=True):
            yield f"--set-file={parameter.name}={each.file}"

    def in_repository_words(self, words: str) -> str:
        """Name files as the repository does."""
        for each in (*self.values, *self.parameters):
            words = words.replace(each.shown, each.name)
        return words


def lay_out(subject: HelmSubject, workspace: Workspace, options: HelmOptions) -> LaidOut:
    """Write all that helm reads, the files with values in their order.

    Raises:
        ManifestError: a file cannot be read or written.

    """
    workspace.write(subject.selection)
    for origin, place in subject.chart.moved.items() if subject.chart else ():
        workspace.copy(origin, place)
    for place, archive in subject.archives.items():
        workspace.put(place, archive.content)
    texts = enumerate(_values(subject, options))
    files = enumerate(subject.parameter_files)
    return LaidOut(
        values=tuple(_lay(workspace, f"values-{n}.yaml", *text) for n, text in texts),
        parameters=tuple(
            _lay(workspace, f"parameter-{n}", file.path, file.content(subject.selection.tree))
            for n, file in files
        ),
    )


def _values(subject: HelmSubject, options: HelmOptions) -> Iterator[tuple[str, bytes]]:
    """Yield texts with values, the one that wins last, each with what a person calls it."""
    for file in subject.values_files:
        yield file.path, file.content(subject.selection.tree)
    for number, text in enumerate(options.values_documents):
        yield f"the option valuesDocuments[{number}]", text.encode()
    if options.values:
        yield "the option values", orjson.dumps(options.values, option=orjson.OPT_NON_STR_KEYS)


def _lay(workspace: Workspace, shown: str, name: str, content: bytes) -> _Laid:
    file = workspace.home / shown
    file.write_bytes(content)
    return _Laid(str(file), f"home/{shown}", name)


def arguments(
    options: HelmOptions, request: RenderRequest, capabilities: Capabilities
) -> Iterator[str]:
    """Say on the command line what no file says; what options say of the cluster goes first."""
    namespace = options.release_namespace or request.namespace
    if namespace:
        yield f"--namespace={namespace}"
    if options.include_crds:
        yield "--include-crds"
    if options.skip_tests:
        yield "--skip-tests"
    if options.skip_schema_validation:
        yield "--skip-schema-validation"
    kube_version = options.kube_version or capabilities.kube_version
    if kube_version:
        yield f"--kube-version={kube_version}"
    api_versions = options.api_versions or capabilities.api_versions
    yield from (f"--api-versions={version}" for version in api_versions)
    for parameter in options.parameters:
        flag = "--set-string" if parameter.force_string else "--set"
        yield f"{flag}={parameter.name}={parameter.value}"


def confidential(options: HelmOptions) -> Iterator[str]:
    """What helm may repeat of the command line, and nobody should read."""
    yield from (f"{parameter.name}={parameter.value}" for parameter in options.parameters)
