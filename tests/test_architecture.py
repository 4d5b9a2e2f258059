"""The house stands as it was drawn: layers, sizes, names, docstrings, plugins, and what must not be said."""

from __future__ import annotations

import ast
import gc
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("auditor", "comparators", "sinks")
Function = ast.FunctionDef | ast.AsyncFunctionDef

_BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base"}
_INHERITS = re.compile(r"^class Test\w*\(\w*Contract\)", re.MULTILINE)
_PLUGIN_GROUPS = ("auditor.comparators", "auditor.renderers", "auditor.sinks")


@cache
def _tracked() -> tuple[Path, ...]:
    listed = subprocess.run(
        ("git", "ls-files", "-z"), cwd=ROOT, check=True, capture_output=True, text=True
    )
    return tuple(ROOT / name for name in listed.stdout.split("\0") if (ROOT / name).is_file())


def _modules() -> list[Path]:
    own = tuple(ROOT / package for package in PACKAGES)
    return [path for path in _tracked() if path.suffix == ".py" and path.is_relative_to(ROOT)
            and any(path.is_relative_to(folder) for folder in own)]  # fmt: skip


def _tests() -> list[Path]:
    return [path for path in _tracked() if path.suffix == ".py" and "tests" in path.parts]


@cache
def _tree(path: Path) -> ast.Module:
    # A collection in the midst of parsing may parse something itself, and Python 3.11 then miscounts its
    # depth: https://github.com/python/cpython/issues/106905
    gc.disable()
    try:
        return ast.parse(path.read_text())
    finally:
        gc.enable()


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def _functions() -> tuple[tuple[str, Function], ...]:
    return tuple((place, node) for place, node in _definitions() if isinstance(node, Function))


@cache
def _classes() -> tuple[tuple[str, ast.ClassDef], ...]:
    return tuple((place, node) for place, node in _definitions() if isinstance(node, ast.ClassDef))


@cache
def _definitions() -> tuple[tuple[str, ast.AST], ...]:
    return tuple(
        (f"{_name(path)}:{node.lineno} {node.name}", node)
        for path in _modules()
        for node in ast.walk(_tree(path))
        if isinstance(node, Function | ast.ClassDef)
    )


def _body_lines(function: Function) -> int:
    """Lines of the body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


# --- layers ----------------------------------------------------------------------------------------


def test_imports_go_downwards() -> None:
    """The contracts stand in pyproject.toml; import-linter holds them."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        (linter, "--no-cache"), cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout[-3000:]


# --- sizes -----------------------------------------------------------------------------------------


def test_files_are_short() -> None:
    """A file says one thing."""
    sizes = {_name(path): _lines(path) for path in _modules()}
    long = {name: lines for name, lines in sizes.items() if lines > 400}

    assert long == {}
    assert statistics.median(sizes.values()) <= 120


def test_test_files_are_short() -> None:
    """A test file tells of one thing."""
    assert {_name(path): _lines(path) for path in _tests() if _lines(path) > 500} == {}


def test_functions_are_short() -> None:
    """Most fit on a hand, all on a screen."""
    sizes = {name: _body_lines(function) for name, function in _functions()}
    ordered = sorted(sizes.values())

    assert {name: lines for name, lines in sizes.items() if lines > 40} == {}
    assert statistics.median(ordered) <= 6
    assert ordered[int(len(ordered) * 0.95)] <= 25


def test_classes_are_small() -> None:
    """At most ten public methods beside open and close, and seven attributes that are set up."""
    large = {}
    for name, node in _classes():
        methods = [item for item in node.body if isinstance(item, Function)]
        public = [one for one in methods if not one.name.startswith("_")]
        public = [one for one in public if one.name not in {"open", "close"}]
        held = {
            attribute for one in methods if one.name == "__init__" for attribute in _set_up(one)
        }
        if len(public) > 10 or len(held) > 7:
            large[name] = (len(public), len(held))

    assert large == {}


def _set_up(function: Function) -> Iterator[str]:
    for item in ast.walk(function):
        targets = item.targets if isinstance(item, ast.Assign) else []
        targets = [item.target] if isinstance(item, ast.AnnAssign) else targets
        yield from (target.attr for target in targets if isinstance(target, ast.Attribute))


# --- names and words -------------------------------------------------------------------------------


def test_modules_are_named_after_what_they_are() -> None:
    """A module of all sorts has no reason to end."""
    names = {part for path in _modules() for part in (path.stem, path.parent.name)}

    assert names & _BANNED_NAMES == set()


def test_everything_public_says_what_it_is() -> None:
    """Modules, classes and functions have docstrings."""
    silent = [_name(path) for path in _modules() if not ast.get_docstring(_tree(path))]
    silent += [
        name
        for name, node in (*_functions(), *_classes())
        if not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not _is_inside_private(name, node)
    ]

    assert silent == []


def _is_inside_private(name: str, node: Function | ast.ClassDef) -> bool:
    """What stands in a private class or in a function is private as well."""
    path = ROOT / name.partition(":")[0]
    return any(
        isinstance(outer, Function | ast.ClassDef)
        and outer is not node
        and (isinstance(outer, Function) or outer.name.startswith("_"))
        and any(inner is node for inner in ast.walk(outer))
        for outer in ast.walk(_tree(path))
    )


def test_the_law_of_every_package_is_written_down() -> None:
    """In its `__init__`."""
    silent = [
        _name(path)
        for path in _modules()
        if path.name == "__init__.py" and len(ast.get_docstring(_tree(path)) or "") < 40
    ]

    assert silent == []


def test_no_machine_is_spoken_of() -> None:
    """What works on one machine only is not committed."""
    machine = re.compile(r"(?<![\w.$}])/(?:" + "work" + r"|root/\.pyenv|home/[a-z]+)/[\w.]")
    found = [
        f"{_name(path)}:{number}"
        for path in _tracked()
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".txt", ".cfg", ""}
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if machine.search(line)
    ]

    assert found == []


# --- errors and time -------------------------------------------------------------------------------


def test_only_the_outermost_frames_catch_everything() -> None:
    """The supervisor keeps tasks alive, the command line ends the process; nobody else hides faults."""
    catching = {
        _name(path)
        for path in _modules()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or "Exception" in {getattr(node.type, "id", ""), _first(node.type)})
    }

    assert catching <= {"auditor/pipeline/supervisor.py", "auditor/pipeline/worker.py",
                        "auditor/cli/frame.py"}  # fmt: skip


def _first(kind: ast.expr | None) -> str:
    elements = kind.elts if isinstance(kind, ast.Tuple) else []
    return "Exception" if any(getattr(one, "id", "") == "Exception" for one in elements) else ""


# --- plugins ---------------------------------------------------------------------------------------


def _declared(group: str) -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return dict(project["entry-points"][group])


@pytest.mark.parametrize("group", _PLUGIN_GROUPS)
def test_declared_plugins_are_installed(group: str) -> None:
    """Entry points are read from installed metadata, which an editable checkout does not follow."""
    installed = {
        entry.name: entry.value
        for entry in entry_points(group=group)
        if entry.dist and entry.dist.name == "drift-auditor"
    }

    assert installed == _declared(group), "run `make setup`: plugins were added or removed"


@pytest.mark.parametrize("group", _PLUGIN_GROUPS)
def test_declared_plugins_load(group: str) -> None:
    """Each name leads somewhere."""
    for entry in entry_points(group=group):
        assert entry.load() is not None


@pytest.mark.parametrize("name", sorted(_declared("auditor.sinks")))
def test_every_sink_keeps_the_contract(name: str) -> None:
    """Some test class inherits a contract of sinks, in a file that names the sink's class."""
    sink = _declared("auditor.sinks")[name].partition(":")[2]
    texts = (path.read_text() for path in _tests())
    held = (text for text in texts if "import" in text and "contracts.sink_contract" in text)

    assert any(re.search(rf"\b{sink}\b", text) and _INHERITS.search(text) for text in held)
