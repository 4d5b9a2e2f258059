"""What the stack is made of, and how each part is built.

One recipe for each thing with a version of its own: which programs it yields, which
commands make them, which tools those commands need. Versions are pinned here and in the
module files beside this one, whose checksums are committed. This module refuses to run
anything: it only says what would be run.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.stack import cache

KUBERNETES_VERSION = "v1.36.3"
_HERE = Path(__file__).parent
_BYTES_OF_A_COMPILER = 2 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of a recipe, run in a folder with additions to the environment."""

    argv: tuple[str, ...]
    folder: Path = _HERE
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one part of the stack is had: the commands that fill a folder with it."""

    name: str
    version: str
    tools: tuple[str, ...]
    programs: tuple[str, ...]
    commands: Callable[[Path], tuple[Command, ...]]

    @property
    def folder(self) -> Path:
        """Where the result lies; it exists only when it is whole."""
        return cache.folder() / f"{self.name}-{self.version}"


def _etcd(target: Path) -> tuple[Command, ...]:
    argv = (*_go("build"), "-o", str(target / "etcd"), "go.etcd.io/etcd/server/v3")
    return (Command(argv=argv, folder=_HERE / "go" / "etcd", environment=_GO_MODULE),)


def _kubernetes(target: Path) -> tuple[Command, ...]:
    # Without these strings `kubectl version`, and every client that parses the server's
    # version, fails.
    major, minor, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
    prefix = "k8s.io/component-base/version"
    strings = {
        f"{prefix}.gitVersion": KUBERNETES_VERSION,
        f"{prefix}.gitMajor": major,
        f"{prefix}.gitMinor": minor,
    }
    packages = (f"k8s.io/kubernetes/cmd/{name}" for name in KUBERNETES.programs)
    argv = (*_go("build", strings), "-o", f"{target}{os.sep}", *packages)
    return (Command(argv=argv, folder=_HERE / "go" / "kubernetes", environment=_GO_MODULE),)


def _helm(target: Path) -> tuple[Command, ...]:
    # A helm built without these believes in Kubernetes 1.20, and refuses charts that ask
    # for more. Its own releases set them to the client-go they are built with: 0.37.
    strings = {"helm.sh/helm/v3/internal/version.version": HELM.version}
    for package in ("pkg/chartutil", "pkg/lint/rules"):
        strings[f"helm.sh/helm/v3/{package}.k8sVersionMajor"] = "1"
        strings[f"helm.sh/helm/v3/{package}.k8sVersionMinor"] = "37"
    return (_go_install(f"helm.sh/helm/v3/cmd/helm@{HELM.version}", target, strings),)


def _kustomize(target: Path) -> tuple[Command, ...]:
    return (_go_install(f"sigs.k8s.io/kustomize/kustomize/v5@{KUSTOMIZE.version}", target, {}),)


def _flux(target: Path) -> tuple[Command, ...]:
    # As Flux itself makes them; without the descriptions they are a tenth of the size.
    argv = (
        *("go", "tool", "controller-gen", "crd:maxDescLen=0"),
        *(f"paths=github.com/fluxcd/{package}" for package in _FLUX_KINDS),
        f"output:crd:dir={target / 'flux-definitions'}",
    )
    return (Command(argv=argv, folder=_HERE / "go" / "flux", environment=_GO_MODULE),)


def _registry(target: Path) -> tuple[Command, ...]:
    argv = (*_go("build"), "-o", str(target / "registry"), ".")
    return (Command(argv=argv, folder=_HERE / "go" / "registry", environment=_GO_MODULE),)


def _versitygw(target: Path) -> tuple[Command, ...]:
    package = f"github.com/versity/versitygw/cmd/versitygw@{VERSITYGW.version}"
    return (_go_install(package, target, {}),)


def _kafka(target: Path) -> tuple[Command, ...]:
    argv = (
        *("mvn", "--batch-mode", "--no-transfer-progress", "--file", "pom.xml"),
        *("dependency:copy-dependencies", f"-DoutputDirectory={target / 'lib'}"),
    )
    return (Command(argv=argv, folder=_HERE / "kafka"),)


def _go_install(package: str, target: Path, strings: Mapping[str, str]) -> Command:
    return Command(
        argv=(*_go("install", strings), package),
        environment={"GOBIN": str(target), "GOFLAGS": "", "GOWORK": "off"},
    )


def _go(verb: str, strings: Mapping[str, str] | None = None) -> tuple[str, ...]:
    flags = ("-s", "-w", *(f"-X {key}={value}" for key, value in (strings or {}).items()))
    return ("go", verb, "-p", str(_parallel_compilers()), "-ldflags", " ".join(flags))


def _parallel_compilers() -> int:
    """Count the compilers that fit into memory: some packages of Kubernetes are large."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(os.cpu_count() or 1, memory // _BYTES_OF_A_COMPILER))


_FLUX_KINDS = (
    "helm-controller/api/v2",
    "kustomize-controller/api/v1",
    "source-controller/api/v1",
    "source-watcher/api/v2/v1beta1",
)

# The developer's own GOFLAGS and workspace must not reach these builds: `-mod=mod` would
# rewrite the committed module files, `-mod=vendor` and a workspace would not find them.
_GO_MODULE = {"GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}

ETCD = Recipe(
    name="etcd",
    version="v3.6.8",
    tools=("go",),
    programs=("etcd",),
    commands=_etcd,
)
KUBERNETES = Recipe(
    name="kubernetes",
    version=KUBERNETES_VERSION,
    tools=("go",),
    programs=("kube-apiserver", "kube-controller-manager", "kubectl"),
    commands=_kubernetes,
)
KAFKA = Recipe(
    name="kafka",
    version="4.4.0",
    tools=("mvn", "java"),
    programs=("lib",),
    commands=_kafka,
)
HELM = Recipe(
    name="helm",
    version="v3.22.0",
    tools=("go",),
    programs=("helm",),
    commands=_helm,
)
KUSTOMIZE = Recipe(
    name="kustomize",
    version="v5.8.2",
    tools=("go",),
    programs=("kustomize",),
    commands=_kustomize,
)
FLUX = Recipe(
    name="flux",
    version="v2.9",
    tools=("go",),
    programs=("flux-definitions",),
    commands=_flux,
)
REGISTRY = Recipe(
    name="registry",
    version="v3.1.2",
    tools=("go",),
    programs=("registry",),
    commands=_registry,
)
VERSITYGW = Recipe(
    name="versitygw",
    version="v1.8.0",
    tools=("go",),
    programs=("versitygw",),
    commands=_versitygw,
)
RECIPES = (ETCD, KAFKA, KUSTOMIZE, HELM, FLUX, REGISTRY, VERSITYGW, KUBERNETES)
