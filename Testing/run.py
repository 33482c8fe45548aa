"""Run everything that has to be green: lint, types, doctests, tests; those with widgets in processes of their own.

The steps "bundled" and "lowest" repeat a part of the tests with the packages of Slicer 5.12.3 and with the oldest that
pyproject.toml names.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STEPS = {
    "lint": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy"],
    "panel": ["-m", "pytest", "Testing/panel"],
    "slicer source": ["-m", "pytest", "Testing/slicer_source"],
    "bundled": ["Testing/packaging/environments.py", "bundled"],
    "lowest": ["Testing/packaging/environments.py", "lowest"],
    "doctests": ["-m", "pytest", "--doctest-modules", "QPerfusionLogic", "Research/qperfusion_research"],
    "tests": ["-m", "pytest", "Testing", "--ignore=Testing/panel", "--ignore=Testing/slicer_source", "--durations=10"],
}


def main() -> int:
    """Run every step, the named ones only when names are given; returns 1 when one failed."""
    names = sys.argv[1:] or list(STEPS)
    failed = []
    for name in names:
        started = time.monotonic()
        print(f"--- {name}", flush=True)
        environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
        if subprocess.run([sys.executable, *STEPS[name]], cwd=ROOT, env=environment, check=False).returncode:
            failed.append(name)
        print(f"--- {name}: {time.monotonic() - started:.0f} s", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
