"""What is declared, as a tree for people: each root below the owner that leads to it.

It refuses to decide what may be shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.domain.manifest import Manifest
from auditor.reports.wording import count_of, safe
from auditor.state.rendered import RenderedRoot, RenderedTree

_STEP = "  "


def write_declared(tree: RenderedTree) -> str:
    """Lay out all roots with their objects, and in the end what cannot be known and was not said yet."""
    lines = [line for root in tree.roots for line in _root(root)]
    said = {(root.root.found.keeper, root.failure) for root in tree.roots if root.root.found}
    for owner, reasons in sorted(tree.unknown.items()):
        lines += [
            f"unknown: {safe(str(owner))}: {safe(reason)}"
            for reason in reasons
            if (owner, reason) not in said
        ]
    if len(tree.roots) > 1 or tree.unknown:
        lines.append(_sum(tree))
    return "\n".join(lines) + "\n"


def _sum(tree: RenderedTree) -> str:
    objects, roots = count_of(len(tree.manifests), "object"), count_of(len(tree.roots), "root")
    unknown = f", {count_of(len(tree.unknown), 'owner')} unknown" if tree.unknown else ""
    return f"{objects} from {roots}{unknown}"


def _root(root: RenderedRoot) -> Iterator[str]:
    found = root.root.found
    margin = _STEP * (found.depth if found else 0)
    yield margin + _head(root)
    by_file: dict[str, list[Manifest]] = {}
    for manifest in root.manifests:
        by_file.setdefault(manifest.origin.path if manifest.origin else "", []).append(manifest)
    for path, manifests in sorted(by_file.items()):
        yield margin + (safe(path) or ".")
        yield from (margin + branch for branch in _branches(manifests))


def _head(root: RenderedRoot) -> str:
    found = root.root.found
    name = ""
    if found:
        environment = f" ({safe(found.owner.environment)})" if found.owner.environment else ""
        name = f"{safe(str(found.keeper))}{environment}{_destination(root)}: "
    if not root.renderer:
        return f"{name}{safe(root.failure) or 'not rendered'}"
    inputs = f"from {count_of(len(root.read), 'file')}" if root.read else "from no file"
    return (
        f"{name}{count_of(len(root.manifests), 'object')}, rendered by {safe(root.renderer)} "
        f"{inputs} in {root.seconds:.2f} s"
    )


def _destination(root: RenderedRoot) -> str:
    found = root.root.found
    elsewhere = found is not None and found.keeper.cluster != root.root.cluster
    return f" for {safe(root.root.cluster)}" if elsewhere else ""


def _branches(manifests: list[Manifest]) -> Iterator[str]:
    for index, manifest in enumerate(manifests, 1):
        branch = "└──" if index == len(manifests) else "├──"
        line = manifest.origin.line if manifest.origin else None
        place = f" (line {line})" if line else ""
        yield f"{branch} {safe(str(manifest.ref))}{place}"
