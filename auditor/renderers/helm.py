"""Charts, rendered by the ``helm`` program as ``helm template`` does.

The chart lies in the repository, or is fetched from a chart repository that the options name; dependencies
lie in ``charts/``, elsewhere in the repository, or are fetched in their locked version from repositories
that the options allow. Rendering itself reaches no network and no cluster: what a chart is told of the
cluster comes with the request, or is an option. It refuses to apply defaults of its own to what helm prints.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import Final

from auditor.domain.capabilities import NO_CLUSTER
from auditor.errors import ManifestError
from auditor.ports import Rendering, RenderRequest, Tree
from auditor.renderers.chart_pulling import ChartAddress, ChartPuller
from auditor.renderers.chart_store import Archive, ChartStore
from auditor.renderers.charts import Chart, Dependency, select_chart
from auditor.renderers.complaints import readable
from auditor.renderers.helm_inputs import (
    FETCHED,
    HelmSubject,
    LaidOut,
    arguments,
    confidential,
    lay_out,
)
from auditor.renderers.helm_options import RELEASE, HelmOptions
from auditor.renderers.helm_output import TemplatePlaces, read_output
from auditor.renderers.plan import Plan, capabilities_of, read_options, seal
from auditor.renderers.post_rendering import PostRenderer
from auditor.renderers.programs import HELM, Command, ProgramRunner
from auditor.renderers.questions import asks_of_cluster
from auditor.renderers.values_files import Lookup
from auditor.renderers.workspace import Selection, Workspace, open_workspace

NAME: Final = "helm"
_TEMPLATE: Final = re.compile(
    r"[\w.-]+/((?:charts/[^/\s]+/)*(?:templates|crds)/[^\s:)\"]+)(?::(\d+))?"
)
_MISSING: Final = "missing in charts/ directory"
_HINT: Final = re.compile(r"\s*Use --debug flag to render out invalid YAML\s*")
_COMMAND_LINE: Final = "--set"
"""Part of every complaint that repeats what stood on the command line."""


class HelmRenderer:
    """Renders one chart."""

    Options = HelmOptions

    def __init__(
        self, runner: ProgramRunner | None = None, *, store: ChartStore | None = None
    ) -> None:
        self._runner = runner or ProgramRunner()
        self._store = store or ChartStore(puller=ChartPuller(self._runner))
        self._post_renderer = PostRenderer(self._runner)

    async def plan(self, tree: Tree, request: RenderRequest) -> Plan[HelmSubject]:
        """Say what a rendering will read; charts from elsewhere are fetched here.

        Raises:
            ManifestError: the chart or a values file cannot be read, or there is no such chart.
            SourceUnavailable: a chart repository cannot be reached now.
            ClusterUnasked: the chart asks what the cluster is, and that is not known yet.

        """
        options = _options(request)
        subject = await self._subject(tree, request, options)
        programs = (await self._runner.version(HELM), await self._post_renderer.version(options))
        digests = (archive.digest for archive in subject.archives.values())
        version = " ".join((*programs, *digests))
        asks = await asyncio.to_thread(asks_of_cluster, subject, options)
        told = capabilities_of(request) if asks else None
        sealed = seal(NAME, version, request, subject.read, told=told)
        return Plan(read=subject.read, seal=sealed, subject=subject, told=told)

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
        subject, options = plan.subject, _options(request)
        places = _places(subject, tree, request)
        async with open_workspace() as workspace:
            output = await self._template(plan, workspace, request, places)
        printed = await asyncio.to_thread(read_output, output, places, request.cluster)
        made = await self._post_renderer.render(printed.manifests, options, _place(request))
        omitted = subject.chart.skipped if subject.chart else ()
        return Rendering(
            manifests=(*printed.definitions, *made),
            skipped=(*omitted, *printed.skipped),
            read=plan.read,
            renderer=NAME,
            told=plan.told,
        )

    async def _subject(
        self, tree: Tree, request: RenderRequest, options: HelmOptions
    ) -> HelmSubject:
        chart = None if options.chart else await asyncio.to_thread(select_chart, tree, request.path)
        archives = await self._fetch(chart, options)
        packed = None if chart else archives[FETCHED].content
        lookup = Lookup(tree, request.path, packed)
        return await asyncio.to_thread(_select, chart, lookup, archives, options)

    async def _fetch(self, chart: Chart | None, options: HelmOptions) -> dict[str, Archive]:
        """Fetch the chart, or the locked dependencies of one that lies in the tree."""
        if chart is None:
            return {FETCHED: await self._store.fetch(_address(options))}
        return await self._fetch_dependencies(chart, options)

    async def _fetch_dependencies(self, chart: Chart, options: HelmOptions) -> dict[str, Archive]:
        """Fetch locked dependencies from where it is allowed; the rest is helm's to miss."""
        allowed = {repository.rstrip("/") for repository in options.fetch_from}
        wanted = (
            ChartAddress(repository=each.repository, name=each.name, version=each.version)
            for each in chart.absent
            if each.is_locked
        )
        return {
            chart.placed(f"{each.name}-{each.version}.tgz"): await self._store.fetch(each)
            for each in wanted
            if each.repository.rstrip("/") in allowed or self._store.is_told(each)
        }

    async def _template(
        self,
        plan: Plan[HelmSubject],
        workspace: Workspace,
        request: RenderRequest,
        places: TemplatePlaces,
    ) -> bytes:
        subject, options = plan.subject, _options(request)
        laid_out = await asyncio.to_thread(lay_out, subject, workspace, options)
        command = Command(
            program=HELM.locate(),
            arguments=(
                *("template", options.release_name or _release_name(subject, options)),
                str(workspace.tree / subject.place),
                *arguments(options, request, plan.told or NO_CLUSTER),
                *laid_out.arguments(options),
            ),
            folder=workspace.tree,
            home=workspace.home,
        )
        try:
            answer = await self._runner.run(command, within=options.timeout)
        except ManifestError as error:
            raise ManifestError(error.reason, path=_place(request)) from error
        if answer.status:
            words = _in_repository_words(answer.complaint, workspace, laid_out, options)
            raise _refusal(words, subject, places, _place(request))
        return answer.output


def _options(request: RenderRequest) -> HelmOptions:
    options: HelmOptions = read_options(HelmRenderer, request)
    return options


def _select(
    chart: Chart | None, lookup: Lookup, archives: Mapping[str, Archive], options: HelmOptions
) -> HelmSubject:
    """Select all that helm will read."""
    missing: tuple[str, ...] = ()
    if options.ignore_missing_values_files:
        values, missing = lookup.present(options.values_files)
    else:
        values = lookup.all(options.values_files)
    parameters = lookup.all(each.path for each in options.file_parameters)
    selection = chart.selection if chart else Selection(lookup.tree)
    for file in (*values, *parameters):
        if file.packed is None:
            selection.take(file.path)
    return HelmSubject(
        chart=chart,
        selection=selection,
        values_files=values,
        parameter_files=parameters,
        missing=missing,
        archives=archives,
    )


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
    in_tree = [file.path for file in subject.values_files if file.packed is None]
    fallback = in_tree[-1] if in_tree else request.path
    return TemplatePlaces(tree, folder=None, fallback=fallback, moved={})


def _release_name(subject: HelmSubject, options: HelmOptions) -> str:
    name = subject.chart.name if subject.chart else options.chart
    return name if re.match(RELEASE, name) else "release-name"


def _place(request: RenderRequest) -> str:
    return request.path or "Chart.yaml"


def _in_repository_words(
    complaint: str, workspace: Workspace, laid_out: LaidOut, options: HelmOptions
) -> str:
    """Name files as the repository does, and repeat no value of the command line."""
    secrets = confidential(options) if _COMMAND_LINE in complaint else ()
    words = laid_out.in_repository_words(readable(complaint, workspace, secrets))
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
