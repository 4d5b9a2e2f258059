"""Which repositories are followed (of Git, artifacts, buckets), and what of them is declared where.

It refuses to touch a repository.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from auditor.config.secrets import SecretRef, SecretRefs
from auditor.config.sections import Duration, Glob, LocalPath, Name, Section, anchor
from auditor.domain.remotes import OCI, S3

_REMOTE: Final = re.compile(r"^(https?|ssh|git|file|oci|s3)://|^[\w.-]+@[\w.-]+:")
_LATEST: Final = "latest"
_HEAD: Final = "HEAD"
_ANYBODY: Final = "git"
_PASSWORD: Final = re.compile(r"^\w+://[^/@]*:[^/@]*@")


def _without_password(url: str) -> str:
    if _PASSWORD.match(url):
        raise ValueError("holds a password; leave it out and write credentials.tokenFrom")
    return url


def _location(url: str, info: ValidationInfo) -> str:
    _without_password(url)
    if not url:
        raise ValueError("must not be empty")
    return url if _REMOTE.match(url) else str(anchor(Path(url), info))


def _inside(path: str) -> str:
    steps = Path(path).parts
    if path.startswith("/") or ".." in steps:
        raise ValueError("must lie inside the repository; write it from the repository's root")
    return "" if path in {".", "./"} else path.strip("/")


RepositoryUrl = Annotated[str, AfterValidator(_location)]
"""https, ssh or git URL, ``user@host:path``, a local folder, ``oci://registry/path`` or ``s3://host/bucket``."""

RepositoryPath = Annotated[str, AfterValidator(_inside)]
"""A path inside a repository, without leading slash; empty for its root."""


class Credentials(Section):
    """How to authenticate at a Git server or a registry. Secrets by reference only."""

    token_from: SecretRef | None = None
    """Where the access token or password for https is: env:NAME or file:PATH."""

    username: str = _ANYBODY
    """The user for https. Most servers take any name beside a token."""

    username_from: SecretRef | None = None
    """Where the user for https is, in place of `username`: env:NAME or file:PATH."""

    ssh_key_from: SecretRef | None = None
    """Where the private key for ssh is: env:NAME or file:PATH."""

    ssh_passphrase_from: SecretRef | None = None
    """Where the passphrase of the private key is, if it has one."""

    known_hosts: LocalPath | None = None
    """The known_hosts file that ssh servers must be in. Default: ~/.ssh/known_hosts."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.token_from is None) == (self.ssh_key_from is None):
            raise ValueError("needs exactly one of tokenFrom and sshKeyFrom")
        return self


class ChartLogin(Section):
    """How to authenticate at a chart repository. Secrets by reference only."""

    token_from: SecretRef
    """Where the password or access token is: env:NAME or file:PATH."""

    username: str = _ANYBODY
    """The user. Many registries take any name beside a token."""

    username_from: SecretRef | None = None
    """Where the user is, in place of `username`: env:NAME or file:PATH."""


def _chart_url(url: str) -> str:
    if not re.fullmatch(r"(https?|oci)://[^/@?#\s]+(/[^@?#\s]*)?", url):
        raise ValueError("write https://host/path or oci://host/path, without user and query")
    return url


class ChartRepository(Section):
    """A chart repository, a registry, or all that lie below an address, with what it takes to reach them."""

    url: Annotated[str, AfterValidator(_chart_url)]
    """The address: `https://host/path` or `oci://host/path`. What lies below it is meant as well."""

    credentials: ChartLogin | None = None
    """How to authenticate there."""

    ca_file: LocalPath | None = None
    """A file with the certificates of the authorities that its own may be signed by (PEM).
    Default: the system's.
    """

    insecure: bool = False
    """Whether a registry (`oci://`) is reached over plain http."""

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.insecure and not self.url.startswith(OCI):
            raise ValueError("insecure is for oci:// alone; write http:// in url")
        return self


class Charts(Section):
    """From where Helm charts may be fetched that owners name by address."""

    allow: tuple[Glob, ...] = ("https://*", "oci://*")
    """Patterns of chart repositories. Default: all that are reached encrypted; `[]` fetches nothing but
    from `repositories`.
    """

    repositories: tuple[ChartRepository, ...] = ()
    """Chart repositories that need credentials or an authority of their own. They may be reached, whatever
    `allow` says.
    """


class Webhook(Section):
    """Lets the Git server say that something was pushed. Polling goes on all the same."""

    secret_from: SecretRefs
    """Where the shared secret is: env:NAME or file:PATH, or two of them while it is rotated."""


class Repository(Section):
    """A Git repository, artifact or bucket: at its ref, and at every revision that owners ask of it."""

    name: Name
    """What the repository is called in findings, metrics and events."""

    url: RepositoryUrl
    """https or ssh URL, a local folder, `oci://registry/path` for an artifact of files, or
    `s3://host/bucket` (`s3://host/bucket/folder/`) for a bucket.
    """

    aliases: tuple[Annotated[str, Field(min_length=1), AfterValidator(_without_password)], ...] = ()
    """Other URLs of the same repository, by which GitOps tools name it."""

    ref: str = Field(default=_HEAD, min_length=1)
    """What `desired` is rendered from: a branch, tag, commit or range of versions (`semver:>=1.2.0`).
    Default: the server's default branch. Of an artifact, a tag, digest (`sha256:…`) or range; default:
    `latest`.
    """

    depth: int = Field(default=0, ge=0)
    """How many commits of the history a fetch takes. Default: 0, which takes all. Findings name the
    commit that declared a field as far as the history goes, and the newest commit beyond.
    """

    poll: Duration = timedelta(seconds=30)
    """How often to look for new commits."""

    credentials: Credentials | None = None
    """How to authenticate; not needed for public and local repositories."""

    insecure: bool = False
    """Whether a registry or bucket is reached over plain http."""

    ca_file: LocalPath | None = None
    """A file with the certificates of the authorities that the one of a registry or bucket may be signed
    by (PEM). Default: the system's.
    """

    region: str = Field(default="", pattern=r"^[a-z0-9-]*$")
    """The region of a bucket, where its server asks for one."""

    webhook: Webhook | None = None
    """A secret for push hooks of this repository alone, beside those under http.hooks."""

    @property
    def is_artifact(self) -> bool:
        """Whether it is an artifact of a registry, and not a repository of Git."""
        return self.url.startswith(OCI)

    @property
    def followed(self) -> str:
        """The branch, tag or digest that is followed, the default spelled out where it is known."""
        return _LATEST if self.is_artifact and self.ref == _HEAD else self.ref

    @property
    def is_bucket(self) -> bool:
        """Whether it is a bucket, and not a repository of Git."""
        return self.url.startswith(S3)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.is_bucket:
            self._check_bucket()
        elif self.region:
            raise ValueError("region is for s3:// alone; leave it out")
        elif self.is_artifact:
            if not re.fullmatch(r"oci://[^/@?#]+(/[a-z0-9._-]+)+", self.url):
                raise ValueError(
                    "url must be oci://registry/path, in lower case, without tag or digest"
                )
            if self.depth or (self.credentials and self.credentials.ssh_key_from):
                raise ValueError("an artifact has neither depth nor sshKeyFrom; leave them out")
        elif self.insecure or self.ca_file:
            raise ValueError("insecure and caFile are for oci:// and s3:// alone; leave them out")
        return self

    def _check_bucket(self) -> None:
        if not re.fullmatch(r"s3://[^/@?#]+/[a-z0-9.-]+(/([^?#]+/)?)?", self.url):
            raise ValueError("url must be s3://host/bucket, or s3://host/bucket/folder/")
        if self.ref != _HEAD:
            raise ValueError("a bucket has no ref; leave it out, or name a folder of it in url")
        if self.depth or (self.credentials and self.credentials.ssh_key_from):
            raise ValueError("a bucket has neither depth nor sshKeyFrom; leave them out")


def _title(fields: Mapping[str, Any]) -> str:
    """Name what is declared after its place, where the configuration gives it no name."""
    parts = (fields.get("repository"), fields.get("path"), fields.get("cluster"))
    text = re.sub(r"[^a-z0-9.]+", "-", "-".join(str(part) for part in parts if part).lower())
    return text.strip("-.")[:63].rstrip("-.")


class Desired(Section):
    """One folder, file, chart or kustomization, and the cluster that it is declared for."""

    repository: Name | None = None
    """The name of a repository of this configuration. Without one, what lives in the cluster is followed."""

    path: RepositoryPath = ""
    """The folder or file in it. Default: all of it."""

    cluster: Name
    """The name of a cluster of this configuration."""

    namespace: str = Field(default="", pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$")
    """The namespace of namespaced objects that name none."""

    renderer: str = "auto"
    """What turns it into objects; `auto` looks at the files. `auditor plugins` lists the others."""

    options: Mapping[str, Any] = Field(default_factory=dict)
    """Options of the renderer."""

    discover: Literal["argocd", "flux", "all"] | None = None
    """Whether what is declared is followed: `argocd` (Applications and ApplicationSets), `flux`
    (Kustomizations and HelmReleases) or `all`, in this path and in all that they lead to."""

    environment: str = Field(default="", pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$")
    """The environment of all that is found below, where owners do not tell. Default: told by names."""

    name: Name = Field(default_factory=_title)
    """What it is called in logs and metrics. Default: made of repository, path and cluster."""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.repository is None and (self.path or not self.discover):
            raise ValueError(
                "names no repository; add one, or write discover alone to follow what is alive"
            )
        return self
