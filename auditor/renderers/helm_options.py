"""What the renderer ``helm`` can be told, by a configuration or by what a GitOps tool's object says.

Values win over each other in the order of their fields here: files, documents, values, parameters, file
parameters. It refuses to know what the fields lead to: the renderer does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from auditor.config.sections import Duration, Section

RELEASE: Final = r"^[a-z0-9]([-a-z0-9.]{0,51}[a-z0-9])?$"
_VERSION: Final = r"^(v?[0-9][0-9A-Za-z.+-]*)?$"
_REPOSITORY: Final = r"^((https?|oci)://\S+)?$"
_CHART: Final = r"^([A-Za-z0-9][\w.-]*)?$"
_NAMESPACE: Final = r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$"

Said = Annotated[str, Field(max_length=100_000, pattern=r"^[^\x00]*$")]
"""A text that is said on a command line."""


class Parameter(Section):
    """One value in the notation of `helm --set`: https://helm.sh/docs/intro/using_helm/."""

    name: Annotated[Said, Field(min_length=1)]
    """Where it goes, as in `image.tag` or `hosts[0]`."""

    value: Said = ""
    """The value; a comma that is meant is written with a backslash before it."""

    force_string: bool = False
    """Whether it stays text, whatever it looks like (`--set-string`)."""


class FileParameter(Section):
    """One value that is the text of a file (`helm --set-file`)."""

    name: Annotated[Said, Field(min_length=1)]
    """Where it goes, as in `config.script`."""

    path: Annotated[str, Field(min_length=1)]
    """The file, named as values files are."""


class PostRender(Section):
    """What kustomize does to all that the templates made, but for hooks and CRDs."""

    patches: tuple[Mapping[str, Any], ...] = ()
    """Entries of a kustomization's `patches`, each with the patch itself."""

    images: tuple[Mapping[str, Any], ...] = ()
    """Entries of a kustomization's `images`."""

    patches_strategic_merge: tuple[str | Mapping[str, Any], ...] = ()
    """Entries of a kustomization's `patchesStrategicMerge`, each the patch itself."""

    patches_json6902: tuple[Mapping[str, Any], ...] = Field(default=(), alias="patchesJson6902")
    """Entries of a kustomization's `patchesJson6902`, each with the patch itself."""


class CommonMetadata(Section):
    """Metadata that everything gets which the templates made, but for hooks and CRDs."""

    labels: Mapping[str, str] = Field(default_factory=dict)
    """Labels; they win over those that are there."""

    annotations: Mapping[str, str] = Field(default_factory=dict)
    """Annotations; they win over those that are there."""


class HelmOptions(Section):
    """Options of the renderer ``helm``."""

    release_name: Annotated[str, Field(pattern=RELEASE)] | None = None
    """The name of the release. Default: the chart's name."""

    release_namespace: Annotated[str, Field(pattern=_NAMESPACE)] = ""
    """The namespace that the chart is told. Default: the one that objects get that name none."""

    values_files: tuple[str, ...] = ()
    """Values files, the last one wins: from the path, or with a leading slash from the repository's root.
    Where several repositories are seen at once, `$name/` leads into the one that is called so."""

    ignore_missing_values_files: bool = False
    """Whether values files that are not there are passed over."""

    values_documents: tuple[str, ...] = ()
    """Values as YAML texts, the last one wins. They win over all files."""

    values: Mapping[str, Any] = Field(default_factory=dict)
    """Values that win over all files and documents."""

    parameters: tuple[Parameter, ...] = ()
    """Single values that win over all of these."""

    file_parameters: tuple[FileParameter, ...] = ()
    """Texts of files that win over all of these."""

    api_versions: tuple[Annotated[str, Field(pattern=r"^[\w./-]+$")], ...] = ()
    """API versions that the chart is told the cluster has, besides helm's own. Default: those that it has."""

    kube_version: Annotated[str, Field(pattern=_VERSION)] = ""
    """The Kubernetes version that the chart is told. Default: the cluster's; without one, helm's own."""

    include_crds: bool = True
    """Whether what lies in the chart's `crds/` is declared."""

    skip_tests: bool = False
    """Whether hooks that are tests are passed over without a word."""

    skip_schema_validation: bool = False
    """Whether values may break the chart's own schema of them."""

    post_render: tuple[PostRender, ...] = ()
    """What kustomize does to the objects afterwards, one after the other."""

    common_metadata: CommonMetadata = Field(default_factory=CommonMetadata)
    """Metadata that all objects get at last."""

    chart: Annotated[str, Field(pattern=_CHART)] = ""
    """The name of a chart that is fetched from `repository`. Default: the chart at the path."""

    repository: Annotated[str, Field(pattern=_REPOSITORY)] = ""
    """The URL of the chart's repository: https or oci."""

    version: Annotated[str, Field(pattern=r"^[^\s-][^\n]*$")] | None = None
    """The version of the chart that is fetched, or a range of versions, of which the highest is taken."""

    digest: Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """What the fetched archive must hash to: sha256 and 64 hexadecimal digits."""

    fetch_from: tuple[Annotated[str, Field(pattern=_REPOSITORY)], ...] = ()
    """Repositories that dependencies in Chart.lock may be fetched from. Default: none."""

    timeout: Duration | None = None
    """How long one rendering may take. Default: a minute."""

    @model_validator(mode="after")
    def _whole_address(self) -> Self:
        if bool(self.chart) != bool(self.repository):
            raise ValueError("chart and repository go together; give both or neither")
        if self.chart and not self.version:
            raise ValueError("a chart that is fetched needs its version")
        return self
