"""The parameters that the generators of one ApplicationSet yield.

Each kind as upstream does it: https://github.com/argoproj/argo-cd/tree/v3.6.1/applicationset/generators.
Generators that need more than Git and the known clusters never come here: who reads the ApplicationSet has
left them out. It refuses to make Applications.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.renderers.applicationset.clusters import KnownCluster, chosen_clusters
from auditor.renderers.applicationset.combining import combined, merged, overlaid
from auditor.renderers.applicationset.elements import elements
from auditor.renderers.applicationset.fields import mappings, words
from auditor.renderers.applicationset.filling import checked
from auditor.renderers.applicationset.parameters import Listed, Params, Texts, flatten, text_of
from auditor.renderers.applicationset.paths import of_file, of_folder
from auditor.renderers.applicationset.selectors import read_selector
from auditor.renderers.applicationset.sources import GitSources
from auditor.renderers.applicationset.templates import Filled, Filling, Templates

MOST_SETS: Final = 20_000
"""So many sets of parameters one ApplicationSet may yield."""
PLAIN: Final = ("list", "clusters", "git")
COMBINING: Final = ("matrix", "merge")
_DEEPEST: Final = 2
"""Below two combining generators there may only be plain ones: the CRD knows no others there."""
_PAIR: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield:
    """What one generator yields, and the template that it brings along."""

    sets: tuple[Params, ...]
    template: Mapping[str, Any]


class Generators:
    """Computes what generators yield."""

    def __init__(
        self,
        templates: Templates,
        sources: GitSources,
        clusters: Sequence[KnownCluster],
        *,
        project: str,
    ) -> None:
        self._project = project
        self._templates = templates
        self._sources = sources
        self._clusters = tuple(clusters)

    async def outermost(self, entry: Mapping[str, Any]) -> list[Yield]:
        """Compute one entry of ``spec.generators``; several kinds in one entry stand for themselves.

        Raises:
            ManifestError: the controller would refuse it.

        """
        return [one async for one in self._entry(entry, {}, 0)]

    async def _entry(self, entry: Mapping[str, Any], outer: Params, depth: int) -> Any:
        selector = read_selector(entry.get("selector"))
        is_filtered = entry.get("selector") is not None
        filled = await self._filled(entry, outer)
        for kind in (*PLAIN, *(COMBINING if depth < _DEEPEST else ())):
            if isinstance(filled.get(kind), Mapping):
                sets = await self._sets(kind, filled[kind], depth)
                kept = [one for one in sets if not is_filtered or selector.matches(_labels(one))]
                _bound(len(kept))
                yield Yield(sets=tuple(kept), template=entry[kind].get("template") or {})

    async def _sets(self, kind: str, spec: Mapping[str, Any], depth: int) -> list[Params]:
        match kind:
            case "list":
                return list(elements(spec, nested=self._templates.is_nested))
            case "clusters":
                return await self._of_clusters(spec)
            case "git":
                return await self._of_git(spec)
            case "matrix":
                return await self._matrix(spec, depth)
        return await self._merge(spec, depth)

    async def _inner(
        self, entry: Mapping[str, Any], outer: Params, depth: int
    ) -> tuple[Params, ...]:
        """Compute one generator inside a combining one."""
        found = [one async for one in self._entry(entry, outer, depth + 1)]
        if len(found) != 1:
            raise ManifestError(
                f"an entry in a matrix or merge holds {len(found) or 'no'} generators that can stand there. "
                "Give it one."
            )
        return tuple(found[0].sets)

    # --- kinds -------------------------------------------------------------------------------------

    async def _of_clusters(self, spec: Mapping[str, Any]) -> list[Params]:
        found = chosen_clusters(self._clusters, spec.get("selector"))
        sets = [one.params(nested=self._templates.is_nested) for one in found]
        sets = await self._with_values(sets, spec.get("values"))
        return [{"clusters": Listed(sets)}] if spec.get("flatList") is True else sets

    async def _of_git(self, spec: Mapping[str, Any]) -> list[Params]:
        nested, prefix = self._templates.is_nested, str(spec.get("pathParamPrefix") or "")
        sets: list[Params] = []
        if not self._project:
            raise ManifestError("a git generator needs spec.template.spec.project, which is empty.")
        if spec.get("directories"):
            folders = self._sources.chosen_folders(spec)
            sets = [of_folder(folder, prefix, nested=nested) for folder in folders]
        elif spec.get("files"):
            for path in self._sources.chosen_files(spec):
                held = self._sources.read(spec, path)
                sets += [of_file(path, one, prefix, nested=nested) for one in held]
        else:
            raise ManifestError("a git generator has neither directories nor files. Give it one.")
        return await self._with_values(sets, spec.get("values"))

    async def _matrix(self, spec: Mapping[str, Any], depth: int) -> list[Params]:
        entries = _entries(spec)
        if len(entries) != _PAIR:
            raise ManifestError(f"a matrix generator has {len(entries)} generators. It takes two.")
        outer = await self._inner(entries[0], {}, depth)
        result: list[Params] = []
        for first in outer:
            for second in await self._inner(entries[1], first, depth):
                is_nested = self._templates.is_nested
                result.append(overlaid(second, first) if is_nested else combined(first, second))
            _bound(len(result))
        return result

    async def _merge(self, spec: Mapping[str, Any], depth: int) -> list[Params]:
        entries = _entries(spec)
        if len(entries) < _PAIR:
            raise ManifestError(
                f"a merge generator has {len(entries)} generators. It takes two or more."
            )
        sets = [await self._inner(entry, {}, depth) for entry in entries]
        keys = words(spec.get("mergeKeys"), "mergeKeys")
        return merged(keys, sets, nested=self._templates.is_nested)

    # --- templates in generators -------------------------------------------------------------------

    async def _with_values(self, sets: Sequence[Params], values: Any) -> list[Params]:
        """Add the values of a generator, which may refer to its own parameters."""
        if not isinstance(values, Mapping) or not values:
            return list(sets)
        texts = [str(value) for value in values.values()]
        answers = await self._templates.fill([Filling(params=one, texts=texts) for one in sets])
        named = (dict(zip(values, map(checked, filled), strict=True)) for filled in answers)
        if self._templates.is_nested:
            return [one | {"values": Texts(own)} for one, own in zip(sets, named, strict=True)]
        flat = ({f"values.{key}": text for key, text in own.items()} for own in named)
        return [one | own for one, own in zip(sets, flat, strict=True)]

    async def _filled(self, entry: Mapping[str, Any], outer: Params) -> Mapping[str, Any]:
        """Fill a generator with what the one before it yields.

        Values may refer to either, so what is missing in them stays for later.
        """
        if not outer:
            return entry
        texts = list(dict.fromkeys(_texts(entry)))
        patient = list(dict.fromkeys(_values(entry)))
        told, values = await self._templates.fill(
            [
                Filling(params=outer, texts=texts),
                Filling(params=outer, texts=patient, is_strict=True),
            ]
        )
        own = {text: _patiently(text, filled) for text, filled in zip(patient, values, strict=True)}
        filled = dict(zip(texts, map(checked, told), strict=True))
        return {key: _rebuilt(each, filled, own, key) for key, each in entry.items()}


def _patiently(text: str, filled: Filled) -> str:
    return text if filled.missing else checked(filled)


def _texts(entry: Any, *, kind: str = "") -> Iterator[str]:
    """All texts of a generator but for its values."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, Mapping):
        for key, item in entry.items():
            if not _is_values(kind, key, item):
                yield key
                yield from _texts(item, kind=key)
    elif isinstance(entry, list):
        for item in entry:
            yield from _texts(item)


def _values(entry: Any, *, kind: str = "") -> Iterator[str]:
    if isinstance(entry, Mapping):
        for key, item in entry.items():
            if _is_values(kind, key, item):
                yield from map(str, item.values())
            elif key in {"generators", *PLAIN, *COMBINING}:
                yield from _values(item, kind=key)
    elif isinstance(entry, list):
        for item in entry:
            yield from _values(item)


def _is_values(kind: str, key: str, item: Any) -> bool:
    return kind in {"clusters", "git"} and key == "values" and isinstance(item, Mapping)


def _rebuilt(
    entry: Any, texts: Mapping[str, str], values: Mapping[str, str], kind: str = ""
) -> Any:
    if isinstance(entry, str):
        return texts[entry]
    if isinstance(entry, list):
        return [_rebuilt(item, texts, values) for item in entry]
    if not isinstance(entry, Mapping):
        return entry
    result = {}
    for key, item in ((key, item) for key, item in entry.items() if item is not None):
        if _is_values(kind, key, item):
            result[key] = {name: values[str(value)] for name, value in item.items()}
        else:
            result[texts[key]] = _rebuilt(item, texts, values, key)
    return result


# --- small -----------------------------------------------------------------------------------------


def _entries(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return mappings(spec.get("generators"), "generators")


def _labels(params: Params) -> dict[str, str]:
    return {key: text_of(value) for key, value in flatten(params)}


def _bound(sets: int) -> None:
    if sets > MOST_SETS:
        raise ManifestError(f"the generators yield more than {MOST_SETS:,} sets of parameters.")
