"""Kustomizations, rendered by the ``kustomize`` program.

The program sees what the kustomization refers to and nothing else; load restrictions hold, no plugin and no
function runs, nothing is fetched. Helm charts inside are inflated only when the options allow it, and only
those that lie in the repository. kustomize is asked to annotate where each object comes from; the
annotations end here. It refuses to be more lenient than the program.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from auditor.config.sections import Duration, Section
from auditor.domain.manifest import Manifest, Origin, manifest_from
from auditor.errors import ManifestError
from auditor.ports import Rendering, RenderRequest, Skipped, Tree
from auditor.renderers.complaints import readable
from auditor.renderers.documents import LeftOut, read_documents, read_objects
from auditor.renderers.kustomization import Followed, follow, kustomization_file
from auditor.renderers.places import Places
from auditor.renderers.plan import Plan, read_options, seal
from auditor.renderers.programs import HELM, KUSTOMIZE, Command, ProgramRunner
from auditor.renderers.workspace import Workspace, join, open_workspace
from auditor.renderers.yaml_documents import Document

NAME: Final = "kustomize"
ORIGIN: Final = "config.kubernetes.io/origin"
"""https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/buildmetadata/"""
_BUILD_METADATA: Final = "buildMetadata"
_ASK_FOR_ORIGINS: Final = b"\nbuildMetadata:\n- originAnnotations\n"


class KustomizeOptions(Section):
    """Options of the renderer ``kustomize``."""

    helm: bool = False
    """Whether Helm charts in kustomizations (helmCharts) are inflated. They must lie in the repository."""

    api_versions: tuple[str, ...] = ()
    """API versions that charts inside are told the cluster has, besides helm's own."""

    kube_version: Annotated[str, Field(pattern=r"^(v?[0-9][0-9A-Za-z.+-]*)?$")] = ""
    """The Kubernetes version that charts inside are told. Default: helm's own."""

    timeout: Duration | None = None
    """How long one rendering may take. Default: a minute."""


class KustomizeRenderer:
    """Renders one kustomization."""

    Options = KustomizeOptions

    def __init__(self, runner: ProgramRunner | None = None) -> None:
        self._runner = runner or ProgramRunner()

    async def plan(self, tree: Tree, request: RenderRequest) -> Plan[Followed]:
        """Say what a rendering will read.

        Raises:
            ManifestError: it refers to something outside the repository, or cannot be read.

        """
        options = _options(request)
        followed = await asyncio.to_thread(follow, tree, request.path, inflates=options.helm)
        version = await self._version(options)
        return Plan(
            read=followed.selection.read,
            seal=seal(NAME, version, request, followed.selection.read),
            subject=followed,
        )

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render the kustomization at a path.

        Raises:
            ManifestError: the options are wrong, or kustomize refuses; names the files it concerns.

        """
        return await self.carry_out(await self.plan(tree, request), tree, request)

    async def carry_out(
        self, plan: Plan[Followed], tree: Tree, request: RenderRequest
    ) -> Rendering:
        """Render what was planned.

        Raises:
            ManifestError: it cannot be rendered; in kustomize's words, with the files it concerns.

        """
        with open_workspace() as workspace:
            output = await self._build(plan.subject, workspace, _options(request))
        return await asyncio.to_thread(_read, output, plan.subject, tree, request)

    async def _version(self, options: KustomizeOptions) -> str:
        programs = (KUSTOMIZE, HELM) if options.helm else (KUSTOMIZE,)
        return " ".join([await self._runner.version(each) for each in programs])

    async def _build(
        self, followed: Followed, workspace: Workspace, options: KustomizeOptions
    ) -> bytes:
        await asyncio.to_thread(_lay_out, followed, workspace)
        command = Command(
            program=KUSTOMIZE.locate(),
            arguments=("build", *_arguments(options), str(workspace.tree / followed.root)),
            folder=workspace.tree,
            home=workspace.home,
        )
        place = _place(followed)
        try:
            answer = await self._runner.run(command, within=options.timeout)
        except ManifestError as error:
            raise ManifestError(error.reason, path=place) from error
        if answer.status:
            words = readable(answer.complaint, workspace, followed.confidential)
            raise ManifestError(_with_remedy(words), path=place)
        return answer.output


def _options(request: RenderRequest) -> KustomizeOptions:
    options: KustomizeOptions = read_options(KustomizeRenderer, request)
    return options


def _arguments(options: KustomizeOptions) -> Iterator[str]:
    if not options.helm:
        return
    yield from ("--enable-helm", f"--helm-command={HELM.locate()}")
    yield from (f"--helm-api-versions={version}" for version in options.api_versions)
    if options.kube_version:
        yield f"--helm-kube-version={options.kube_version}"


def _place(followed: Followed) -> str:
    tree = followed.selection.tree
    return kustomization_file(tree, followed.root) or followed.root


def _with_remedy(words: str) -> str:
    """Add what can be done about a refusal that is ours as much as kustomize's."""
    if "must specify --enable-helm" in words:
        return f"{words}\nSet the renderer's option helm to true to inflate charts."
    return words


def _lay_out(followed: Followed, workspace: Workspace) -> None:
    """Write the workspace, with a root that asks for origins where that can be added safely."""
    workspace.write(followed.selection)
    tree = followed.selection.tree
    path = kustomization_file(tree, followed.root)
    if path is not None:
        content = tree.read(path)
        if _can_ask(content, path):
            workspace.put(path, content + _ASK_FOR_ORIGINS)


def _can_ask(content: bytes, path: str) -> bool:
    """Tell whether the request for origins adds its field to the kustomization and does nothing else."""
    try:
        before = [document.value for document in read_documents(content, path)]
        after = [document.value for document in read_documents(content + _ASK_FOR_ORIGINS, path)]
    except ManifestError:
        return False
    if len(before) != 1 or not isinstance(before[0], dict) or _BUILD_METADATA in before[0]:
        return False
    return after == [before[0] | {_BUILD_METADATA: ["originAnnotations"]}]


def _read(output: bytes, followed: Followed, tree: Tree, request: RenderRequest) -> Rendering:
    place = _place(followed)
    origins = _Origins(tree, followed.root, place)
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
        read=followed.selection.read,
        renderer=NAME,
    )


class _Origins:
    """Takes kustomize's annotations off objects, and reads them."""

    def __init__(self, tree: Tree, root: str, place: str) -> None:
        self._places = Places(tree)
        self._tree = tree
        self._root = root
        self._place = place
        self._is_asked = _can_ask(tree.read(place), place)

    def take(self, body: dict[str, Any]) -> tuple[dict[str, Any], Origin]:
        """Return an object without the annotation, and the origin that it names."""
        annotations = dict(body["metadata"].get("annotations") or {})
        text = annotations.pop(ORIGIN, None) if self._is_asked else None
        if not isinstance(text, str):
            return body, self._places.file(self._place)
        metadata = {key: value for key, value in body["metadata"].items() if key != "annotations"}
        metadata |= {"annotations": annotations} if annotations else {}
        body = body | {"metadata": metadata}
        return body, self._origin(_first(text.encode(), ORIGIN).value, body)

    def _origin(self, said: Mapping[str, Any], body: dict[str, Any]) -> Origin:
        if "path" in said:
            return self._places.origin(join(self._root, str(said["path"])), body)
        path = join(self._root, str(said.get("configuredIn") or posixpath.basename(self._place)))
        return self._places.file(path, self._generator_line(path, body))

    def _generator_line(self, path: str, body: dict[str, Any]) -> int | None:
        """Find the entry of a generator that made an object."""
        document = _first(self._tree.read(path), path)
        kind, name = body["kind"], body["metadata"]["name"]
        entries = document.value.get(f"{kind[0].lower()}{kind[1:]}Generator")
        named = [
            entry
            for entry in (entries if isinstance(entries, list) else ())
            if isinstance(entry, dict) and str(entry.get("name")) in name
        ]
        best = max(named, key=lambda entry: len(str(entry.get("name"))), default=None)
        return None if best is None else document.line_of(best)


def _first(content: bytes, path: str) -> Document:
    """Read the first document of what is known to hold a mapping."""
    document = next(read_documents(content, path), None)
    is_mapping = document is not None and isinstance(document.value, dict)
    return document if document and is_mapping else Document(value={}, line=1)
