"""Super-resolution of real first-pass frames cut to low resolution: error over that of zero-filling (evaluation only).

    python Testing/benchmarks/superresolution_real.py [--fraction 0.4] [--every 20] [--adversarial FILE]

Every series of human_first_pass, both directions of phase encoding, errors inside 96 x 96 pixels in the middle.
Lines are cut from the whole frame ("whole"), or from the 96 x 96 pixels as the paper does ("field").
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from QPerfusionLogic.loading import LoadingLogic, StudyRequest
from QPerfusionLogic.settings import LoadingSettings
from QPerfusionLogic.study import FloatArray
from QPerfusionLogic.trials.superresolution_images import FIELD, quality
from QPerfusionLogic.trials.superresolution_trial import Trial, methods_of

ROOT = Path(__file__).resolve().parents[2]
Method = Callable[[FloatArray], FloatArray]


def main() -> None:
    """Print one line for each way of cutting and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fraction", type=float, default=0.4)
    parser.add_argument("--every", type=int, default=20, help="take every so manieth frame")
    parser.add_argument("--adversarial", type=Path)
    options = parser.parse_args()
    folder = Path(os.environ.get("QPERFUSION_TEST_DATA", ROOT.parent / "shared" / "data")) / "human_first_pass"
    methods = methods_of(Trial(fraction=options.fraction, adversarial=options.adversarial))
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    seconds = dict.fromkeys(methods, 0.0)
    for path in sorted(item for item in folder.glob("*.nii.gz") if "mask" not in item.name):
        for upright in _series(path, options.every):
            for name, method in methods.items():
                started = time.process_time()
                _measure(found, name, method, upright)
                seconds[name] += time.process_time() - started
    for cut in ("whole", "field"):
        base = np.array(found[cut, "zero-filled"])[:, 0]
        for name in methods:
            values = np.array(found[cut, name])
            ratio = values[:, 0] / base
            print(
                f"{cut} {name}: {len(values)} frames, nRMSE {100 * values[:, 0].mean():.2f} %, PSNR "
                f"{values[:, 1].mean():.2f} dB, SSIM {values[:, 2].mean():.3f}, ratio to zero-filled mean "
                f"{ratio.mean():.3f} worst {ratio.max():.3f} above 1: {(ratio > 1).sum()}"
            )
    count = 2 * len(base)
    print("CPU seconds a frame (both cuts and measures):", {name: round(s / count, 3) for name, s in seconds.items()})


def _series(path: Path, every: int) -> list[FloatArray]:
    """Return the frames with lines along the rows, and turned so that they were along the columns."""
    loading = LoadingLogic(LoadingSettings(axes="t,y,x", frame_interval_s=1.0))
    stress = loading.run(StudyRequest(stress=path)).stress
    assert stress is not None
    frames = np.asarray(stress.tissue.signal[3::every, 0], np.float32)
    return [frames, np.ascontiguousarray(frames.swapaxes(-2, -1))]


def _measure(
    found: dict[tuple[str, str], list[tuple[float, float, float]]], name: str, method: Method, frames: FloatArray
) -> None:
    first = [(size - FIELD) // 2 for size in frames.shape[-2:]]
    box = (slice(None), slice(first[0], first[0] + FIELD), slice(first[1], first[1] + FIELD))
    field = np.ascontiguousarray(frames[box])
    for cut, images in (("whole", method(frames)[box]), ("field", method(field))):
        found.setdefault((cut, name), []).extend(quality(one, two) for one, two in zip(field, images, strict=True))


if __name__ == "__main__":
    main()
