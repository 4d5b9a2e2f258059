"""What an Application tells kustomize, as options of the renderer ``kustomize``.

Argo CD edits the kustomization before it builds it; here the same fields are laid over it. What depends on
the commit is sealed: it is there, whatever it says. It refuses to know what the kustomization holds.

https://argo-cd.readthedocs.io/en/stable/user-guide/kustomize/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from auditor.domain.gitops.argocd_fields import Fields, Unknowable
from auditor.domain.gitops.argocd_helm import capabilities
from auditor.domain.gitops.argocd_variables import Variables

_IMAGE: Final = re.compile(
    r"(?:(?P<old>[^=]+)=)?(?P<new>[^@]*?)(?::(?P<tag>[^:/@]+))?(?:@(?P<digest>.+))?", re.DOTALL
)


def kustomize_options(kustomize: Fields, variables: Variables) -> dict[str, Any]:
    """Options of the renderer for a kustomization.

    Raises:
        Unknowable: it depends on what is not known here.

    """
    overlay = {
        **{name: kustomize.text(name) for name in ("namePrefix", "nameSuffix", "namespace")},
        "images": [image(variables.expand_sealed(each)) for each in kustomize.texts("images")],
        "replicas": [_replica(each) for each in kustomize.parts("replicas")],
        **_labels(kustomize, variables),
        "commonAnnotations": _annotations(kustomize, variables),
        "patches": [dict(each.values) for each in kustomize.parts("patches")],
        "components": list(kustomize.texts("components")),
    }
    written = {name: value for name, value in overlay.items() if value}
    options = {
        "overlay": written,
        "ignoreMissingComponents": kustomize.flag("ignoreMissingComponents"),
        **capabilities(kustomize),
    }
    return {name: value for name, value in options.items() if value}


def image(written: str) -> dict[str, str]:
    """Read ``[old=]new[:tag][@digest]`` as an entry of a kustomization's ``images``.

    An asterisk stays: it stands for what the kustomization says already.

    Raises:
        Unknowable: it is written in another way.

    """
    found = _IMAGE.fullmatch(written)
    name = (found["old"] or found["new"]) if found else ""
    if not found or not name or name == written:
        raise Unknowable("kustomize.images holds what is no [old=]new[:tag][@digest]")
    entry = {
        "name": name,
        "newName": found["new"] if found["old"] else "",
        "newTag": found["tag"],
        "digest": found["digest"],
    }
    return {field: value for field, value in entry.items() if value}


def _replica(entry: Fields) -> dict[str, Any]:
    """Read a number of replicas, which may be written as a text."""
    count = entry.values.get("count")
    if isinstance(count, str) and count.isdecimal() and count.isascii():
        count = int(count)
    if not isinstance(count, int) or isinstance(count, bool):
        raise Unknowable(f"{entry.place}.count is no number")
    return {"name": entry.text("name"), "count": count}


def _labels(kustomize: Fields, variables: Variables) -> Mapping[str, Any]:
    """Read the labels, in the field where ``kustomize edit add label`` would write them.

    Raises:
        Unknowable: they would go into templates and selectors at once, which kustomize refuses.

    """
    pairs = kustomize.pairs("commonLabels")
    labels = {name: variables.expand_sealed(value) for name, value in pairs.items()}
    with_templates = kustomize.flag("labelIncludeTemplates")
    if not labels:
        return {}
    if not kustomize.flag("labelWithoutSelector"):
        if with_templates:
            raise Unknowable(
                f"{kustomize.place}.labelIncludeTemplates needs labelWithoutSelector beside it"
            )
        return {"commonLabels": labels}
    return {"labels": [{"pairs": labels, **({"includeTemplates": True} if with_templates else {})}]}


def _annotations(kustomize: Fields, variables: Variables) -> dict[str, str]:
    pairs = kustomize.pairs("commonAnnotations")
    if not kustomize.flag("commonAnnotationsEnvsubst"):
        return pairs
    return {name: variables.expand_sealed(value) for name, value in pairs.items()}
