"""From what is declared to what that leads to: owners, read one after the other, become roots.

Starting at the configured roots, every owner that they declare is read; each of its branches is a root of
which the owners are read in turn. One owner is followed once, so circles end by themselves, and a chain
that never ends is cut off by name. It refuses to render, and to follow what is not configured.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from auditor.domain.gitops.branch import Branch, DeadEnd, Mount
from auditor.domain.gitops.environment import environment_below, environment_in, environment_of
from auditor.domain.gitops.readers import READERS, OwnerKind, followed
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import Manifest, Owner
from auditor.errors import ManifestError
from auditor.ports import RenderRequest
from auditor.sources.git import readings
from auditor.sources.git.readings import Listening, Places, Reading, Readings
from auditor.state.atlas import Atlas
from auditor.state.roots import ALL, Edition, Found, Mounted, Root

DEEPEST: Final = 16
"""So many owners may stand above each other."""
MOST_REVISIONS: Final = 1_000
"""So many revisions of one repository are followed."""


class Objects(readings.Objects, Protocol):
    """What is known of objects, declared and alive, and which of them are owners."""

    def owners_in(self, root: Root, kinds: frozenset[GroupKind]) -> Iterable[ObjectRef]:
        """The owners of some kinds that a root declares."""

    def root_of(self, ref: ObjectRef) -> Root | None:
        """The root whose declaration of an object counts; ``None`` where it only lives."""

    def concerns(self, refs: Iterable[ObjectRef]) -> bool:
        """Tell whether any of these is an owner, or something that owners referred to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """All that the configured roots lead to.

    ``owners`` are all that were read, each with the environment of what it leads to, ``unknown`` those of
    which something cannot be known, each with the reasons.
    """

    roots: Mapping[str, Root]
    owners: Mapping[ObjectRef, str | None]
    unknown: Mapping[ObjectRef, tuple[str, ...]]

    @classmethod
    def nothing(cls) -> Growth:
        """What is there before anybody looked."""
        return cls(roots={}, owners={}, unknown={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What following stands on: which names mean what, and the objects of every cluster."""

    atlas: Atlas
    objects: Objects
    environments: Mapping[str, str]
    """What the configuration calls the environments of configured roots."""


class Following:
    """Reads owners, the ones above first."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._readings = Readings(ground.objects)

    def concerns(self, refs: Iterable[ObjectRef]) -> bool:
        """Tell whether changes of objects may change what owners lead to."""
        return self._ground.objects.concerns(refs)

    def grow(self, tops: Sequence[Root]) -> Growth:
        """Say all that the configured roots lead to now. The order is always the same."""
        self._readings.begin()
        return _Walk(self._ground, self._readings).through(tops)


class _Walk:
    """One walk through all owners."""

    def __init__(self, ground: Ground, readings: Readings) -> None:
        self._ground = ground
        self._readings = readings
        self._roots: dict[str, Root] = {}
        self._unknown: defaultdict[ObjectRef, list[str]] = defaultdict(list)
        self._read: dict[ObjectRef, str | None] = {}
        self._asked: defaultdict[str, set[str]] = defaultdict(set)

    def through(self, tops: Sequence[Root]) -> Growth:
        ahead = deque(tops)
        while ahead:
            root = ahead.popleft()
            for below in self._below(root):
                if below.name not in self._roots:
                    self._roots[below.name] = below
                    ahead.append(below)
        unknown = {ref: tuple(reasons) for ref, reasons in self._unknown.items()}
        return Growth(roots=self._roots, owners=self._read, unknown=unknown)

    def _below(self, root: Root) -> Iterator[Root]:
        """What the owners lead to that a root declares, as they are declared where that counts."""
        kinds = frozenset(each.kind.group_kind for each in followed(root.discover))
        for owner in self._ground.objects.owners_in(root, kinds) if kinds else ():
            for found in () if owner in self._read else self._found_by(owner, root):
                reason = self._excess(found) if isinstance(found, Root) else found
                if isinstance(found, Root) and not reason:
                    yield found
                else:
                    self._unknown[owner].append(reason)

    def _excess(self, root: Root) -> str:
        """Why a root is one too many; empty where it is not."""
        for edition in root.editions:
            asked = self._asked[edition.repository]
            if edition.revision not in asked and len(asked) >= MOST_REVISIONS:
                return f"more than {MOST_REVISIONS} revisions of {edition.repository} are asked for"
            asked.add(edition.revision)
        return ""

    def _found_by(self, owner: ObjectRef, root: Root) -> Sequence[Root | str]:
        """What one owner leads to: roots, and reasons why something cannot be known."""
        places = Places(met=root, declaring=self._ground.objects.root_of(owner) or root)
        reading = self._readings.recall(owner, places)
        if reading is None:
            around = Listening(self._ground.objects, owner.cluster)
            manifest = around.find(owner)
            if manifest is None:
                return ()
            reading = self._reading(places, manifest, around)
            self._readings.keep(owner, reading)
        self._read[owner] = reading.environment
        return reading.found

    def _reading(self, places: Places, owner: Manifest, around: Listening) -> Reading:
        items = tuple(READERS[owner.ref.group_kind].read(owner, around))
        inherited = self._inherited(places.met, owner)
        return Reading(
            places=places,
            asked=around.asked,
            found=tuple(self._led_to(places, owner, items)),
            environment=environment_below(owner, items, inherited=inherited),
        )

    def _led_to(
        self, places: Places, owner: Manifest, items: Iterable[Branch | DeadEnd]
    ) -> Iterator[Root | str]:
        kind = READERS[owner.ref.group_kind]
        above = owner.owner.chain if owner.owner else ()
        if len(above) >= DEEPEST:
            yield f"more than {DEEPEST} owners stand above each other"
            return
        for item in items:
            try:
                yield (
                    item.reason
                    if isinstance(item, DeadEnd)
                    else self._root(places, owner, kind, self._chosen(item))
                )
            except ManifestError as error:
                yield error.reason

    def _chosen(self, branch: Branch) -> Branch:
        """What a branch is, given which repositories are configured."""
        urls = (mount.url for mount in branch.files if mount.url)
        if branch.otherwise is None or all(map(self._ground.atlas.knows, urls)):
            return branch
        return branch.otherwise

    def _root(self, places: Places, owner: Manifest, kind: OwnerKind, branch: Branch) -> Root:
        """Make a root of a branch.

        Raises:
            ManifestError: it names a repository or cluster that is not configured.

        """
        home = self._home(places.declaring, owner)
        mounts = tuple(self._mounted(mount, home) for mount in branch.files)
        edition = mounts[0].edition if mounts else home
        whole = len(mounts) == 1 and mounts[0].under == mounts[0].at == ALL
        request = RenderRequest(
            path=branch.path.strip("/"),
            cluster=self._ground.atlas.cluster(branch.destination, owner.ref.cluster),
            namespace=branch.namespace,
            options=branch.options,
        )
        return Root(
            name=_name(owner.ref, branch),
            repository=edition.repository,
            revision=edition.revision,
            request=request,
            renderer=branch.renderer,
            mounts=() if whole else mounts,
            detached=not mounts,
            discover=places.met.discover,
            found=self._found(places.met, owner, kind, branch),
        )

    def _home(self, declaring: Root, owner: Manifest) -> Edition:
        """What an owner lies in, of all that the root is made of which declares it."""
        origin = owner.origin.repository if owner.origin else ""
        mounted = (declaring.edition, *(mount.edition for mount in declaring.mounts))
        around = next((each for each in mounted if each.repository == origin), declaring.edition)
        is_elsewhere = around.repository != origin and self._ground.atlas.has(origin)
        return Edition(origin) if is_elsewhere else around

    def _mounted(self, mount: Mount, home: Edition) -> Mounted:
        edition = self._ground.atlas.edition(mount.url, mount.revision) if mount.url else home
        if not edition.repository:
            raise ManifestError("it refers to the repository that it lies in, and lies in none")
        return Mounted(
            repository=edition.repository,
            revision=edition.revision,
            under=mount.under.strip("/"),
            at=mount.at.strip("/"),
        )

    def _found(self, parent: Root, owner: Manifest, kind: OwnerKind, branch: Branch) -> Found:
        above = owner.owner.chain if owner.owner else ()
        itself = str(owner.ref)
        chain = above[: above.index(itself)] if itself in above else above
        whose = Owner(
            tool=kind.tool,
            name=branch.mark or kind.name_of(owner.ref.namespace, owner.ref.name),
            chain=(*chain, itself),
            environment=environment_of(owner, branch, inherited=self._inherited(parent, owner)),
        )
        return Found(
            below=parent.top,
            depth=len(chain) + 1,
            keeper=owner.ref,
            owner=whose,
            interval=branch.interval,
        )

    def _inherited(self, parent: Root, owner: Manifest) -> str | None:
        """The environment of what declares an owner."""
        above = owner.owner.environment if owner.owner else None
        return above or self._ground.environments.get(parent.top)


def environments_of(tops: Iterable[tuple[Root, str]]) -> Mapping[str, str]:
    """The environments of configured roots: as configured, else by their paths and clusters."""
    told = {
        root.name: said or environment_in(root.request.path) or environment_in(root.cluster)
        for root, said in tops
    }
    return {name: environment for name, environment in told.items() if environment}


def _name(owner: ObjectRef, branch: Branch) -> str:
    name = f"{owner.cluster}/{owner.kind}/{owner.namespace}/{owner.name}"
    return f"{name}#{branch.name}" if branch.name else name
