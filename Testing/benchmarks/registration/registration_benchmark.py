"""Compare motion corrections on real series with drawn masks, and put known motion into them.

python Testing/benchmarks/registration/registration_benchmark.py --data ../shared/data/human_first_pass
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import registration_peers as peers
from registration_injection import injected_errors
from registration_scoring import DrawnSeries, SeriesScore, load_drawn_series, score, summary

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.registration.logic import RegistrationLogic
from QPerfusionLogic.settings.schema import RegistrationSettings

Method = Callable[[np.ndarray, tuple[float, float]], np.ndarray]


def graph(frames: np.ndarray, spacing_mm: tuple[float, float]) -> np.ndarray:
    """Return the displacement (frames, 1, 1, 2) in pixels found by the registration stage."""
    return registered(frames, spacing_mm)[0]


def graph_and_deformable(frames: np.ndarray, spacing_mm: tuple[float, float]) -> np.ndarray:
    """Return the displacement with mode deformable."""
    return registered(frames, spacing_mm, "deformable")[0]


def registered(
    frames: np.ndarray, spacing_mm: tuple[float, float], mode: str = "translation"
) -> tuple[np.ndarray, np.ndarray]:
    """Return the displacement (frames, rows | 1, columns | 1, 2) in pixels and which frames were kept (frames,)."""
    found = RegistrationLogic(RegistrationSettings(mode=mode)).run(as_series(frames, spacing_mm))
    return found.displacement_mm[:, 0] / np.asarray(spacing_mm), found.kept[:, 0]


def as_series(frames: np.ndarray, spacing_mm: tuple[float, float]) -> PerfusionSeries:
    """Return (frames, rows, columns) images as a series of one slice, one frame a second."""
    time_s = np.arange(len(frames), dtype=float)[:, None]
    return PerfusionSeries(frames[:, None], time_s, Geometry.axis_aligned(1, spacing_mm))


METHODS: dict[str, Method] = {
    "none": peers.none,
    "phase correlation": peers.phase_correlation,
    "robust PCA": peers.robust_pca,
    "progressive PCA": peers.progressive_pca,
    "graph": graph,
    "graph + deformable": graph_and_deformable,
}


def evaluate(method: Method, series: list[DrawnSeries]) -> list[SeriesScore]:
    """Return the scores of one method on every series, with its processor time."""
    scores = []
    for each in series:
        start = time.process_time()
        displacement = method(each.frames, each.spacing_mm)
        scores.append(score(each, displacement, time.process_time() - start))
    return scores


def main() -> int:
    """Print the table; with --output also write every number as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/human_first_pass"))
    parser.add_argument("--methods", nargs="*", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--per-series", action="store_true", help="print a line per series")
    parser.add_argument("--skip-injected", action="store_true", help="do not put known motion into the series")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    series = load_drawn_series(options.data)
    if not series:
        print(f"found no series with masks in {options.data}", file=sys.stderr)
        return 2
    table = {}
    print(f"{len(series)} series")
    for name in options.methods:
        scores = evaluate(METHODS[name], series)
        table[name] = summary(scores)
        print(f"{name:20s}", "  ".join(f"{key} {value:.3f}" for key, value in table[name].items()), flush=True)
        if options.per_series:
            for each in scores:
                print(f"    {each.name:20s} {each.before.mean():.3f} -> {each.after.mean():.3f}, {each.seconds:.2f} s")
    if not options.skip_injected:
        table["injected"] = injected_errors(registered, series)
        print("known motion", "  ".join(f"{key} {value:.3f}" for key, value in table["injected"].items()))
    if options.output:
        options.output.write_text(json.dumps(table, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
