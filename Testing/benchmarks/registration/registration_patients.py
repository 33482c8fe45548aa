"""Motion correction and rejection scored on digital patients, whose motion and bad frames are known.

python Testing/benchmarks/registration/registration_patients.py --patients 20 --first-seed 7000 --cache /tmp/patients
"""

from __future__ import annotations

import argparse
import pickle
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.results import Registered
from QPerfusionLogic.data.study import Acquisition
from QPerfusionLogic.phantom.patients.patient import DigitalPatient
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.physiology.heartbeats import Motion
from QPerfusionLogic.phantom.simulation.simulated import SimulatedStudy, StateTruth
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient
from QPerfusionLogic.registration.logic import RegistrationLogic
from QPerfusionLogic.settings.schema import RegistrationSettings

LATE = 0.25
"""Share of the series, at its end, in which drift is looked for."""


@dataclass(frozen=True)
class DigitalSeries:
    """One state of one digital patient with its truth."""

    name: str
    acquisition: Acquisition
    truth: StateTruth


def patient(seed: int, still: bool = False) -> DigitalPatient:
    """Return a patient; `still` gives the same one, down to the noise, without motion and wrong triggers."""
    moving = sample_patient(seed, slices=3)
    if not still:
        return moving
    states = {
        state: replace(parameters, motion=_held(parameters.motion)) for state, parameters in moving.states.items()
    }
    return replace(moving, states=states)


def _held(motion: Motion) -> Motion:
    return replace(
        motion,
        breathing_mm=0.0,
        drift_mm=(0.0, 0.0),
        sudden_mm=(0.0, 0.0),
        jitter_mm=0.0,
        mistrigger_share=0.0,
        missed_share=0.0,
    )


def digital_series(seed: int, cache: Path | None = None, still: bool = False) -> list[DigitalSeries]:
    """Return stress and rest of one patient, simulated or read back from the cache folder."""
    path = None if cache is None else cache / f"patient_{seed}{'_still' if still else ''}.pkl"
    if path is not None and path.exists():
        study: SimulatedStudy = pickle.loads(path.read_bytes())
    else:
        study = simulate_patient(patient(seed, still))
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pickle.dumps(study))
    return [
        DigitalSeries(f"{seed} {state}", study.study.acquisition(state), study.truth[state])
        for state in study.study.states
    ]


def motion_error_px(series: DigitalSeries, registered: Registered) -> FloatArray:
    """Return (frames, slices, 2) found less true displacement in pixels; the median of the kept frames is 0."""
    spacing = np.asarray(series.acquisition.tissue.geometry.pixel_spacing_mm)
    error = (registered.displacement_mm[:, :, 0, 0] - series.truth.displacement_mm) / spacing
    usable = registered.kept & ~series.truth.bad
    for index in range(error.shape[1]):
        error[:, index] -= np.median(error[usable[:, index], index], axis=0)
    return error


def drift_px(error: FloatArray, usable: np.ndarray) -> FloatArray:
    """Return (slices,) how far the error of the last frames lies from that of the middle ones, usable frames only."""
    frames = len(error)
    last, middle = np.arange(frames) >= (1.0 - LATE) * frames, np.zeros(frames, dtype=bool)
    middle[int(frames * (0.5 - LATE / 2)) : int(frames * (0.5 + LATE / 2))] = True
    drifts = []
    for index in range(error.shape[1]):
        late, mid = (error[part & usable[:, index], index] for part in (last, middle))
        if len(late) and len(mid):
            drifts.append(np.linalg.norm(np.median(late, axis=0) - np.median(mid, axis=0)))
    return np.array(drifts)


def run_all(
    seeds: range, cache: Path | None, settings: RegistrationSettings
) -> Iterator[tuple[DigitalSeries, Registered, float]]:
    """Yield every series with its registration and the processor time per slice series."""
    for seed in seeds:
        for series in digital_series(seed, cache):
            start = time.process_time()
            registered = RegistrationLogic(settings).run(series.acquisition.tissue)
            yield series, registered, (time.process_time() - start) / series.acquisition.tissue.slices


@dataclass
class Tally:
    """Errors and counts over many series."""

    images: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: {"bad": Counter(), "good": Counter()})
    codes: Counter[str] = field(default_factory=Counter)
    errors: list[FloatArray] = field(default_factory=list)
    drifts: list[FloatArray] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, series: DigitalSeries, registered: Registered, seconds: float) -> None:
        """Count one series."""
        bad, rejected = series.truth.bad, ~registered.kept
        usable = ~bad & ~rejected
        error = motion_error_px(series, registered)
        found = {"bad": bad, "good": ~bad, "hit": bad & rejected, "false": ~bad & rejected}
        self.images.update({name: int(which.sum()) for name, which in found.items()})
        for frame, index in zip(*np.nonzero(rejected), strict=True):
            self.reasons["bad" if bad[frame, index] else "good"][registered.reason[frame][index]] += 1
        self.codes.update(notice.code for notice in registered.notices)
        self.errors.append(np.linalg.norm(error, axis=-1)[usable])
        self.drifts.append(drift_px(error, usable))
        self.seconds.append(seconds)

    def report(self) -> str:
        """Return the figures in words."""
        every, images = np.concatenate(self.errors), self.images
        recall = images["hit"] / max(1, images["bad"])
        precision = images["hit"] / max(1, images["hit"] + images["false"])
        lost = images["false"] / images["good"]
        return "\n".join(
            (
                f"{len(self.seconds)} series, {images['good']} good images, {images['bad']} bad ones",
                f"motion error: median {np.median(every):.3f} px, p95 {np.percentile(every, 95):.3f} px",
                f"late drift: p90 {np.percentile(np.concatenate(self.drifts), 90):.3f} px",
                f"rejection: recall {recall:.3f}, precision {precision:.3f}, good images rejected {lost:.2%}",
                f"reasons of bad images {dict(self.reasons['bad'])}; of good ones {dict(self.reasons['good'])}",
                f"notices {dict(self.codes)}",
                f"processor time per slice series: median {np.median(self.seconds):.2f} s",
            )
        )


def main(arguments: list[str] | None = None) -> int:
    """Print the figures of all patients."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=7000)
    parser.add_argument("--cache", type=Path, help="folder in which simulated patients are kept")
    parser.add_argument("--mode", default="translation", choices=("translation", "deformable"))
    parser.add_argument("--per-series", action="store_true", help="print a line per series")
    options = parser.parse_args(arguments)
    seeds = range(options.first_seed, options.first_seed + options.patients)
    tally = Tally()
    for series, registered, took in run_all(seeds, options.cache, RegistrationSettings(mode=options.mode)):
        tally.add(series, registered, took)
        if options.per_series:
            print(f"    {series.name:12s} {_mistakes(series.truth.bad, ~registered.kept)}", flush=True)
    print(f"{options.patients} patients from seed {options.first_seed}\n{tally.report()}")
    return 0


def _mistakes(bad: np.ndarray, rejected: np.ndarray) -> str:
    false, missed = (
        [f"{frame}/{index}" for frame, index in zip(*np.nonzero(which), strict=True)]
        for which in (~bad & rejected, bad & ~rejected)
    )
    return f"good but rejected: {' '.join(false) or '-'}; bad but kept: {' '.join(missed) or '-'}"


if __name__ == "__main__":
    sys.exit(main())
