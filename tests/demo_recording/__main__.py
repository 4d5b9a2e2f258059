"""Makes the demo's recording and its narration anew; takes about two minutes and the test stack."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from auditor.recording.format import moments, read_header
from tests.demo_recording.stage import Stage
from tests.demo_recording.story import perform
from tests.stack.control_plane import ControlPlane
from tests.stack.workspace import Workspace

_HERE = Path(__file__).parent
_DATA = _HERE.parents[1] / "auditor" / "demo"
_STARTING = 8.0
"""Seconds that the auditor gets to find everything in order."""


def main() -> None:
    """Record the story, and put the results where the demo finds them."""
    with Workspace.temporary() as workspace:
        folder = workspace.make_folder("demo")
        stage = _set(workspace, folder)
        recording = folder / "shop.recording"
        recorder = _start_recording(stage, folder, recording)
        try:
            stage.tell("Grace", "deployed the shop from Git; everything is as it is declared")
            stage.pause(_STARTING)
            perform(stage)
        finally:
            recorder.send_signal(signal.SIGINT)
            recorder.wait(timeout=30)
        _keep(recording, stage.told)


def _set(workspace: Workspace, folder: Path) -> Stage:
    """Start the cluster, commit the application, and deploy it."""
    checkout = folder / "platform"
    shutil.copytree(_HERE / "shop", checkout / "shop")
    stage = Stage(plane=ControlPlane.launch(workspace), checkout=checkout)
    stage.git("init", "--quiet", "--initial-branch=main")
    stage.commit("Grace", "Declare the shop")
    stage.plane.create_namespace("shop")
    stage.apply("shop")
    stage.pause(5)
    return stage


def _start_recording(stage: Stage, folder: Path, recording: Path) -> subprocess.Popen[bytes]:
    configuration = {
        "apiVersion": "auditor/v1",
        "clusters": [
            {"name": "production", "kubeconfig": str(stage.plane.kubeconfig), "secrets": True}
        ],
        "repositories": [
            {"name": "platform", "url": str(stage.checkout), "ref": "main", "poll": "1s"}
        ],
        "desired": [{"repository": "platform", "path": "shop", "cluster": "production"}],
        "rules": {"lagging": {"after": "10s"}},
    }
    file = folder / "auditor.yaml"
    file.write_text(yaml.safe_dump(configuration))
    command = (sys.executable, "-m", "auditor", "record", "-c", str(file), str(recording))
    return subprocess.Popen(command)


def _keep(recording: Path, told: list[dict[str, Any]]) -> None:
    began = read_header(recording).created
    story = [
        {**line, "at": round((datetime.fromisoformat(line["at"]) - began).total_seconds(), 2)}
        for line in told
    ]
    (_DATA / "story.json").write_text(json.dumps(story, indent=1) + "\n")
    shutil.copy(recording, _DATA / "shop.recording")
    count = sum(1 for _ in moments(recording))
    print(f"{count} frames, {recording.stat().st_size / 1000:.0f} kB", file=sys.stderr)


if __name__ == "__main__":
    main()
