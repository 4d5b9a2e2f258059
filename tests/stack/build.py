"""Builds what the stack is made of: once, and then never again for that version.

Every part is built in a folder beside its place and renamed into it, so an interrupted
build leaves nothing that looks finished. One lock for all builds: two of them at the same
time would only halve each other's memory. This module refuses to build in a checkout and
to rebuild what is there; to have something built anew, delete its folder.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.stack import cache, packages, progress
from tests.stack.errors import MissingError, StackError
from tests.stack.recipes import RECIPES, Command, Recipe

_COMMAND = "python -m tests.stack build"


def program(name: str) -> Path:
    """Return the path of a program that is built here or comes from a package.

    Raises:
        MissingError: it is not there; the message names the command that brings it.

    """
    for recipe in RECIPES:
        if name not in recipe.programs:
            continue
        path = recipe.folder / name
        if path.exists():
            return path
        message = f"{recipe.name} {recipe.version} is not built; run: {_COMMAND}"
        raise MissingError(message)
    return packages.locate(name)


def search_path() -> str:
    """Return a PATH on which the programs that are built here come first."""
    folders = [str(recipe.folder) for recipe in RECIPES]
    return os.pathsep.join((*folders, os.environ.get("PATH", os.defpath)))


def is_built(recipe: Recipe) -> bool:
    """Tell whether this version lies in the cache."""
    return recipe.folder.is_dir()


def build(recipes: Iterable[Recipe]) -> None:
    """Build those of the recipes that are not built yet."""
    absent = [recipe for recipe in recipes if not is_built(recipe)]
    if not absent:
        return
    tools = sorted({tool for recipe in absent for tool in recipe.tools})
    for tool in tools:
        packages.locate(tool)
    with cache.locked("build", waiting=_say_waiting):
        for recipe in absent:
            if not is_built(recipe):
                _build(recipe)


def _say_waiting() -> None:
    progress.say("another build is running; waiting for it")


def _build(recipe: Recipe) -> None:
    partial = recipe.folder.with_name(f"{recipe.folder.name}.partial-{os.getpid()}")
    for leftover in partial.parent.glob(f"{recipe.folder.name}.partial-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir(parents=True)
    log = recipe.folder.with_name(f"{recipe.folder.name}.log")
    try:
        with progress.step(f"building {recipe.name} {recipe.version}"):
            for command in recipe.commands(partial):
                _run(command, log)
            _check(recipe, partial)
        partial.rename(recipe.folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    log.unlink()


def _run(command: Command, log: Path) -> None:
    """Run a command in a process group of its own, so that its children end with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command.argv,
            cwd=command.folder,
            env=os.environ | command.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    try:
        status = process.wait()
    except BaseException:
        os.killpg(process.pid, 9)
        process.wait()
        raise
    if status:
        tail = log.read_text(errors="replace").strip()[-2000:]
        message = f"`{' '.join(command.argv[:2])}` failed, see {log}:\n{tail}"
        raise StackError(message)


def _check(recipe: Recipe, folder: Path) -> None:
    for name in recipe.programs:
        if not (folder / name).exists():
            message = f"building {recipe.name} {recipe.version} did not yield {name}"
            raise StackError(message)
