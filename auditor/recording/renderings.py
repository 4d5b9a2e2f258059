"""What programs made of charts and kustomizations, as it was recorded.

What goes into a chart is not manifests, so nobody can tell which of it is secret; what comes out is. So
charts and the like are recorded as rendered, and a replay needs neither their files nor their programs.
Plain files are recorded as they are, and rendered again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Final

import msgspec

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest, Origin, Owner
from auditor.errors import ManifestError
from auditor.ports import Renderer, Rendering, RenderRequest, Skipped, Tree
from auditor.recording.frames import Declared, Omission, Rendered
from auditor.recording.recorder import Recorder
from auditor.recording.replay_repository import GitFacts

_PLAIN: Final = "plain"
"""What renders files that are recorded as they are."""


class RecordingRenderer:
    """A `Renderer` that writes down what another one made, and changes nothing of it."""

    def __init__(self, inner: Renderer, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render one path; see `auditor.ports.Renderer.render`."""
        asked = _asked(tree, request)
        try:
            rendering = await self._inner.render(tree, request)
        except ManifestError as error:
            failure = Omission(error.path or "", error.line, error.reason)
            self._recorder.note(msgspec.structs.replace(asked, failure=failure))
            raise
        if rendering.renderer != _PLAIN:
            self._recorder.note(self._rendered(asked, rendering))
        return rendering

    def _rendered(self, asked: Rendered, rendering: Rendering) -> Rendered:
        redactor = self._recorder.redactor
        return msgspec.structs.replace(
            asked,
            renderer=rendering.renderer,
            objects=tuple(self._declared(manifest) for manifest in rendering.manifests),
            skipped=tuple(
                Omission(s.path, s.line, s.reason, s.is_applied) for s in rendering.skipped
            ),
            read={path: redactor.content_id(blob) for path, blob in rendering.read.items()},
        )

    def _declared(self, manifest: Manifest) -> Declared:
        ref, origin, owner = manifest.ref, manifest.origin, manifest.owner
        body = self._recorder.redactor.answer("", msgspec.json.encode(manifest.body)).body
        return Declared(
            ref=(ref.group, ref.kind, ref.namespace, ref.name),
            version=manifest.version,
            body=body,
            path=origin.path if origin else "",
            line=origin.line if origin else None,
            owner=(owner.tool, owner.name, owner.entity) if owner else None,
            chain=owner.chain if owner else (),
            environment=owner.environment if owner else None,
        )


class ReplayRenderer:
    """A `Renderer` that answers as it was answered while recording, and renders what was not recorded."""

    def __init__(self, inner: Renderer, facts: Mapping[str, GitFacts]) -> None:
        self._inner = inner
        self._facts = facts
        self._turns: Counter[tuple[str, ...]] = Counter()

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render one path; see `auditor.ports.Renderer.render`."""
        wanted = _key(_asked(tree, request))
        facts = self._facts.get(tree.repository, GitFacts())
        known = [rendered for rendered in facts.renderings if _key(rendered) == wanted]
        if not known:
            return await self._inner.render(tree, request)
        # What else a tree is made of may have moved in between: then the same was rendered anew.
        turn = min(self._turns[wanted], len(known) - 1)
        self._turns[wanted] += 1
        return _rendering(known[turn])


def _asked(tree: Tree, request: RenderRequest) -> Rendered:
    return Rendered(
        repository=tree.repository,
        commit=tree.revision,
        path=request.path,
        cluster=request.cluster,
        namespace=request.namespace,
        options=json.dumps(request.options, sort_keys=True, default=str),
    )


def _key(rendered: Rendered) -> tuple[str, ...]:
    return (
        rendered.commit,
        rendered.path,
        rendered.cluster,
        rendered.namespace,
        rendered.options,
    )


def _rendering(rendered: Rendered) -> Rendering:
    failure = rendered.failure
    if failure is not None:
        raise ManifestError(failure.reason, path=failure.path or None, line=failure.line)
    return Rendering(
        manifests=tuple(_manifest(rendered, declared) for declared in rendered.objects),
        skipped=tuple(
            Skipped(path=o.path, line=o.line, reason=o.reason, is_applied=o.is_applied)
            for o in rendered.skipped
        ),
        read=rendered.read,
        renderer=rendered.renderer,
    )


def _manifest(rendered: Rendered, declared: Declared) -> Manifest:
    return Manifest(
        ref=ObjectRef(rendered.cluster, *declared.ref),
        version=declared.version,
        body=msgspec.json.decode(declared.body, type=dict),
        origin=_origin(rendered, declared),
        owner=_owner(declared),
    )


def _origin(rendered: Rendered, declared: Declared) -> Origin | None:
    if not declared.path:
        return None
    return Origin(
        repository=rendered.repository,
        revision=rendered.commit,
        path=declared.path,
        line=declared.line,
    )


def _owner(declared: Declared) -> Owner | None:
    if declared.owner is None:
        return None
    tool, name, entity = declared.owner
    return Owner(
        tool=tool,
        name=name,
        entity=entity,
        chain=declared.chain,
        environment=declared.environment,
    )
