"""Where the story happens: a Git repository, a cluster that follows it when asked, and people's tools.

Every act is announced with its time, so that the demo can say what was done while it shows what was found.
"""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.stack.control_plane import ControlPlane

APPLIER = "ci-deployer"
"""The field manager that applies what is in Git."""


@dataclass(slots=True)
class Stage:
    """The cluster, the checkout, and what was told so far."""

    plane: ControlPlane
    checkout: Path
    told: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, who: str, what: str) -> None:
        """Announce what somebody is about to do."""
        self.told.append({"at": datetime.now(UTC).isoformat(), "who": who, "what": what})
        print(f"{who}: {what}", flush=True)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Do something to the cluster, in the application's namespace."""
        return self.plane.kubectl(*arguments, "--namespace=shop", input=stdin)

    def apply(self, path: str = ".") -> None:
        """Let the cluster follow Git, as a pipeline does."""
        self.kubectl(
            *("apply", "--server-side", "--force-conflicts", f"--field-manager={APPLIER}"),
            *("--recursive", f"--filename={self.checkout / path}"),
        )

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file of the checkout."""
        file = self.checkout / path
        text = file.read_text()
        if old not in text:
            raise ValueError(f"{path} does not contain {old!r}")
        file.write_text(text.replace(old, new))

    def commit(self, author: str, message: str) -> None:
        """Commit everything."""
        self.git("add", "--all")
        name = f"{author} <{author.lower()}@example.com>"
        self.git("commit", "--quiet", f"--author={name}", f"--message={message}")

    def git(self, *arguments: str) -> None:
        """Run git in the checkout."""
        identity = ("-c", "user.name=Forge", "-c", "user.email=forge@example.com")
        subprocess.run(("git", *identity, *arguments), cwd=self.checkout, check=True)

    def replicas(self, deployment: str) -> int:
        """How many replicas a Deployment asks for now."""
        body = json.loads(self.kubectl("get", "deployment", deployment, "--output=json"))
        return int(body["spec"]["replicas"])

    def pause(self, seconds: float) -> None:
        """Let the cluster and the auditor do their part."""
        time.sleep(seconds)
