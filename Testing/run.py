"""Run everything that has to be green: lint, types, doctests, tests; several processes side by side.

The steps "bundled" and "lowest" repeat a part of the tests with the packages of Slicer 5.12.3 and with the oldest that
pyproject.toml names. Every folder of tests is a process of its own, so that widgets, scenes and compiled kernels of one
do not reach another, and so that all cores have work.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_LANES = 4
"""Processes side by side; each needs up to 2 GB."""
OWN_STEP = ("panel", "slicer_source")
"""Folders that are steps of their own."""
LONGEST_FIRST = ("panel", "superresolution", "bundled", "lowest", "doctests", "io", "segmentation")
"""Steps and folders to begin with, so that none of them is left alone at the end."""


@dataclass(frozen=True)
class Part:
    """One process of a step.

    Parameters
    ----------
    step : str
        The step that fails with it.
    name : str
        What it is, unique among all parts.
    arguments : tuple of str
        Arguments of Python.
    """

    step: str
    name: str
    arguments: tuple[str, ...]

    @property
    def is_pytest(self) -> bool:
        """Whether it is a process of pytest in this environment."""
        return self.arguments[:2] == ("-m", "pytest")


def parts() -> list[Part]:
    """Return the processes of all steps, in the order in which they are begun."""
    environments = "Testing/packaging/environments.py"
    found = [
        Part("panel", "panel", ("-m", "pytest", "Testing/panel")),
        Part("bundled", "bundled", (environments, "bundled")),
        Part("lowest", "lowest", (environments, "lowest")),
        Part(
            "doctests",
            "doctests",
            ("-m", "pytest", "--doctest-modules", "QPerfusionLogic", "Research/qperfusion_research"),
        ),
        Part("lint", "lint", ("-m", "ruff", "check", ".")),
        Part("format", "format", ("-m", "ruff", "format", "--check", ".")),
        Part("spelling", "spelling", ("-m", "codespell_lib")),
        Part("types", "types", ("-m", "mypy")),
        Part("slicer source", "slicer source", ("-m", "pytest", "Testing/slicer_source")),
    ]
    folders = sorted({path.relative_to(ROOT / "Testing").parts[0] for path in ROOT.glob("Testing/*/**/test_*.py")})
    found += [
        Part("tests", folder, ("-m", "pytest", f"Testing/{folder}", "--durations=5"))
        for folder in folders
        if folder not in OWN_STEP
    ]
    return sorted(found, key=lambda part: LONGEST_FIRST.index(part.name) if part.name in LONGEST_FIRST else 99)


def run(part: Part, lanes: int, with_coverage: bool = False) -> bool:
    """Run one process and print what it said at its end; returns whether it went well."""
    threads = str(max(1, (os.cpu_count() or 1) // lanes))
    variables = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), threads)
    environment = variables | os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    arguments = part.arguments
    if with_coverage and part.is_pytest:
        arguments = ("-m", "coverage", "run", *arguments, "-m", "not slow")
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = done.stdout.decode(errors="replace").rstrip()
    verdict = "failed" if done.returncode else "passed"
    print(f"--- {part.name}\n{said}\n--- {part.name}: {verdict}, {time.monotonic() - started:.0f} s", flush=True)
    return not done.returncode


def coverage_holds() -> bool:
    """Put the measurements together and compare with the floor in pyproject.toml; returns whether it is reached."""
    commands = (["combine", "--quiet"], ["report", "--skip-covered", "--skip-empty", "--sort=cover"])
    return all(
        subprocess.run([sys.executable, "-m", "coverage", *command], cwd=ROOT, check=False).returncode == 0
        for command in commands
    )


def main() -> int:
    """Run every step, the named ones only when names are given; returns 1 when one failed."""
    every = parts()
    names = sorted({part.step for part in every} | {part.name for part in every})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"what to run, everything by default: {', '.join(names)}"
    )
    parser.add_argument(
        "--lanes", type=int, default=min(os.cpu_count() or 1, MOST_LANES), help="processes side by side"
    )
    parser.add_argument("--coverage", action="store_true", help="measure coverage by the tests that are not slow")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in names]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(names)}")
    chosen = [part for part in every if not options.names or part.step in options.names or part.name in options.names]
    with ThreadPoolExecutor(options.lanes) as pool:
        passed = list(pool.map(lambda part: run(part, options.lanes, options.coverage), chosen))
    failed = [part.name for part, well in zip(chosen, passed, strict=True) if not well]
    if options.coverage and not coverage_holds():
        failed.append("coverage")
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
