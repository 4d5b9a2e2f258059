"""The command line: one module for each command, and the frame around them.

The law of this package: a command reads its options, calls one function and prints what it gave; what it
means is decided elsewhere. Results go to standard output, everything else to standard error. Exit codes
are those of ``diff``: 0 no drift, 1 drift, 2 trouble. A command is imported when it is used, so that
``--help`` and completion stay fast.
"""

from __future__ import annotations

from auditor.cli.frame import main as main
