"""Charts, rendered by the ``helm`` program as ``helm template`` does.

The chart lies in the repository, or is fetched from a chart repository that the options name; dependencies
lie in ``charts/``, elsewhere in the repository, or are fetched in their locked version from repositories
that the options allow. Rendering itself reaches no network and no cluster: what a chart is told of the
cluster is an option. It refuses to apply defaults of its own to what helm prints.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Self

import orjson
from pydantic import Field, model_validator

from auditor.config.sections import Duration, Section
from auditor.errors import ManifestError
from auditor.ports import Rendering, RenderRequest, Tree
from auditor.renderers.chart_store import Archive, ChartAddress, ChartStore
from auditor.renderers.charts import Chart, Dependency, select_chart, select_values
from auditor.renderers.complaints import readable
from auditor.renderers.helm_output import TemplatePlaces, read_output
from auditor.renderers.plan import Plan, read_options, seal
from auditor.renderers.programs import HELM, Command, ProgramRunner
from auditor.renderers.workspace import Selection, Workspace, open_workspace

NAME: Final = "helm"
_RELEASE: Final = r"^[a-z0-9]([-a-z0-9.]{0,51}[a-z0-9])?$"
_VERSION: Final = r"^(v?[0-9][0-9A-Za-z.+-]*)?$"
_REPOSITORY: Final = r"^((https?|oci)://\S+)?$"
_CHART: Final = r"^([A-Za-z0-9][\w.-]*)?$"
_TEMPLATE: Final = re.compile(
    r"[\w.-]+/((?:charts/[^/\s]+/)*(?:templates|crds)/[^\s:)\"]+)(?::(\d+))?"
)
_FETCHED: Final = ".fetched-chart.tgz"
_MISSING: Final = "missing in charts/ directory"
_HINT: Final = re.compile(r"\s*Use --debug flag to render out invalid YAML\s*")


class HelmOptions(Section):
    """Options of the renderer ``helm``."""

    release_name: Annotated[str, Field(pattern=_RELEASE)] | None = None
    """The name of the release. Default: the chart's name."""

    values_files: tuple[str, ...] = ()
    """Values files, the last one wins: from the path, or with a leading slash from the repository's root."""

    values: Mapping[str, Any] = Field(default_factory=dict)
    """Values that win over all files."""

    api_versions: tuple[Annotated[str, Field(pattern=r"^[\w./-]+$")], ...] = ()
    """API versions that the chart is told the cluster has, besides helm's own."""

    kube_version: Annotated[str, Field(pattern=_VERSION)] = ""
    """The Kubernetes version that the chart is told. Default: helm's own."""

    include_crds: bool = True
    """Whether what lies in the chart's `crds/` is declared."""

    chart: Annotated[str, Field(pattern=_CHART)] = ""
    """The name of a chart that is fetched from `repository`. Default: the chart at the path."""

    repository: Annotated[str, Field(pattern=_REPOSITORY)] = ""
    """The URL of the chart's repository: https or oci."""

    version: Annotated[str, Field(pattern=r"^[^\s-][^\n]*$")] | None = None
    """The version of the chart that is fetched; exact versions are fetched once."""

    digest: Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """What the fetched archive must hash to: sha256 and 64 hexadecimal digits."""

    fetch_from: tuple[Annotated[str, Field(pattern=_REPOSITORY)], ...] = ()
    """Repositories that dependencies in Chart.lock may be fetched from. Default: none."""

    timeout: Duration | None = None
    """How long one rendering may take. Default: a minute."""

    @model_validator(mode="after")
    def _whole_address(self) -> Self:
        if bool(self.chart) != bool(self.repository):
            raise ValueError("chart and repository go together; give both or neither")
        if self.chart and not self.version:
            raise ValueError("a chart that is fetched needs its version")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class HelmSubject:
    """All that helm needs: a chart of the tree or a fetched one, values, and fetched dependencies."""

    chart: Chart | None
    selection: Selection
    values_files: tuple[str, ...]
    archives: Mapping[str, Archive] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where helm finds the chart, in the workspace's tree."""
        return self.chart.folder if self.chart else _FETCHED


class HelmRenderer:
    """Renders one chart."""

    Options = HelmOptions

    def __init__(
        self, runner: ProgramRunner | None = None, *, store: ChartStore | None = None
    ) -> None:
        self._runner = runner or ProgramRunner()
        self._store = store or ChartStore(runner=self._runner)

    async def plan(self, tree: Tree, request: RenderRequest) -> Plan[HelmSubject]:
        """Say what a rendering will read; charts from elsewhere are fetched here.

        Raises:
            ManifestError: the chart or a values file cannot be read, or there is no such chart.
            SourceUnavailable: a chart repository cannot be reached now.

        """
        options = _options(request)
        subject = await self._subject(tree, request, options)
        version = await self._runner.version(HELM)
        digests = " ".join(archive.digest for archive in subject.archives.values())
        read = subject.selection.read
        return Plan(
            read=read, seal=seal(NAME, f"{version} {digests}", request, read), subject=subject
        )

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render the chart at a path.

        Raises:
            ManifestError: the options are wrong, or helm refuses; names the template it concerns.
            SourceUnavailable: a chart repository cannot be reached now.

        """
        return await self.carry_out(await self.plan(tree, request), tree, request)

    async def carry_out(
        self, plan: Plan[HelmSubject], tree: Tree, request: RenderRequest
    ) -> Rendering:
        """Render what was planned.

        Raises:
            ManifestError: it cannot be rendered; in helm's words, with the template it concerns.

        """
        subject = plan.subject
        places = _places(subject, tree, request)
        with open_workspace() as workspace:
            output = await self._template(subject, workspace, request, places)
        printed = await asyncio.to_thread(read_output, output, places, request.cluster)
        omitted = subject.chart.skipped if subject.chart else ()
        return Rendering(
            manifests=printed.manifests,
            skipped=(*omitted, *printed.skipped),
            read=plan.read,
            renderer=NAME,
        )

    async def _subject(
        self, tree: Tree, request: RenderRequest, options: HelmOptions
    ) -> HelmSubject:
        values = await asyncio.to_thread(select_values, tree, request.path, options.values_files)
        if options.chart:
            selection, chart = Selection(tree), None
            archives = {_FETCHED: await self._store.fetch(_address(options))}
        else:
            chart = await asyncio.to_thread(select_chart, tree, request.path)
            selection = chart.selection
            archives = await self._fetch_dependencies(chart, options)
        for path in values:
            selection.take(path)
        return HelmSubject(chart=chart, selection=selection, values_files=values, archives=archives)

    async def _fetch_dependencies(self, chart: Chart, options: HelmOptions) -> dict[str, Archive]:
        """Fetch locked dependencies from where it is allowed; the rest is helm's to miss."""
        allowed = {repository.rstrip("/") for repository in options.fetch_from}
        return {
            chart.placed(f"{each.name}-{each.version}.tgz"): await self._store.fetch(
                ChartAddress(repository=each.repository, name=each.name, version=each.version)
            )
            for each in chart.absent
            if each.is_locked and each.repository.rstrip("/") in allowed
        }

    async def _template(
        self,
        subject: HelmSubject,
        workspace: Workspace,
        request: RenderRequest,
        places: TemplatePlaces,
    ) -> bytes:
        options = _options(request)
        values = await asyncio.to_thread(_lay_out, subject, workspace, options)
        command = Command(
            program=HELM.locate(),
            arguments=(
                *("template", options.release_name or _release_name(subject, options)),
                str(workspace.tree / subject.place),
                *_arguments(options, request),
                *(f"--values={file}" for file in values),
            ),
            folder=workspace.tree,
            home=workspace.home,
        )
        place = request.path or "Chart.yaml"
        try:
            answer = await self._runner.run(command, within=options.timeout)
        except ManifestError as error:
            raise ManifestError(error.reason, path=place) from error
        if answer.status:
            words = _in_repository_words(readable(answer.complaint, workspace), subject, values)
            raise _refusal(words, subject, places, place)
        return answer.output


def _options(request: RenderRequest) -> HelmOptions:
    options: HelmOptions = read_options(HelmRenderer, request)
    return options


def _address(options: HelmOptions) -> ChartAddress:
    return ChartAddress(
        repository=options.repository,
        name=options.chart,
        version=options.version or "",
        digest=options.digest,
    )


def _places(subject: HelmSubject, tree: Tree, request: RenderRequest) -> TemplatePlaces:
    chart = subject.chart
    if chart is not None:
        place = f"{chart.folder}/Chart.yaml".lstrip("/")
        return TemplatePlaces(tree, folder=chart.folder, fallback=place, moved=dict(chart.moved))
    fallback = subject.values_files[-1] if subject.values_files else request.path
    return TemplatePlaces(tree, folder=None, fallback=fallback, moved={})


def _release_name(subject: HelmSubject, options: HelmOptions) -> str:
    name = subject.chart.name if subject.chart else options.chart
    return name if re.match(_RELEASE, name) else "release-name"


def _arguments(options: HelmOptions, request: RenderRequest) -> Iterator[str]:
    if request.namespace:
        yield f"--namespace={request.namespace}"
    if options.include_crds:
        yield "--include-crds"
    if options.kube_version:
        yield f"--kube-version={options.kube_version}"
    yield from (f"--api-versions={version}" for version in options.api_versions)


def _lay_out(subject: HelmSubject, workspace: Workspace, options: HelmOptions) -> list[str]:
    """Write all that helm reads, and return the values files in their order.

    Values get names of our own: helm takes a comma in a name for the start of the next one.
    """
    workspace.write(subject.selection)
    for origin, place in subject.chart.moved.items() if subject.chart else ():
        workspace.copy(origin, place)
    for place, archive in subject.archives.items():
        workspace.put(place, archive.content)
    files = []
    for number, path in enumerate(subject.values_files):
        file = workspace.home / f"values-{number}.yaml"
        file.write_bytes(subject.selection.tree.read(path))
        files.append(str(file))
    if options.values:
        inline = workspace.home / "values-inline.yaml"
        inline.write_bytes(orjson.dumps(options.values, option=orjson.OPT_NON_STR_KEYS))
        files.append(str(inline))
    return files


def _in_repository_words(words: str, subject: HelmSubject, files: list[str]) -> str:
    """Name values files as the repository does."""
    shown = [f"home/{file.rpartition('/')[2]}" for file in files]
    names = [*subject.values_files, "the option values"]
    for ours, theirs in zip(shown, names, strict=False):
        words = words.replace(ours, theirs)
    return _HINT.sub("", words)


def _refusal(words: str, subject: HelmSubject, places: TemplatePlaces, place: str) -> ManifestError:
    """Say what helm said, at the template that it names."""
    if _MISSING in words:
        named = ", ".join(f"{each.name} {each.version}" for each in _absent(subject))
        words = (
            f"{words}\nCommit charts/ with {named}, or commit Chart.lock and name their "
            "repositories in the option fetchFrom."
        )
    found = _TEMPLATE.search(words)
    if found is None:
        return ManifestError(words, path=place)
    line = int(found[2]) if found[2] else None
    return ManifestError(words, path=places.path(found[0].partition(":")[0]), line=line)


def _absent(subject: HelmSubject) -> Iterator[Dependency]:
    return iter(subject.chart.absent if subject.chart else ())
