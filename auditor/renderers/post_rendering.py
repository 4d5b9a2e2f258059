"""What is done to a chart's objects after helm printed them: patches, images, metadata.

As helm-controller does it: kustomize runs over the objects as over a file, one step after the other, then
all get common metadata (https://fluxcd.io/flux/components/helm/helmreleases/#post-renderers). Nothing but
these objects is there to be read. It refuses to touch hooks and CRDs: they never pass a post renderer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import orjson

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest, Origin, manifest_from
from auditor.errors import ManifestError
from auditor.renderers.complaints import readable
from auditor.renderers.documents import Found, read_objects
from auditor.renderers.helm_options import CommonMetadata, HelmOptions, PostRender
from auditor.renderers.programs import KUSTOMIZE, Command, ProgramRunner
from auditor.renderers.workspace import Workspace, open_workspace

_OBJECTS: Final = "objects.yaml"


class PostRenderer:
    """Runs the steps that options name over objects."""

    def __init__(self, runner: ProgramRunner) -> None:
        self._runner = runner

    async def version(self, options: HelmOptions) -> str:
        """Name the program that will run; empty where none does.

        Raises:
            ManifestError: it is missing.

        """
        return await self._runner.version(KUSTOMIZE) if options.post_render else ""

    async def render(
        self, manifests: Sequence[Manifest], options: HelmOptions, place: str
    ) -> tuple[Manifest, ...]:
        """Run all steps; objects keep the places that they come from.

        Raises:
            ManifestError: kustomize refuses; in its words, for ``place``.

        """
        for step in options.post_render if manifests else ():
            output = await self._build(manifests, step, place, options.timeout)
            manifests = await asyncio.to_thread(_read, output, manifests, place)
        return tuple(_described(each, options.common_metadata) for each in manifests)

    async def _build(
        self,
        manifests: Sequence[Manifest],
        step: PostRender,
        place: str,
        within: timedelta | None,
    ) -> bytes:
        async with open_workspace() as workspace:
            await asyncio.to_thread(_lay_out, manifests, step, workspace)
            command = Command(
                program=KUSTOMIZE.locate(),
                arguments=("build", str(workspace.tree)),
                folder=workspace.tree,
                home=workspace.home,
            )
            answer = await self._runner.run(command, within=within)
            if answer.status:
                words = readable(answer.complaint, workspace)
                raise ManifestError(f"post rendering: {words}", path=place)
            return answer.output


def _lay_out(manifests: Sequence[Manifest], step: PostRender, workspace: Workspace) -> None:
    objects = b"\n---\n".join(orjson.dumps(each.body) for each in manifests)
    fields = step.model_dump(mode="json", exclude_defaults=True)
    workspace.put(_OBJECTS, objects)
    workspace.put("kustomization.yaml", orjson.dumps({"resources": [_OBJECTS], **fields}))


def _read(output: bytes, before: Sequence[Manifest], place: str) -> tuple[Manifest, ...]:
    """Read what came out; what is the same object as before comes from the same place."""
    origins = {each.ref: each.origin for each in before}
    bodies = (part.body for part in read_objects(output, place) if isinstance(part, Found))
    return tuple(_placed(body, before[0], origins) for body in bodies)


def _placed(
    body: Mapping[str, Any], first: Manifest, origins: Mapping[ObjectRef, Origin | None]
) -> Manifest:
    made = manifest_from(body, cluster=first.ref.cluster)
    fallback = next(_same_name(made.ref, origins), first.origin)
    return replace(made, origin=origins.get(made.ref, fallback))


def _same_name(
    ref: ObjectRef, origins: Mapping[ObjectRef, Origin | None]
) -> Iterator[Origin | None]:
    """Find what a patch moved to another namespace."""
    yield from (
        origin
        for other, origin in origins.items()
        if other._replace(namespace="") == ref._replace(namespace="")
    )


def _described(manifest: Manifest, common: CommonMetadata) -> Manifest:
    """Give an object labels and annotations that everything gets."""
    added = {"labels": common.labels, "annotations": common.annotations}
    changed = {
        field: {**(manifest.metadata.get(field) or {}), **texts}
        for field, texts in added.items()
        if texts
    }
    if not changed:
        return manifest
    body = {**manifest.body, "metadata": {**manifest.metadata, **changed}}
    return replace(manifest, body=body)
