"""The stacks that go on after the command that started them.

Each has a name and a small file in the cache folder that says where it lies and how it is
reached, so that another command, on another day, finds and ends it. The file is written
before the first server starts: a start that is killed in the middle can still be cleaned
up. This module refuses to trust the file about what runs: it asks the system.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from tests.stack import cache, server

_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A stack that was started with `up`."""

    name: str
    folder: str
    parts: tuple[str, ...]
    addresses: Mapping[str, str] = field(default_factory=dict)

    def save(self) -> None:
        """Remember this stack; the file holds no token, only the path of one."""
        path = _file(self.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self), indent=2) + "\n")
        fresh.rename(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what was saved."""
        document = json.loads(path.read_text())
        return cls(**{**document, "parts": tuple(document["parts"])})

    def servers(self) -> dict[str, bool]:
        """Return its servers by name, and whether each of them is alive."""
        folder = Path(self.folder)
        return {
            file.stem: server.is_alive(int(file.read_text() or 0), folder=folder)
            for file in sorted(folder.glob(server.PID_FILES))
        }

    def end(self) -> None:
        """Kill its servers, remove its folder, forget it."""
        server.kill_recorded(Path(self.folder))
        shutil.rmtree(self.folder, ignore_errors=True)
        _file(self.name).unlink(missing_ok=True)


def usual_name() -> str:
    """Return the name of this checkout's stack, which is another for every checkout."""
    digest = hashlib.sha256(str(_CHECKOUT).encode()).hexdigest()[:6]
    return f"{_CHECKOUT.name}-{digest}"


def find(name: str) -> Running | None:
    """Return the stack of this name, if one was started and not ended."""
    path = _file(name)
    return Running.load(path) if path.exists() else None


def every() -> list[Running]:
    """Return all stacks of this user, those of other checkouts too."""
    return [Running.load(path) for path in sorted(_folder().glob("*.json"))]


def _folder() -> Path:
    return cache.folder() / "running"


def _file(name: str) -> Path:
    return _folder() / f"{name}.json"
