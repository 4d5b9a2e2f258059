"""Kustomizations, rendered by the ``kustomize`` program.

The program sees what the kustomization refers to and nothing else; no plugin and no function runs, nothing is
fetched, and load restrictions hold unless the options lift them within the repository. Helm charts inside
are inflated only when the options allow it, and only those that lie in the repository. It refuses to be
more lenient than the program.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from pydantic import Field

from auditor.config.sections import Duration, Section
from auditor.domain.capabilities import NO_CLUSTER, Capabilities
from auditor.domain.manifest import Manifest, manifest_from
from auditor.errors import ManifestError
from auditor.ports import Rendering, RenderRequest, Skipped, Tree
from auditor.renderers.complaints import readable
from auditor.renderers.documents import LeftOut, read_objects
from auditor.renderers.kustomization import Followed, Reach, follow
from auditor.renderers.origins import Origins
from auditor.renderers.plan import Plan, capabilities_of, read_options, seal
from auditor.renderers.prepared import Prepared, Wishes, prepare
from auditor.renderers.programs import HELM, KUSTOMIZE, Command, ProgramRunner
from auditor.renderers.workspace import Workspace, open_workspace

NAME: Final = "kustomize"


class KustomizeOptions(Section):
    """Options of the renderer ``kustomize``."""

    helm: bool = False
    """Whether Helm charts in kustomizations (helmCharts) are inflated. They must lie in the repository."""

    api_versions: tuple[str, ...] = ()
    """API versions that charts inside are told the cluster has, besides helm's own. Default: those that it
    has."""

    kube_version: Annotated[str, Field(pattern=r"^(v?[0-9][0-9A-Za-z.+-]*)?$")] = ""
    """The Kubernetes version that charts inside are told. Default: the cluster's."""

    overlay: dict[str, Any] = Field(default_factory=dict)
    """Fields laid over the kustomization before it is built: texts replace, mappings merge, lists add,
    images and replicas replace the entry of their name. Paths are relative to the rendered path."""

    merge_images: bool = False
    """Whether an image of the overlay changes only what it sets, as Flux does."""

    ignore_missing_components: bool = False
    """Whether components of the overlay that are not there are passed over."""

    generate: bool = False
    """Whether a folder without a kustomization gets one over every manifest below it, as Flux does."""

    unrestricted: bool = False
    """Whether a kustomization may name files outside its own folder; never outside the repository."""

    timeout: Duration | None = None
    """How long one rendering may take. Default: a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is built, and all that it needs."""

    prepared: Prepared
    followed: Followed


class KustomizeRenderer:
    """Renders one kustomization."""

    Options = KustomizeOptions

    def __init__(self, runner: ProgramRunner | None = None) -> None:
        self._runner = runner or ProgramRunner()

    async def plan(self, tree: Tree, request: RenderRequest) -> Plan[Subject]:
        """Say what a rendering will read.

        Raises:
            ManifestError: it refers to something outside the repository, or cannot be read.
            ClusterUnasked: charts inside may ask what the cluster is, and that is not known yet.

        """
        options = _options(request)
        subject = await asyncio.to_thread(_look, tree, request.path, options)
        version = await self._version(options)
        read = subject.followed.selection.read
        told = capabilities_of(request) if options.helm else None
        sealed = seal(NAME, version, request, read, told=told)
        return Plan(read=read, seal=sealed, subject=subject, told=told)

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render the kustomization at a path.

        Raises:
            ManifestError: the options are wrong, or kustomize refuses; names the files it concerns.

        """
        return await self.carry_out(await self.plan(tree, request), tree, request)

    async def carry_out(
        self,
        plan: Plan[Subject],
        tree: Tree,
        request: RenderRequest,
        *,
        changed: Mapping[str, bytes] | None = None,
    ) -> Rendering:
        """Render what was planned; ``changed`` is what some of the files hold instead.

        Raises:
            ManifestError: it cannot be rendered; in kustomize's words, with the files it concerns.

        """
        options = _telling(_options(request), plan.told or NO_CLUSTER)
        output = await self._build(plan.subject, options, changed or {})
        rendering = await asyncio.to_thread(_read, output, plan.subject, tree, request)
        return replace(rendering, told=plan.told)

    async def _version(self, options: KustomizeOptions) -> str:
        programs = (KUSTOMIZE, HELM) if options.helm else (KUSTOMIZE,)
        return " ".join([await self._runner.version(each) for each in programs])

    async def _build(
        self, subject: Subject, options: KustomizeOptions, changed: Mapping[str, bytes]
    ) -> bytes:
        async with open_workspace() as workspace:
            await asyncio.to_thread(workspace.write, subject.followed.selection)
            for path, content in changed.items():
                workspace.put(path, content)
            return await self._run(subject, workspace, options)

    async def _run(
        self, subject: Subject, workspace: Workspace, options: KustomizeOptions
    ) -> bytes:
        command = Command(
            program=KUSTOMIZE.locate(),
            arguments=(
                "build",
                *_arguments(options),
                str(workspace.tree / subject.prepared.root),
            ),
            folder=workspace.tree,
            home=workspace.home,
        )
        place = subject.prepared.place
        try:
            answer = await self._runner.run(command, within=options.timeout)
        except ManifestError as error:
            raise ManifestError(error.reason, path=place) from error
        if answer.status:
            words = readable(answer.complaint, workspace, subject.followed.confidential)
            raise ManifestError(_with_remedy(words), path=place)
        return answer.output


def _look(tree: Tree, path: str, options: KustomizeOptions) -> Subject:
    """Say what is built, and find all that it needs."""
    wishes = Wishes(
        overlay=options.overlay,
        merges_images=options.merge_images,
        ignores_missing=options.ignore_missing_components,
        generates=options.generate,
    )
    prepared = prepare(tree, path, wishes)
    reach = Reach(inflates=options.helm, unrestricted=options.unrestricted)
    followed = follow(prepared.tree, prepared.root, reach)
    for consulted in prepared.consulted:
        followed.selection.take(consulted)
    return Subject(prepared=prepared, followed=followed)


def _options(request: RenderRequest) -> KustomizeOptions:
    options: KustomizeOptions = read_options(KustomizeRenderer, request)
    return options


def _telling(options: KustomizeOptions, capabilities: Capabilities) -> KustomizeOptions:
    """Tell charts inside of the cluster where the options do not."""
    told = {
        "kube_version": options.kube_version or capabilities.kube_version,
        "api_versions": options.api_versions or capabilities.api_versions,
    }
    return options.model_copy(update=told)


def _arguments(options: KustomizeOptions) -> Iterator[str]:
    if options.unrestricted:
        yield "--load-restrictor=LoadRestrictionsNone"
    if not options.helm:
        return
    yield from ("--enable-helm", f"--helm-command={HELM.locate()}")
    yield from (f"--helm-api-versions={version}" for version in options.api_versions)
    if options.kube_version:
        yield f"--helm-kube-version={options.kube_version}"


def _with_remedy(words: str) -> str:
    """Add what can be done about a refusal that is ours as much as kustomize's."""
    if "must specify --enable-helm" in words:
        return f"{words}\nSet the renderer's option helm to true to inflate charts."
    return words


def _read(output: bytes, subject: Subject, tree: Tree, request: RenderRequest) -> Rendering:
    place = subject.prepared.place
    origins = Origins(tree, subject.prepared)
    manifests: list[Manifest] = []
    skipped: list[Skipped] = []
    for part in read_objects(output, place):
        if isinstance(part, LeftOut):
            skipped.append(Skipped(path=place, line=None, reason=part.reason))
        else:
            body, origin = origins.take(part.body)
            manifests.append(manifest_from(body, cluster=request.cluster, origin=origin))
    return Rendering(
        manifests=tuple(manifests),
        skipped=tuple(skipped),
        read=subject.followed.selection.read,
        renderer=NAME,
    )
