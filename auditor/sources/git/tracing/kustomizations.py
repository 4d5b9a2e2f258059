"""Where a kustomization, or the owner that lays one over it, says what a field is declared to be.

Looks at patches, images, replicas, labels, annotations and generators:
https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/. Flux's Kustomization and Argo CD's
Application have fields of the same names. The outermost is asked first, because it has the last word. It
refuses to build anything.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

import yaml

from auditor.sources.git.fields import Field, field_at, items_of, text_at
from auditor.sources.git.tracing.files import Files, Place
from auditor.sources.git.tracing.owners import sources_of, spec_of
from auditor.sources.git.tracing.patches import find_in_patch
from auditor.sources.git.tracing.wanted import Wanted

_NAMES: Final = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
_PATCHES: Final = ("patches", "patchesJson6902", "patchesStrategicMerge")
_SAYS: Final = re.compile("patches|images|replicas|[lL]abels|Annotations|Generator")
"""What a kustomization has somewhere that says more than what it consists of."""
_MOST: Final = 1_000
"""So many kustomizations below one root are looked into."""
_PLAIN: Final = re.compile(r"[a-z0-9.-]*")
_PARTS: Final = 3
_LABELS: Final = ("labels", "matchLabels")
_IMAGE: Final = re.compile(r"^(?P<name>[^@]+?)(?::(?P<tag>[^:/@]+))?(?:@(?P<digest>.+))?$")


class Laid(NamedTuple):
    """The fields of a kustomization, and of which file they are."""

    path: str
    fields: yaml.Node


def find_in_kustomizations(wanted: Wanted, files: Files) -> tuple[Place, ...]:
    """Find the place that says what a field is declared to be, if any of them does."""
    for laid in _laid(wanted, files):
        if found := _in_fields(laid, wanted):
            return found
        place = _in_patches(laid, wanted, files) or _in_generators(laid, wanted, files)
        if place is not None:
            return (place,)
    return ()


def _laid(wanted: Wanted, files: Files) -> Iterator[Laid]:
    """Everything that may have been laid over the object, the outermost first."""
    layers = wanted.layers
    for path, said in chain(spec_of(layers, files), sources_of(layers, files, "kustomize")):
        yield Laid(path, said.node)
    known = [path for path in layers.files if posixpath.basename(path) in _NAMES]
    known.sort(key=lambda each: (posixpath.dirname(each) != layers.base, each))
    for path in known[:_MOST]:
        text = files.text(path) or ""
        for document in files.nodes(text) if _SAYS.search(text) else ():
            yield Laid(path, document)


def _in_fields(laid: Laid, wanted: Wanted) -> tuple[Place, ...]:
    """What is said in so many words, without a patch."""
    last = wanted.segments[-1]
    for image in _entries(laid, "images") if last == "image" else ():
        if _makes(image, wanted.said or ""):
            entry = Place(laid.path, image.lines)
            return (entry,) if wanted.own is None or _has_version(image) else (entry, _own(wanted))
    for replicas in _entries(laid, "replicas") if wanted.segments == ("spec", "replicas") else ():
        is_meant = wanted.is_named(text_at(replicas.node, "name"))
        if is_meant and text_at(replicas.node, "count") == wanted.said:
            return (Place(laid.path, replicas.lines),)
    found = next((one for one in _metadata(laid, wanted) if wanted.is_said_by(one)), None)
    return () if found is None else (Place(laid.path, found.lines),)


def _own(wanted: Wanted) -> Place:
    return Place(wanted.file, wanted.own.lines if wanted.own else None)


def _has_version(image: Field) -> bool:
    """Tell whether an entry of ``images`` says which version; else the object's own says that, and moves."""
    return image.text is not None or any(text_at(image.node, key) for key in ("newTag", "digest"))


def _entries(laid: Laid, *names: str) -> Iterator[Field]:
    """Entries of lists, the last one first: it has the last word."""
    for name in names:
        yield from reversed(items_of(field_at(laid.fields, (name,))))


def _makes(image: Field, said: str) -> bool:
    """Tell whether an entry of ``images`` makes this image of another."""
    parts = _IMAGE.match(said)
    if image.text is not None:  # as Argo CD writes them: name=other:tag
        return image.text.rpartition("=")[2] == said
    if parts is None:
        return False
    name, tag, digest = (text_at(image.node, key) for key in ("newName", "newTag", "digest"))
    given = [(name, parts["name"]), (tag, parts["tag"]), (digest, parts["digest"])]
    is_changed = any(value for value, _ in given)
    is_same = all(value == made for value, made in given if value)
    return is_changed and is_same and (name or text_at(image.node, "name")) == parts["name"]


def _metadata(laid: Laid, wanted: Wanted) -> Iterator[Field]:
    """Labels and annotations that everything gets."""
    *_, above, name = ("", *wanted.segments)
    ways: list[tuple[str, ...]] = []
    if above in _LABELS:
        ways += [("commonLabels",), ("commonMetadata", "labels")]
        for entry in _entries(laid, "labels"):
            found = field_at(entry.node, ("pairs", name))
            if found is not None:
                yield found
    elif above == "annotations":
        ways += [("commonAnnotations",), ("commonMetadata", "annotations")]
    for way in ways:
        found = field_at(laid.fields, (*way, name))
        if found is not None:
            yield found


def _in_patches(laid: Laid, wanted: Wanted, files: Files) -> Place | None:
    for entry in _entries(laid, *_PATCHES):
        target = field_at(entry.node, ("target",))
        if target is not None and not _is_target(target, wanted):
            continue
        place = _in_patch(laid, entry, wanted, files, is_aimed=target is not None)
        if place is not None:
            return place
    return None


def _in_patch(
    laid: Laid, entry: Field, wanted: Wanted, files: Files, *, is_aimed: bool
) -> Place | None:
    """Look into one patch, which stands in place or in a file of its own."""
    said = entry if entry.text is not None else field_at(entry.node, ("patch",))
    name = text_at(entry.node, "path") if entry.text is None else _as_path(entry.text)
    if name is not None:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(laid.path), name))
        lines = find_in_patch(files.documents(path), wanted, is_aimed=is_aimed)
        return None if lines is None else Place(path, lines)
    if said is None or said.text is None:
        lines = find_in_patch([entry.node], wanted, is_aimed=is_aimed) if said is None else None
        return None if lines is None else Place(laid.path, lines)
    lines = find_in_patch(files.nodes(said.text), wanted, is_aimed=is_aimed)
    if lines is None:
        return None
    begins = said.text_begins
    if begins is None:
        return Place(laid.path, entry.lines)
    return Place(laid.path, (lines[0] + begins - 1, lines[1] + begins - 1))


def _as_path(text: str) -> str | None:
    return None if "\n" in text.strip() or "{" in text else text.strip()


def _is_target(target: Field, wanted: Wanted) -> bool:
    """Tell whether a patch is aimed at the object; selectors of labels are taken at their word."""
    kind, name = text_at(target.node, "kind"), text_at(target.node, "name")
    return kind in (None, "", wanted.kind) and (not name or _is_matched(name, wanted))


def _is_matched(name: str, wanted: Wanted) -> bool:
    """A name in a target is a regular expression; names with ``.*`` in them are understood, and no others.

    Whoever writes it must not decide how long it takes.
    """
    parts = name.removeprefix("^").removesuffix("$").split(".*")
    if len(parts) > _PARTS or not all(map(_PLAIN.fullmatch, parts)):
        return False
    pattern = ".*".join(map(re.escape, parts))
    return any(re.fullmatch(pattern, each) for each in (wanted.layers.name, wanted.own_name))


def _in_generators(laid: Laid, wanted: Wanted, files: Files) -> Place | None:
    """The file or literal that a generator made an entry of ``data`` of."""
    if len(wanted.segments) != 2 or wanted.kind not in ("ConfigMap", "Secret"):  # noqa: PLR2004
        return None
    key = str(wanted.segments[1])
    for entry in _entries(
        laid, "secretGenerator" if wanted.kind == "Secret" else "configMapGenerator"
    ):
        if wanted.is_generated_as(text_at(entry.node, "name")):
            place = _in_generator(laid, entry, key, files)
            if place is not None:
                return place
    return None


def _in_generator(laid: Laid, entry: Field, key: str, files: Files) -> Place | None:
    folder = posixpath.dirname(laid.path)
    for literal in items_of(field_at(entry.node, ("literals",))):
        if (literal.text or "").partition("=")[0] == key:
            return Place(laid.path, literal.lines)
    for file in items_of(field_at(entry.node, ("files",))):
        name, _, named = (file.text or "").rpartition("=")
        if (name or posixpath.basename(named)) == key:
            return Place(posixpath.normpath(posixpath.join(folder, named)))
    names = [
        text_at(entry.node, "env"),
        *(f.text for f in items_of(field_at(entry.node, ("envs",)))),
    ]
    for named in filter(None, names):
        path = posixpath.normpath(posixpath.join(folder, named))
        for number, line in enumerate((files.text(path) or "").splitlines(), start=1):
            if line.partition("=")[0].strip() == key:
                return Place(path, (number, number))
    return None
