"""Sources that lie beside the file of their Application, as idpbuilder has them (``cnoe://``)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.domain.gitops.argocd import read_application
from auditor.domain.gitops.branch import Branch, DeadEnd, Mount
from auditor.domain.manifest import Origin, manifest_from
from tests.auditor.domain.gitops.argocd_objects import application, chart, reason, source
from tests.auditor.domain.gitops.flux_objects import Around
from tests.builders import CLUSTER


def called_for(file: str, **spec: Any) -> list[Branch | DeadEnd]:
    """All that an Application calls for that a file declares."""
    origin = Origin(repository="stacks", revision="0123456", path=file)
    manifest = manifest_from(application(**spec), cluster=CLUSTER, origin=origin)
    return list(read_application(manifest, Around()))


@pytest.mark.parametrize(
    ("file", "url", "under"),
    [
        (
            "caipe/base/backstage.yaml",
            "cnoe://backstage/manifests",
            "caipe/base/backstage/manifests",
        ),
        ("caipe/complete/ai.yaml", "cnoe://../base/ai", "caipe/base/ai"),
        ("vclusters/set.yaml", "cnoe://", "vclusters"),
        ("app.yaml", "cnoe://manifests", "manifests"),
        ("app.yaml", "cnoe://./manifests/", "manifests"),
        ("app.yaml", "cnoe://", ""),
    ],
)
def test_a_folder_beside_the_file_is_a_repository_of_its_own(
    file: str, url: str, under: str
) -> None:
    """It is part of the repository that the Application lies in, and paths begin in it."""
    (found,) = called_for(file, source=source(repoURL=url, path="dev", targetRevision="HEAD"))

    assert isinstance(found, Branch)
    assert found.files == (Mount(under=under),)
    assert found.path == "dev"


def test_a_folder_beside_the_file_may_lend_its_files() -> None:
    """Values of a chart lie there as a rule."""
    lender = {"repoURL": "cnoe://minio", "targetRevision": "HEAD", "ref": "values"}
    uses = chart(helm={"valueFiles": ["$values/helm/values.yaml"]})

    (found,) = called_for("local-backup/minio.yaml", sources=[uses, lender])

    assert isinstance(found, Branch)
    assert found.files == (Mount(under="local-backup/minio", at="$values"),)


def test_beside_nothing_is_nowhere() -> None:
    """Of an Application that only lives nobody knows where its file lies."""
    body = application(source=source(repoURL="cnoe://manifests", path="."))

    assert "cnoe://manifests" in reason(body)


def test_what_lies_outside_of_the_repository_is_not_guessed() -> None:
    """Another repository may lie there, and this one is not it."""
    (found,) = called_for("apps/web.yaml", source=source(repoURL="cnoe://../../web"))

    assert isinstance(found, DeadEnd)
    assert "cnoe://../../web" in found.reason
