"""``python -m auditor``: the same as the program ``auditor``."""

from __future__ import annotations

from auditor.cli import main

main()
