"""``auditor render``: what is declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
import yaml

from auditor.cli.help import examples
from auditor.cli.options import form_option, run_async
from auditor.cli.terminal import print_text, progress, warn
from auditor.domain.difference import REDACTED
from auditor.domain.identity import GroupKind
from auditor.domain.manifest import Body, Manifest
from auditor.ports import Rendering
from auditor.reports.forms import Form
from auditor.reports.wording import count_of, safe, show_json

_SECRET: Final = GroupKind("", "Secret")


@click.command(
    "render",
    epilog=examples(
        "auditor render deploy/",
        "auditor render overlays/prod -n shop -o yaml --show-secrets | kubectl diff -f -",
    ),
)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "-n", "--namespace", default="", metavar="NS", help="Namespace of objects that name none."
)
@click.option(
    "--renderer", default="auto", show_default=True, metavar="NAME", help="See `auditor plugins`."
)
@click.option("--show-secrets", is_flag=True, help="Print the values of Secrets too.")
@form_option(Form.TABLE, Form.YAML, Form.JSON)
def command(*, path: Path, namespace: str, renderer: str, show_secrets: bool, form: Form) -> None:
    """Show what a folder, file, chart or kustomization declares.

    The default is a tree: which file and line declares which object. -o yaml prints the objects as one
    YAML stream, -o json as a list; values of Secrets are left out unless asked for.
    """
    from auditor.app.render import render

    with progress(f"rendering {path} …"):
        rendering: Rendering = run_async(render(path, namespace=namespace, renderer=renderer))
    for skipped in rendering.skipped:
        place = f"{skipped.path}:{skipped.line}" if skipped.line else skipped.path
        warn(f"{safe(place)}: left out: {safe(skipped.reason)}")
    print_text(_WRITERS[form](rendering if show_secrets else _blanked(rendering)))


def _blanked(rendering: Rendering) -> Rendering:
    """The same with the values of Secrets left out, so that output can be shown around."""
    manifests = tuple(
        replace(one, body=_blank(one.body)) if one.ref.group_kind == _SECRET else one
        for one in rendering.manifests
    )
    return replace(rendering, manifests=manifests)


def _blank(body: Body) -> Body:
    """Keep names and blank values; of annotations none is kept, since tools copy objects into them."""
    blank = dict(body)
    for field in ("data", "stringData"):
        values = body.get(field)
        blank |= {field: dict.fromkeys(values, REDACTED)} if isinstance(values, dict) else {}
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and metadata.get("annotations"):
        blank["metadata"] = metadata | {
            "annotations": dict.fromkeys(metadata["annotations"], REDACTED)
        }
    return blank


def _write_tree(rendering: Rendering) -> str:
    """Files in the order of their names, below each the objects that it declares."""
    lines = [f"{count_of(len(rendering.manifests), 'object')}, rendered by {rendering.renderer}"]
    by_file: dict[str, list[Manifest]] = {}
    for manifest in rendering.manifests:
        by_file.setdefault(manifest.origin.path if manifest.origin else "", []).append(manifest)
    for path, manifests in sorted(by_file.items()):
        lines.append(safe(path) or ".")
        lines += _branches(manifests)
    return "\n".join(lines) + "\n"


def _branches(manifests: list[Manifest]) -> Iterator[str]:
    for index, manifest in enumerate(manifests, 1):
        branch = "└──" if index == len(manifests) else "├──"
        line = manifest.origin.line if manifest.origin else None
        place = f" (line {line})" if line else ""
        yield f"{branch} {safe(str(manifest.ref))}{place}"


def _write_yaml(rendering: Rendering) -> str:
    bodies = [dict(manifest.body) for manifest in rendering.manifests]
    return yaml.safe_dump_all(bodies, sort_keys=False, explicit_start=True)


def _write_json(rendering: Rendering) -> str:
    return show_json([manifest.body for manifest in rendering.manifests])


_WRITERS: Final[Mapping[Form, Callable[[Rendering], str]]] = {
    Form.TABLE: _write_tree,
    Form.YAML: _write_yaml,
    Form.JSON: _write_json,
}
