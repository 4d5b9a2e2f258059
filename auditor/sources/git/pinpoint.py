"""Where in a changed file a reviewer looks for what a change comes from.

Code hosts show remarks on changed lines only, so of an object that differs the first changed line is
named: where its differing fields are said, else of the object, else of a file that went into it. The commit
is the one that last changed what is named. It refuses to look at what is not in Git.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from auditor.domain.finding import Finding
from auditor.domain.history import Layers, Passage
from auditor.domain.manifest import Origin
from auditor.errors import ManifestError, SourceUnavailable
from auditor.sources.git.extent import Span, field_spans, object_span
from auditor.sources.git.objects import Objects
from auditor.sources.git.provenance import LayersOf, of_one_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinpoint:
    """Two commits of a repository. ``changed`` are the files that went into what is compared and differ.

    ``layers_of`` says what may be laid over an object, as of the second commit.
    """

    history: Objects
    before: str
    after: str
    changed: Collection[str]
    layers_of: LayersOf = of_one_file

    def place(self, finding: Finding) -> Finding:
        """Name for a finding the place in the second commit that it comes from. Blocks.

        What is declared no more keeps its place in the first commit.
        """
        origin = finding.origin
        if origin is None:
            return finding
        fields = tuple(one.path for one in finding.differences if one.path.segments)
        passage = Passage(origin.path, origin.line, fields)
        if origin.revision == self.after:
            line = self._line(passage)
            layers = self.layers_of(finding, fields)
            said = self._said(replace(passage, layers=layers)) if layers and fields else None
            if said is not None:
                passage, origin = said, replace(origin, path=said.path, line=said.line)
            elif line is not None:
                origin = replace(origin, line=line)
            elif layers is not None and (source := self._source(finding, layers)):
                passage = Passage(source)
                origin = replace(origin, path=source, line=self._first_changed(source))
        return replace(finding, origin=self._attributed(origin, passage))

    def _said(self, passage: Passage) -> Passage | None:
        """The first changed place elsewhere that says what one of the fields is declared to be."""
        for place in self.history.trace(self.after, passage):
            changed = self.history.changed_lines(self.before, self.after, place.path)
            spans = [Span(*lines) for lines in place.spans]
            line = _first_common(changed, spans or changed)
            if line is not None and not place.fields:
                return replace(place, line=line)
        return None

    def _line(self, passage: Passage) -> int | None:
        """The first changed line of what is declared in its own file; ``None`` if none of it changed."""
        changed = self.history.changed_lines(self.before, self.after, passage.path)
        if passage.line is None or not changed:
            return changed[0].first if changed else None
        text = self._text(passage.path)
        fields = field_spans(text, passage.line, passage.fields)
        whole = object_span(text, passage.line)
        return _first_common(changed, fields) or _first_common(changed, [whole])

    def _source(self, finding: Finding, layers: Layers) -> str:
        """A changed file that went into the object; one that names it is likelier than another."""
        went_in = {*layers.files, *([layers.owner[0]] if layers.owner else ())}
        changed = [path for path in self.changed if path in went_in]
        naming = [path for path in changed if finding.ref.name in self._text(path)]
        return min(naming or changed, default="")

    def _first_changed(self, path: str) -> int | None:
        changed = self.history.changed_lines(self.before, self.after, path)
        return changed[0].first if changed else None

    def _text(self, path: str) -> str:
        try:
            return self.history.tree(self.after).read(path).decode(errors="replace")
        except ManifestError:
            return ""

    def _attributed(self, origin: Origin, passage: Passage) -> Origin:
        try:
            info = self.history.last_change(origin.revision, passage)
        except SourceUnavailable:
            return origin
        return replace(origin, revision=info.id, authored=info.authored)


def _first_common(changed: Iterable[Span], wanted: Iterable[Span]) -> int | None:
    """The first line that is in both; ``None`` if none is."""
    common = [
        max(one.first, other.first)
        for one in changed
        for other in wanted
        if one.first <= other.last and other.first <= one.last
    ]
    return min(common, default=None)
