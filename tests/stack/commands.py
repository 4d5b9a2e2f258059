"""What `python -m tests.stack` can do, one function for each verb.

What a program may want to read goes to standard output, everything for the person to
standard error, so that `eval "$(python -m tests.stack up)"` works. This module refuses to
parse a command line; `__main__` does that.
"""

import shlex
from collections.abc import Collection
from dataclasses import replace

from tests.stack import build, cache, packages, parts, progress, running
from tests.stack.errors import StackError
from tests.stack.parts import PARTS
from tests.stack.recipes import RECIPES
from tests.stack.running import Running
from tests.stack.workspace import Workspace


def build_all(*, may_install: bool) -> None:
    """Build and install everything that tests and stacks use."""
    packages.require(packages.PROGRAMS, may_install=may_install)
    build.build(RECIPES)
    progress.say(f"everything is built, in {cache.folder()}")


def up(name: str, names: Collection[str], *, may_install: bool) -> None:
    """Start a stack, unless it runs, and print how it is reached."""
    _prepare(names, may_install=may_install)
    with cache.locked(f"up-{name}", waiting=lambda: progress.say(f"{name} is being started")):
        stack = running.find(name)
        if stack and _is_whole(stack):
            _say_up_already(stack, names)
        else:
            stack = _start(name, names)
    for variable, address in stack.addresses.items():
        print(f"export {variable}={shlex.quote(address)}")
    progress.say(f"end it with: python -m tests.stack down --name {name}")


def down(names: Collection[str]) -> None:
    """End these stacks; one that does not run is not an error."""
    for name in names:
        stack = running.find(name)
        if stack is None:
            progress.say(f"stack {name} is not up")
            continue
        stack.end()
        progress.say(f"stack {name} is down")


def status() -> None:
    """Print what is built and what runs."""
    for recipe in RECIPES:
        state = "built" if build.is_built(recipe) else "not built"
        print(f"{recipe.name} {recipe.version}: {state}")
    for program in packages.missing(packages.PROGRAMS):
        print(f"{program}: not on PATH")
    for stack in running.every():
        print(f"stack {stack.name} in {stack.folder}")
        for server, alive in stack.servers().items():
            print(f"  {server}: {'running' if alive else 'ended'}")
        for variable, address in stack.addresses.items():
            print(f"  {variable}={address}")


def _prepare(names: Collection[str], *, may_install: bool) -> None:
    chosen = [PARTS[name] for name in names]
    programs = {program for part in chosen for program in part.programs}
    packages.require(sorted(programs & {*packages.PROGRAMS}), may_install=may_install)
    build.build(recipe for part in chosen for recipe in part.recipes)


def _is_whole(stack: Running) -> bool:
    return bool(stack.addresses) and all(stack.servers().values())


def _say_up_already(stack: Running, names: Collection[str]) -> None:
    absent = [name for name in names if name not in stack.parts]
    if absent:
        message = f"stack {stack.name} runs without {', '.join(absent)}; end it, or use --name"
        raise StackError(message)
    progress.say(f"stack {stack.name} is up already")


def _start(name: str, names: Collection[str]) -> Running:
    leftover = running.find(name)
    if leftover:
        leftover.end()
    workspace = Workspace.lasting()
    stack = Running(name=name, folder=str(workspace.folder), parts=tuple(names))
    stack.save()
    try:
        with progress.step(f"starting {', '.join(names)}"):
            addresses = parts.launch(names, workspace)
    except BaseException:
        stack.end()
        raise
    stack = replace(stack, addresses=addresses)
    stack.save()
    return stack
