"""Renders an ApplicationSet into the Applications that Argo CD would make of it.

Whoever reads ApplicationSets says in the options what the set holds, which repositories are mounted where
and which clusters Argo CD knows. A set is rendered as a whole or not at all, as upstream: with one generator
in error the controller changes nothing. It refuses to follow the Applications.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from auditor.domain.manifest import Manifest, Origin, manifest_from
from auditor.errors import ManifestError
from auditor.ports import Remark, Rendering, RenderRequest, Skipped, Tree
from auditor.renderers.applicationset.applications import (
    ApplicationTemplate,
    is_nameable,
    refuse_clashes,
    unfilled,
)
from auditor.renderers.applicationset.fields import words
from auditor.renderers.applicationset.generators import Generators
from auditor.renderers.applicationset.inputs import git_sources, inputs_of, outermost
from auditor.renderers.applicationset.options import ApplicationSetOptions
from auditor.renderers.applicationset.templates import (
    BOUNDS,
    GOTEMPLATE,
    GoTemplates,
    PlainTemplates,
    Templates,
)
from auditor.renderers.plan import Plan, read_options, seal
from auditor.renderers.programs import ProgramRunner

NAME: Final = "applicationset"
_FORMAT: Final = 1
"""Counted up when the same set has other Applications by our own doing."""
_SECONDS: Final = 60
"""How long one set may take, all runs of the program included."""


class ApplicationSetRenderer:
    """Renders one ApplicationSet."""

    Options = ApplicationSetOptions

    def __init__(self, runner: ProgramRunner | None = None) -> None:
        self._runner = runner or ProgramRunner(BOUNDS)

    async def plan(self, tree: Tree, request: RenderRequest) -> Plan[ApplicationSetOptions]:
        """Say what a rendering will read: files as their contents, folders as their names.

        Raises:
            ManifestError: the options are wrong, or something that the set names is not at hand.

        """
        options = _options(request)
        with _named(options):
            inputs = await asyncio.to_thread(inputs_of, tree, options)
            version = f"{_FORMAT} {await self._version(options)} {inputs.folders}"
        return Plan(
            read=inputs.files,
            seal=seal(NAME, version, request, inputs.files),
            subject=options,
        )

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render an ApplicationSet.

        Raises:
            ManifestError: the options are wrong, or the controller would refuse the set.

        """
        return await self.carry_out(await self.plan(tree, request), tree, request)

    async def carry_out(
        self, plan: Plan[ApplicationSetOptions], tree: Tree, request: RenderRequest
    ) -> Rendering:
        """Render what was planned.

        Raises:
            ManifestError: the controller would refuse the set; names file, place and remedy.

        """
        options = plan.subject
        with _named(options):
            try:
                async with asyncio.timeout(_SECONDS):
                    bodies = await self._bodies(tree, request, options)
            except TimeoutError as error:
                raise ManifestError(f"the set takes longer than {_SECONDS} s.") from error
        origin = _origin(tree, options)
        made = [body for body in bodies if is_nameable(body)]
        return Rendering(
            manifests=tuple(_manifests(made, request, origin)),
            skipped=tuple(_skipped(bodies, options)),
            remarks=tuple(_remarks(made, options)),
            read=plan.read,
            renderer=NAME,
        )

    async def _bodies(
        self, tree: Tree, request: RenderRequest, options: ApplicationSetOptions
    ) -> list[dict[str, Any]]:
        templates = self._templates(options)
        generators = Generators(
            templates, git_sources(tree, options), options.clusters, project=options.project
        )
        metadata = options.application_set.get("metadata") or {}
        namespace = str(metadata.get("namespace") or request.namespace)
        template = ApplicationTemplate(options.spec, namespace, templates)
        bodies = [
            body
            for entry in outermost(options.spec)
            for found in await generators.outermost(entry)
            for body in await template.applications(found)
        ]
        refuse_clashes(bodies)
        return bodies

    def _templates(self, options: ApplicationSetOptions) -> Templates:
        if not options.uses_go:
            return PlainTemplates()
        told = words(options.spec.get("goTemplateOptions"), "goTemplateOptions")
        return GoTemplates(self._runner, told)

    async def _version(self, options: ApplicationSetOptions) -> str:
        return await self._runner.version(GOTEMPLATE) if options.uses_go else ""


def _options(request: RenderRequest) -> ApplicationSetOptions:
    options: ApplicationSetOptions = read_options(ApplicationSetRenderer, request)
    return options


@contextmanager
def _named(options: ApplicationSetOptions) -> Iterator[None]:
    """Have errors name the place of the set, where they name none nearer."""
    try:
        yield
    except ManifestError as error:
        metadata = options.application_set.get("metadata") or {}
        named = f"ApplicationSet {metadata.get('name')}: {error.reason}"
        if error.path is not None:
            raise
        raise ManifestError(named, path=options.file or None, line=options.line) from error


def _origin(tree: Tree, options: ApplicationSetOptions) -> Origin | None:
    if not options.file:
        return None
    return Origin(
        repository=tree.repository, revision=tree.revision, path=options.file, line=options.line
    )


def _manifests(
    bodies: Sequence[Mapping[str, Any]], request: RenderRequest, origin: Origin | None
) -> Iterator[Manifest]:
    for body in bodies:
        yield manifest_from(body, cluster=request.cluster, origin=origin)


def _skipped(
    bodies: Sequence[Mapping[str, Any]], options: ApplicationSetOptions
) -> Iterator[Skipped]:
    for body in bodies:
        if not is_nameable(body):
            name = body["metadata"]["name"]
            reason = f"Kubernetes takes no Application of the name {name!r}. Check metadata.name"
            yield Skipped(path=options.file, line=options.line, reason=reason)


def _remarks(
    bodies: Sequence[Mapping[str, Any]], options: ApplicationSetOptions
) -> Iterator[Remark]:
    """Tell of parameters that are missing: upstream makes such Applications without a word."""
    remedy = "Add it"
    if options.uses_go:
        remedy += ", or have Argo CD refuse it with goTemplateOptions: [missingkey=error]"
    for body in bodies:
        place = next(unfilled(body, nested=options.uses_go), None)
        if place is not None:
            name = body["metadata"]["name"]
            told = f"a parameter is missing in {place} of Application {name}. {remedy}."
            yield Remark(path=options.file, line=options.line, text=told)
