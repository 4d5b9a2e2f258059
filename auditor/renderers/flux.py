"""What a Flux Kustomization applies: a kustomization built, decrypted as far as known, and substituted.

The order is Flux's own: the kustomization is made or overlaid, files that generators and patches read are
decrypted, it is built, objects are decrypted, variables substituted, and common metadata set
(https://github.com/fluxcd/kustomize-controller/blob/v1.7.3/internal/controller/kustomization_controller.go).
Nothing is decrypted here: what depends on it is `SEALED`, and an object whose very name does is left out. It
refuses whatever makes Flux refuse the whole, because Flux then applies nothing of it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import Field

from auditor.config.sections import Duration, Section
from auditor.domain.manifest import Manifest, manifest_from
from auditor.errors import ManifestError
from auditor.ports import Remark, Rendering, RenderRequest, Skipped, Tree
from auditor.renderers import sealing
from auditor.renderers.kustomize import KustomizeOptions, KustomizeRenderer, Subject
from auditor.renderers.plan import Plan, read_options, seal
from auditor.renderers.programs import ProgramRunner
from auditor.renderers.substitution import Variables, is_sealed, substitute

NAME: Final = "flux"
_STAND_INS: Final = ("sealed-one", "sealed-two")
_HASH: Final = re.compile(r"-[bcdfghkmt2456789]{10}$")
"""https://github.com/kubernetes-sigs/kustomize/blob/api/v0.21.1/api/hasher/hasher.go"""
_SEALED_NAME: Final = (
    "is named by an encrypted value or a secret variable: what it is cannot be known"
)


class CommonMetadata(Section):
    """What is set on every object."""

    labels: dict[str, str] = Field(default_factory=dict)
    """Labels, which replace those of the same name."""

    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations, which replace those of the same name."""


class FluxOptions(Section):
    """Options of the renderer ``flux``: what a Kustomization's spec says, in the renderer's words."""

    overlay: dict[str, Any] = Field(default_factory=dict)
    """Fields laid over the kustomization: namespace (targetNamespace), namePrefix, nameSuffix, patches,
    images, components."""

    ignore_missing_components: bool = False
    """Whether components of the overlay that are not there are passed over."""

    common_metadata: CommonMetadata = CommonMetadata()
    """Labels and annotations for every object, those that name the owner among them."""

    substitute: dict[str, str] = Field(default_factory=dict)
    """Variables and their values. Where there are none and none is sealed, nothing is substituted."""

    substitute_always: bool = False
    """Whether expressions are expanded even where no variable is given."""

    sealed: frozenset[str] = frozenset()
    """Variables whose value nobody may know: what holds them is compared by being there."""

    seal_others: bool = False
    """Whether variables that are not named here may have values elsewhere, so that they are sealed too."""

    decryption: bool = False
    """Whether what SOPS encrypted is decrypted. Its values are then compared by being there."""

    timeout: Duration | None = None
    """How long one build may take. Default: a minute."""


class FluxRenderer:
    """Renders what one Kustomization applies."""

    Options = FluxOptions

    def __init__(self, runner: ProgramRunner | None = None) -> None:
        self._kustomize = KustomizeRenderer(runner)

    async def plan(self, tree: Tree, request: RenderRequest) -> Plan[Plan[Subject]]:
        """Say what a rendering will read.

        Raises:
            ManifestError: it refers to something outside the repository, or cannot be read.

        """
        options = _options(request)
        inner = await self._kustomize.plan(tree, _inner(request, options))
        return Plan(
            read=inner.read, seal=seal(NAME, inner.seal, request, inner.read), subject=inner
        )

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render the path of a Kustomization.

        Raises:
            ManifestError: Flux would apply nothing of it; says why.

        """
        return await self.carry_out(await self.plan(tree, request), tree, request)

    async def carry_out(
        self, plan: Plan[Plan[Subject]], tree: Tree, request: RenderRequest
    ) -> Rendering:
        """Render what was planned.

        Raises:
            ManifestError: Flux would apply nothing of it; says why.

        """
        options = _options(request)
        inner = _inner(request, options)
        stand_ins = await asyncio.to_thread(_stand_ins, plan.subject.subject, options)
        builds = [
            await self._kustomize.carry_out(plan.subject, tree, inner, changed=changed)
            for changed in stand_ins
        ]
        return await asyncio.to_thread(_Applied(options).rendering, builds)


def _options(request: RenderRequest) -> FluxOptions:
    options: FluxOptions = read_options(FluxRenderer, request)
    return options


def _inner(request: RenderRequest, options: FluxOptions) -> RenderRequest:
    inner = KustomizeOptions(
        overlay=options.overlay,
        merge_images=True,
        ignore_missing_components=options.ignore_missing_components,
        generate=True,
        unrestricted=True,
        timeout=options.timeout,
    )
    return replace(request, options=inner.model_dump(exclude_defaults=True))


def _stand_ins(subject: Subject, options: FluxOptions) -> list[dict[str, bytes]]:
    """Say what encrypted files hold in each build: there are two builds where there are such files."""
    tree = subject.prepared.tree
    files = subject.followed.selection.files
    paths = [path for path in sorted(subject.followed.decryptable) if path in files]
    encrypted = {path: tree.read(path) for path in paths} if options.decryption else {}
    encrypted = {p: text for p, text in encrypted.items() if sealing.is_encrypted_file(text)}
    if not encrypted:
        return [{}]
    return [
        {path: sealing.stand_in(text, path, word) for path, text in encrypted.items()}
        for word in _STAND_INS
    ]


@dataclass(frozen=True, slots=True)
class _Applied:
    """Makes of built objects what is applied."""

    options: FluxOptions

    def rendering(self, builds: list[Rendering]) -> Rendering:
        """Make a rendering of one build, or of two that show what depends on encrypted files.

        Raises:
            ManifestError: Flux would apply nothing.

        """
        first = builds[0]
        manifests: list[Manifest] = []
        skipped = list(first.skipped)
        remarks: list[Remark] = []
        for manifest, body in _compared(builds):
            for part in self._apply(manifest, body):
                match part:
                    case Manifest():
                        manifests.append(part)
                    case Skipped():
                        skipped.append(part)
                    case Remark():
                        remarks.append(part)
        return replace(
            first,
            manifests=tuple(manifests),
            skipped=tuple(skipped),
            remarks=tuple(remarks),
            renderer=NAME,
        )

    def _apply(
        self, manifest: Manifest, body: Mapping[str, Any]
    ) -> Iterator[Manifest | Skipped | Remark]:
        path, line = _place(manifest)
        try:
            body = self._decrypted(body)
            body, unset = self._substituted(body)
        except ManifestError as error:
            reason = f"{manifest.ref.kind} {manifest.ref.name}: {error.reason}"
            raise ManifestError(reason, path=path, line=line) from error
        if _has_sealed_identity(body):
            yield Skipped(path=path, line=line, reason=_SEALED_NAME, is_applied=True)
            return
        body = _with_metadata(body, self.options.common_metadata)
        yield manifest_from(body, cluster=manifest.ref.cluster, origin=manifest.origin)
        named = f"{manifest.ref.kind} {body['metadata']['name']}"
        for name in sorted(unset):
            yield Remark(
                path=path, line=line, text=f"${{{name}}} is not set in {named}: it is empty"
            )
        if _any_sealed(body):
            text = f"{named} has values that are not known here, and are compared by being there"
            yield Remark(path=path, line=line, text=text)

    def _decrypted(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if sealing.is_exempt(body):
            return body
        if self.options.decryption:
            return sealing.seal_object(body)
        if body["kind"] == "Secret" and sealing.METADATA in body:
            raise ManifestError(
                "is encrypted by SOPS, and the Kustomization has no decryption: Flux applies nothing."
            )
        return body

    def _substituted(self, body: Mapping[str, Any]) -> tuple[Mapping[str, Any], Iterable[str]]:
        options = self.options
        given = options.substitute or options.sealed or options.seal_others
        if not given and not options.substitute_always:
            return body, ()
        variables = Variables(
            values=options.substitute,
            sealed=options.sealed,
            seals_others=options.seal_others,
        )
        variables.check()
        result = substitute(body, variables)
        return result.body, result.unset


def _compared(builds: list[Rendering]) -> Iterator[tuple[Manifest, Mapping[str, Any]]]:
    """Pair objects with their bodies, sealed where two builds differ.

    Raises:
        ManifestError: the builds differ in more than texts.

    """
    if len(builds) == 1:
        yield from ((manifest, manifest.body) for manifest in builds[0].manifests)
        return
    first, second = ({_stem(each): each for each in build.manifests} for build in builds)
    if first.keys() != second.keys() or len(first) != len(builds[0].manifests):
        raise ManifestError("what is built depends on encrypted values, so it cannot be known.")
    for stem, manifest in first.items():
        body = sealing.sealed_where_different(manifest.body, second[stem].body)
        if is_sealed(body) or is_sealed(body["metadata"]):
            raise ManifestError("what is built depends on encrypted values, so it cannot be known.")
        yield manifest, body


def _stem(manifest: Manifest) -> tuple[str, ...]:
    """Name an object without the hash that its name may end in."""
    ref = manifest.ref
    return (ref.group, ref.kind, ref.namespace, _HASH.sub("", ref.name))


def _has_sealed_identity(body: Any) -> bool:
    metadata = body["metadata"]
    names = (body["apiVersion"], body["kind"], metadata["name"], metadata.get("namespace"))
    return any(map(is_sealed, names)) or any(is_sealed(key) for key in _keys(body))


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _keys(item)


def _any_sealed(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_any_sealed, value.values()))
    return any(map(_any_sealed, value)) if isinstance(value, list) else is_sealed(value)


def _with_metadata(body: Mapping[str, Any], common: CommonMetadata) -> dict[str, Any]:
    metadata = dict(body["metadata"])
    for field, added in (("labels", common.labels), ("annotations", common.annotations)):
        if added:
            metadata[field] = (metadata.get(field) or {}) | added
    return {**body, "metadata": metadata}


def _place(manifest: Manifest) -> tuple[str, int | None]:
    origin = manifest.origin
    return ("", None) if origin is None else (origin.path, origin.line)
