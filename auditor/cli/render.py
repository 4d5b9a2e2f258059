"""``auditor render``: what is declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
import yaml

from auditor.cli.frame import NO_DRIFT, TROUBLE
from auditor.cli.help import examples
from auditor.cli.options import following_options, form_option, run_async
from auditor.cli.terminal import print_text, progress, warn
from auditor.domain.difference import REDACTED
from auditor.domain.gitops.readers import READERS
from auditor.domain.identity import GroupKind
from auditor.domain.manifest import SEALED, Body, Manifest, holds_seal
from auditor.reports.declared import write_declared
from auditor.reports.forms import Form
from auditor.reports.wording import safe, show_json
from auditor.state.rendered import RenderedTree

_SECRET: Final = GroupKind("", "Secret")


@click.command(
    "render",
    epilog=examples(
        "auditor render deploy/",
        "auditor render clusters/prod --discover flux",
        "auditor render apps --discover argocd --repository https://git.example.com/shop=../shop",
        "auditor render overlays/prod -n shop -o yaml --show-secrets | kubectl diff -f -",
        "auditor render -c auditor.yaml",
    ),
)
@click.argument("path", type=click.Path(exists=True, path_type=Path), required=False)
@click.option(
    "-c",
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Render all that a configuration names, instead of a path.",
)
@click.option(
    "-n", "--namespace", default="", metavar="NS", help="Namespace of objects that name none."
)
@click.option(
    "--renderer", default="auto", show_default=True, metavar="NAME", help="See `auditor plugins`."
)
@following_options
@click.option("--show-secrets", is_flag=True, help="Print the values of Secrets too.")
@form_option(Form.TABLE, Form.YAML, Form.JSON)
def command(
    *,
    path: Path | None,
    config: Path | None,
    namespace: str,
    renderer: str,
    discover: str | None,
    beside: Mapping[str, Path],
    show_secrets: bool,
    form: Form,
) -> int:
    """Show what a folder, file, chart or kustomization declares, and what it leads to.

    The default is a tree: what was rendered by what, from how many files, how long that took, and which
    file and line declares which object. -o yaml prints the objects as one YAML stream, -o json as a
    list; values of Secrets are left out unless asked for. No cluster is asked.

    Exits with 2 where not all can be known: an owner leads to what is out of reach, or does not render.
    """
    from auditor.app.render import Look, render, render_all
    from auditor.config.loading import load

    look = Look(
        namespace=namespace,
        renderer=renderer,
        discover=discover or "",
        beside=beside,
    )
    with progress(f"rendering {path or config} …"):
        if path is not None and config is None:
            tree = run_async(render(path, look))
        elif config is not None and path is None:
            tree = run_async(render_all(load(config)))
        else:
            raise click.UsageError("name a path, or a configuration with -c.")
    _warn(tree)
    if form is not Form.TABLE:
        _warn_of_unknown(tree)
    print_text(_WRITERS[form](_unsealed(tree if show_secrets else _blanked(tree))))
    return TROUBLE if tree.unknown else NO_DRIFT


def _warn(tree: RenderedTree) -> None:
    """Tell what was left out, and which owners were seen and not followed."""
    for root in tree.roots:
        for skipped in root.skipped:
            place = f"{skipped.path}:{skipped.line}" if skipped.line else skipped.path
            warn(f"{safe(place)}: left out: {safe(skipped.reason)}")
        for remark in root.remarks:
            place = f"{remark.path}:{remark.line}" if remark.line else remark.path
            warn(f"{safe(place)}: {safe(remark.text)}")
    if not any(root.root.discover for root in tree.roots):
        kinds = {each.ref.group_kind for each in tree.manifests}
        tools = sorted({READERS[kind].tool for kind in kinds & READERS.keys()})
        if tools:
            tool = tools[0] if len(tools) == 1 else "all"
            warn(f"what owners lead to is not followed; add --discover {tool}")


def _warn_of_unknown(tree: RenderedTree) -> None:
    """Tell which objects may be missing from what is printed: a list of objects has no place for it."""
    for owner, reasons in sorted(tree.unknown.items()):
        for reason in reasons:
            warn(f"unknown: {safe(str(owner))}: {safe(reason)}")


def _unsealed(tree: RenderedTree) -> RenderedTree:
    """The same with words in place of values that nobody here knows."""
    return _changed(tree, lambda one: replace(one, body=_spelled(one.body)))


def _spelled(value: Any) -> Any:
    if not holds_seal(value):
        return value
    if isinstance(value, Mapping):
        return {_spelled(name): _spelled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_spelled(inner) for inner in value]
    return value.replace(SEALED, REDACTED)


def _changed(tree: RenderedTree, change: Callable[[Manifest], Manifest]) -> RenderedTree:
    roots = tuple(
        replace(root, manifests=tuple(map(change, root.manifests))) for root in tree.roots
    )
    return replace(tree, roots=roots)


def _blanked(tree: RenderedTree) -> RenderedTree:
    """The same with the values of Secrets left out, so that output can be shown around."""
    return _changed(tree, _blanked_manifest)


def _blanked_manifest(manifest: Manifest) -> Manifest:
    is_secret = manifest.ref.group_kind == _SECRET
    return replace(manifest, body=_blank(manifest.body)) if is_secret else manifest


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


def _write_yaml(tree: RenderedTree) -> str:
    bodies = [dict(manifest.body) for manifest in tree.manifests]
    return yaml.safe_dump_all(bodies, sort_keys=False, explicit_start=True)


def _write_json(tree: RenderedTree) -> str:
    return show_json([manifest.body for manifest in tree.manifests])


_WRITERS: Final[Mapping[Form, Callable[[RenderedTree], str]]] = {
    Form.TABLE: write_declared,
    Form.YAML: _write_yaml,
    Form.JSON: _write_json,
}
