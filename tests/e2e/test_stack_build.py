"""What is built is built once, and what exists is whole.

With recipes that take no time: how real servers are built is proven by `test_stack`.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.stack import build, cache, ports
from tests.stack.errors import MissingError, PortTakenError, StackError
from tests.stack.recipes import Command, Recipe

_CHECKOUT = Path(__file__).parents[2]
# Builds `thing` slowly in another process; each try leaves a line in `tries`.
_SLOW_BUILD = """
from tests.e2e.test_stack_build import recipe
from tests.stack.build import build
build([recipe("echo try >> ../tries; sleep 1; touch thing")])
"""


def recipe(script: str, *, tools: tuple[str, ...] = ("sh",)) -> Recipe:
    """Make a recipe that yields the program `thing` by a shell script."""

    def commands(target: Path) -> tuple[Command, ...]:
        return (Command(argv=("sh", "-ec", script), folder=target),)

    return Recipe(name="fake", version="v1", tools=tools, programs=("thing",), commands=commands)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_a_part_is_built_once() -> None:
    """The second time nothing is run."""
    build.build([recipe("touch thing")])
    build.build([recipe("exit 1")])

    assert (cache.folder() / "fake-v1" / "thing").exists()


def test_a_failed_build_shows_why_and_leaves_nothing() -> None:
    """The log is kept, the half-built folder is not."""
    with pytest.raises(StackError, match="no room left"):
        build.build([recipe("touch thing; echo no room left; exit 1")])

    assert _left() == {"build.lock", "fake-v1.log"}


def test_a_build_that_yields_nothing_fails() -> None:
    """A recipe that went out of date is noticed here and not at the first start."""
    with pytest.raises(StackError, match="did not yield thing"):
        build.build([recipe("true")])

    assert not build.is_built(recipe("true"))


def test_a_missing_tool_is_named() -> None:
    """Nothing is begun that cannot end."""
    with pytest.raises(MissingError, match=r"no-such-tool is not on PATH"):
        build.build([recipe("touch thing", tools=("no-such-tool",))])


def test_two_builds_at_once_do_the_work_once() -> None:
    """The second waits for the first and finds its result."""
    both = [_start_slow_build(), _start_slow_build()]

    for process in both:
        _, said = process.communicate(timeout=30)
        assert process.returncode == 0, said

    assert (cache.folder() / "tries").read_text() == "try\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_build_is_begun_anew(number: signal.Signals) -> None:
    """Nothing half-built is taken for whole, and no lock is left."""
    interrupted = _start_slow_build()
    _wait_for(cache.folder() / "tries")
    interrupted.send_signal(number)
    interrupted.communicate()
    assert not build.is_built(recipe("true"))

    build.build([recipe("touch thing")])

    assert {name for name in _left() if "partial" in name} == set()
    assert build.is_built(recipe("true"))


def test_a_lost_race_for_a_port_is_run_again() -> None:
    """Between choosing a port and listening on it somebody else may come."""
    tries = []

    def launch() -> str:
        tries.append("try")
        if len(tries) == 1:
            raise PortTakenError
        return "up"

    assert ports.on_free_ports(launch) == "up"


def test_free_ports_are_none_that_outgoing_connections_use() -> None:
    """Else a client of a stopped server could take its port, or connect to itself."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])

    assert all(ports.free_port() < first for _ in range(20))


def _left() -> set[str]:
    return {path.name for path in cache.folder().iterdir()}


def _start_slow_build() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        (sys.executable, "-c", _SLOW_BUILD),
        cwd=_CHECKOUT,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
