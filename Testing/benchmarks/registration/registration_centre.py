"""Whether the heart is found, and no harm done, on altered copies of real series: cropped, turned, mirrored, rescaled.

python Testing/benchmarks/registration/registration_centre.py --data ../shared/data/human_first_pass --every 3
[--copies NAME ...] for some copies only.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from registration_benchmark import as_series
from registration_scoring import DrawnSeries, load_drawn_series, score
from scipy import ndimage

from QPerfusionLogic.registration.logic import RegistrationLogic

CROP = 110
"""Side of the cropped copies in pixels."""
ASIDE = 30
"""Distance of the heart from the middle of a cropped copy along both axes, in pixels."""
FAR_MM = 20.0
"""Distance from the drawn heart's middle above which the heart was not found."""
HARM = 0.03


def heart_middle(series: DrawnSeries) -> np.ndarray:
    """Return the (row, column) of the middle of everything drawn."""
    return np.argwhere(series.masks.max(axis=0) > 0).mean(axis=0)


def altered(series: DrawnSeries, change: Callable[[np.ndarray], np.ndarray]) -> DrawnSeries:
    """Return the series with frames and masks put through the same change of their last two axes."""
    return replace(
        series, frames=np.ascontiguousarray(change(series.frames)), masks=np.ascontiguousarray(change(series.masks))
    )


def cropped(series: DrawnSeries, down: int, across: int) -> DrawnSeries:
    """Return a crop in which the heart lies `down` and `across` pixels from the middle."""
    middle = np.rint(heart_middle(series)).astype(int) - [down, across]
    room = np.array(series.frames.shape[1:]) - CROP
    top, left = np.clip(middle - CROP // 2, 0, np.maximum(room, 0))
    return altered(series, lambda images: images[:, top : top + CROP, left : left + CROP])


def rescaled(series: DrawnSeries, factor: float) -> DrawnSeries:
    """Return the series on pixels of another size."""
    return DrawnSeries(
        series.name,
        np.asarray(ndimage.zoom(series.frames, (1, factor, factor), order=1), np.float32),
        ndimage.zoom(series.masks, (1, factor, factor), order=0),
        (series.spacing_mm[0] / factor, series.spacing_mm[1] / factor),
    )


COPIES: dict[str, Callable[[DrawnSeries], DrawnSeries]] = {
    "as acquired": lambda series: series,
    "turned by 90 degrees": lambda series: altered(series, lambda images: np.rot90(images, 1, (1, 2))),
    "turned by 180 degrees": lambda series: altered(series, lambda images: images[:, ::-1, ::-1]),
    "mirrored": lambda series: altered(series, lambda images: images[:, :, ::-1]),
    "heart up left": lambda series: cropped(series, -ASIDE, -ASIDE),
    "heart up right": lambda series: cropped(series, -ASIDE, ASIDE),
    "heart low left": lambda series: cropped(series, ASIDE, -ASIDE),
    "heart low right": lambda series: cropped(series, ASIDE, ASIDE),
    "smaller pixels": lambda series: rescaled(series, 1.5),
    "larger pixels": lambda series: rescaled(series, 0.7),
    "first 45 frames": lambda series: altered(series, lambda images: images[:45]),
}


def main() -> int:
    """Print a line per kind of copy: hearts not found, those of them that were reported, Dice before and after,
    harm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/human_first_pass"))
    parser.add_argument("--copies", nargs="*", choices=list(COPIES), default=list(COPIES))
    parser.add_argument("--every", type=int, default=1, help="take every n-th series only")
    options = parser.parse_args()
    series = load_drawn_series(options.data)[:: options.every]
    for name in options.copies:
        lost, told, scores = [], 0, []
        for each in map(COPIES[name], series):
            registered = RegistrationLogic().run(as_series(each.frames, each.spacing_mm))
            away_mm = np.linalg.norm((registered.heart_centre[0] - heart_middle(each)) * np.asarray(each.spacing_mm))
            if not away_mm <= FAR_MM:
                lost.append(each.name)
                told += bool({"no-heart-found", "heart-centre-doubtful"} & {item.code for item in registered.notices})
            scores.append(score(each, registered.displacement_mm[:, 0] / np.asarray(each.spacing_mm), 0.0))
        change = np.array([each.change for each in scores])
        print(
            f"{name:22s} {len(scores)} series, not found {len(lost)} (reported {told}), Dice "
            f"{np.mean([each.before.mean() for each in scores]):.3f} -> "
            f"{np.mean([each.after.mean() for each in scores]):.3f}, worst series {change.min():+.3f}, "
            f"worse by {HARM}: {(change < -HARM).sum()} {' '.join(lost)}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
