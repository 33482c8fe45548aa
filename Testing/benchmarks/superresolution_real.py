"""Super-resolution of real first-pass frames cut to low resolution: error over that of zero-filling (evaluation only).

    python Testing/benchmarks/superresolution_real.py [--fraction 0.4] [--every 20] [--adversarial FILE]

Every series of human_first_pass, both directions of phase encoding, errors inside 96 x 96 pixels in the middle.
Lines are cut from the whole frame ("whole"), or from the 96 x 96 pixels as the paper does ("field").

    python Testing/benchmarks/superresolution_real.py --bands [--every 20]

Where in k-space the error of whole frames lies: for bands of missing lines, their share of the missing energy, the
error of the residual bridge over that of zero-filling, the factor on its detail that would be best, and the share of
the energy that is noise, from second differences of neighbouring frames (quietest tenth; motion is in it).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from qperfusion_research.superresolution.evaluation.evaluation import Evaluation, methods_of
from qperfusion_research.superresolution.evaluation.images import FIELD, quality
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import LoadingSettings

ROOT = Path(__file__).resolve().parents[2]
Method = Callable[[FloatArray], FloatArray]


def main() -> None:
    """Print one line for each way of cutting and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fraction", type=float, default=0.4)
    parser.add_argument("--every", type=int, default=20, help="take every so manieth frame")
    parser.add_argument("--adversarial", type=Path)
    parser.add_argument("--bands", action="store_true", help="show where in k-space the error lies instead")
    options = parser.parse_args()
    folder = Path(os.environ.get("QPERFUSION_TEST_DATA", ROOT.parent / "shared" / "data")) / "human_first_pass"
    methods = methods_of(Evaluation(fraction=options.fraction, adversarial=options.adversarial))
    if options.bands:
        _tell_bands(folder, methods["residual bridge"], options.fraction, options.every)
        return
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


def _tell_bands(folder: Path, method: Method, fraction: float, every: int) -> None:
    """Print a line for each band of missing lines: energies summed over frames of equal brightness."""
    edges = np.linspace(fraction, 1.0, 7)
    total = np.zeros((4, 6))
    for path in sorted(item for item in folder.glob("*.nii.gz") if "mask" not in item.name):
        for upright in _series(path, 1):
            full = upright[::every]
            scale = np.percentile(full, 99.5, axis=(1, 2))[:, None, None]
            second = (upright[:-2] - 2.0 * upright[1:-1] + upright[2:]) / 6.0**0.5
            quiet = second[np.argsort(second.std(axis=(1, 2)))[: max(len(second) // 10, 1)]] / scale.mean()
            spectra = [np.fft.fft(image, axis=-2) for image in (full / scale, method(full) / scale, quiet)]
            lines = 2.0 * np.abs(np.fft.fftfreq(full.shape[-2]))
            for band in range(6):
                inside = (lines >= edges[band]) & (lines <= edges[band + 1])
                true, found, noise = (part[:, inside] / full[0].size for part in spectra)
                products = (true * true.conj(), true * found.conj(), found * found.conj())
                energies = [float(one.real.sum(axis=(1, 2)).mean()) for one in products]
                total[:, band] += *energies, float((np.abs(noise) ** 2).sum(axis=(1, 2)).mean())
    for name, (true, both, found, noise) in [
        *((f"lines {edges[band]:.1f} to {edges[band + 1]:.1f}", total[:, band]) for band in range(6)),
        ("all missing lines", total.sum(axis=1)),
    ]:
        print(
            f"{name}: {100 * true / total[0].sum():.0f} % of the missing energy, error over zero-filled "
            f"{(1.0 - (2.0 * both - found) / true) ** 0.5:.3f}, best factor {both / found:.2f}, noise "
            f"{100 * noise / true:.0f} % of the energy"
        )


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
