"""Programs that come from the system's packages and are found on PATH.

Building Prometheus or a Java runtime ourselves would win nothing. This module says where
such a program is, what brings it when it is not there, and brings it when asked to. It
refuses to change a system on its own: only on request or under continuous integration,
only as root, only with apt; and a daemon it installs is not started.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stack import progress
from tests.stack.errors import MissingError, StackError

_APT = "apt-get install --no-install-recommends"
# Program → the Debian package that has it. Go is not among them: Debian's is too old for
# these Kubernetes modules.
_PACKAGES = {
    "alertmanager": "prometheus-alertmanager",
    "java": "openjdk-17-jre-headless",
    "kcat": "kcat",
    "mvn": "maven",
    "openssl": "openssl",
    "prometheus": "prometheus",
    "promtool": "prometheus",
}
_GO_REMEDY = "install Go 1.26 or newer from https://go.dev/dl/"
# Debian renames this one.
_OTHER_NAMES = {"alertmanager": "prometheus-alertmanager"}
_START_POLICY = Path("/usr/sbin/policy-rc.d")

PROGRAMS = tuple(sorted(_PACKAGES))


def locate(program: str) -> Path:
    """Return the program's path.

    Raises:
        MissingError: it is not on PATH; the message names the command that installs it.

    """
    for name in (program, _OTHER_NAMES.get(program)):
        found = shutil.which(name) if name else None
        if found:
            return Path(found)
    message = f"{program} is not on PATH; {_remedy(program)}"
    raise MissingError(message)


def missing(programs: Iterable[str]) -> tuple[str, ...]:
    """Return those of the programs that are not on PATH."""
    return tuple(program for program in programs if not _is_there(program))


def require(programs: Iterable[str], *, may_install: bool) -> None:
    """See that all of these programs are on PATH, if allowed by installing them.

    Raises:
        MissingError: they are not; the message names the command that installs them.

    """
    absent = missing(programs)
    wanted = sorted({_PACKAGES[program] for program in absent})
    if not wanted:
        return
    if not (may_install and _can_install()):
        message = f"not on PATH: {', '.join(absent)}; as root: {_APT} {' '.join(wanted)}"
        raise MissingError(message)
    with progress.step(f"installing {' '.join(wanted)}"), _services_stay_off():
        _apt_get("update", "--quiet=2")
        _apt_get("install", "--yes", "--quiet=2", "--no-install-recommends", *wanted)


def _is_there(program: str) -> bool:
    try:
        locate(program)
    except MissingError:
        return False
    return True


def _remedy(program: str) -> str:
    package = _PACKAGES.get(program)
    return f"as root: {_APT} {package}" if package else _GO_REMEDY


def _can_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _apt_get(*arguments: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ("apt-get", *arguments), env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        message = f"apt-get {arguments[0]} failed: {done.stderr.strip()[-1000:]}"
        raise StackError(message)


@contextmanager
def _services_stay_off() -> Iterator[None]:
    """Keep Debian from starting what it installs: the stack starts its own, elsewhere."""
    if _START_POLICY.exists():
        yield
        return
    _START_POLICY.write_text("#!/bin/sh\nexit 101\n")
    _START_POLICY.chmod(0o755)
    try:
        yield
    finally:
        _START_POLICY.unlink()
