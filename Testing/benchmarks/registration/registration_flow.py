"""What motion does to blood flow: digital patients in motion, corrected, and the same patients holding still.

python Testing/benchmarks/registration/registration_flow.py --patients 20 --first-seed 7000 --cache /tmp/patients

The arterial input and the contours are the true ones in all cases, and the noise is the same, so that only motion (and
the beats that it spoils) differs. What a global shift of the corrected frames would change is taken out, as contours
drawn on them would do.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from registration_patients import DigitalSeries, digital_series

from QPerfusionLogic.conversion.logic import ConversionLogic
from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, FloatArray
from QPerfusionLogic.data.results import ArterialInput, Registered, Segmented, StateResult
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.pipeline.flow_mapping import map_flow
from QPerfusionLogic.registration.logic import RegistrationLogic
from QPerfusionLogic.registration.resampling import translate, warp
from QPerfusionLogic.segmentation.regions.layers import trimmed
from QPerfusionLogic.settings.schema import (
    ConversionSettings,
    KineticsSettings,
    RegistrationSettings,
    SegmentationSettings,
)

CASES = ("motion-free", "uncorrected", "true displacement", "graph", "graph, no rejection", "graph + deformable")
FEWEST_PIXELS = 8
"""Segments with fewer pixels are left out."""


@dataclass(frozen=True)
class Flows:
    """Segment flow in mL/min/g of one case, and the true one, both (segments,), in the order of the patients."""

    found: FloatArray
    true: FloatArray


def registered_as(case: str, series: DigitalSeries) -> Registered:
    """Return the series of one case on the grid of the true contours."""
    tissue = series.acquisition.tissue
    if case == "true displacement":
        return _truly_registered(series)
    mode = {"motion-free": "none", "uncorrected": "none", "graph + deformable": "deformable"}.get(case, "translation")
    settings = RegistrationSettings(mode=mode, reject_frames=case != "graph, no rejection")
    return on_true_grid(series, RegistrationLogic(settings).run(tissue))


def _truly_registered(series: DigitalSeries) -> Registered:
    """Return the series corrected by what its true displacement and bad frames say: the best a translation can do."""
    tissue, truth = series.acquisition.tissue, series.truth
    found = RegistrationLogic(RegistrationSettings(mode="none")).run(tissue)
    density = tissue.proton_density
    if density is not None:
        pixels = truth.displacement_mm[: len(density)] / np.asarray(tissue.geometry.pixel_spacing_mm)
        density = np.stack([translate(density[:, k], pixels[:, k]) for k in range(tissue.slices)], axis=1)
    moved = replace(found.series, proton_density=density)
    known = replace(found, displacement_mm=truth.displacement_mm[:, :, None, None, :], kept=~truth.bad, series=moved)
    return on_true_grid(series, known)


def on_true_grid(series: DigitalSeries, registered: Registered) -> Registered:
    """Return the registered series moved, with its one resampling of the original frames, onto the true contours."""
    tissue = series.acquisition.tissue
    spacing = np.asarray(tissue.geometry.pixel_spacing_mm)
    at_heart = np.stack(
        [_at(registered.displacement_mm[:, k], registered.heart_centre[k]) for k in range(tissue.slices)], axis=1
    )
    usable = registered.kept & ~series.truth.bad
    offset = np.stack(
        [
            np.median((series.truth.displacement_mm - at_heart)[usable[:, k], k], axis=0) / spacing
            for k in range(tissue.slices)
        ]
    )
    field = registered.displacement_mm / spacing + offset[:, None, None, :]
    moved = np.stack([_moved(tissue.signal[:, k], field[:, k]) for k in range(tissue.slices)], axis=1)
    return replace(registered, series=_with_density(replace(registered.series, signal=moved), offset))


def _at(displacement: FloatArray, centre: FloatArray) -> FloatArray:
    if displacement.shape[1:3] == (1, 1):
        return np.asarray(displacement[:, 0, 0])
    row, column = np.rint(centre).astype(int)
    return np.asarray(displacement[:, row, column])


def _moved(frames: FloatArray, field: FloatArray) -> FloatArray:
    if field.shape[1:3] == (1, 1):
        return translate(frames, field[:, 0, 0])
    return np.stack([warp(image, part) for image, part in zip(frames, field, strict=True)])


def _with_density(series: PerfusionSeries, offset: FloatArray) -> PerfusionSeries:
    density = series.proton_density
    if density is None:
        return series
    moved = [translate(density[:, k], np.tile(offset[k], (len(density), 1))) for k in range(series.slices)]
    return replace(series, proton_density=np.stack(moved, axis=1))


def segment_flow(series: DigitalSeries, registered: Registered, model: str) -> dict[int, float]:
    """Return the flow of every AHA segment through the rooms after registration, with true contours and true AIF."""
    truth = series.truth
    spacing = registered.series.geometry.pixel_spacing_mm
    trims = SegmentationSettings()
    wall = trimmed(truth.labels, spacing, trims.trim_endo_mm, trims.trim_epi_mm)
    segmented = Segmented(
        labels=truth.labels,
        segments=np.where(wall, truth.segments, 0).astype(np.uint8),
        layers=np.where(wall, truth.layers, 0).astype(np.uint8),
        aif_region=truth.labels == LEFT_VENTRICLE,
        insertion_points=truth.insertion_points,
        peak_frames={},
        heart_box=_box(truth.labels > 0),
        confidence=np.ones(len(truth.labels)),
        source="given",
    )
    arterial = ArterialInput(truth.aif_time_s, truth.aif_mmol_l, truth.aif_mmol_l, truth.aif_mmol_l, "curve")
    state = StateResult(
        truth.state, series.acquisition, registered=registered, segmented=segmented, arterial_input=arterial
    )
    state = replace(state, concentration=ConversionLogic(ConversionSettings()).run(state))
    mapped = map_flow(state, KineticsSettings(model=model, pixelwise=False))
    return {
        part.segment: part.mbf for part in mapped.segments if part.layer == "all" and part.n_pixels >= FEWEST_PIXELS
    }


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = (np.flatnonzero(mask.any(axis=(0, other))) for other in (2, 1))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def flows(cases: list[str], seeds: range, cache: Path | None, model: str) -> dict[str, Flows]:
    """Return the segment flows of every case over all patients; a segment without a number has NaN."""
    found: dict[str, list[float]] = {case: [] for case in cases}
    true: list[float] = []
    for seed in seeds:
        moving, still = digital_series(seed, cache), digital_series(seed, cache, still=True)
        for one, other in zip(moving, still, strict=True):
            segments = [part for part in range(1, 17) if (one.truth.segments == part).any()]
            mbf = one.truth.maps["mbf"]
            true += [float(np.nanmean(mbf[one.truth.segments == part])) for part in segments]
            for case in cases:
                series = other if case == "motion-free" else one
                values = segment_flow(series, registered_as(case, series), model)
                found[case] += [values.get(part, np.nan) for part in segments]
        print(f"    seed {seed}", file=sys.stderr, flush=True)
    return {case: Flows(np.array(values), np.array(true)) for case, values in found.items()}


def report(found: dict[str, Flows]) -> str:
    """Return a line per case: bias and coefficient of variation against the motion-free flow and against the truth."""
    lines = []
    free = found["motion-free"].found
    for case, flow in found.items():
        known = np.isfinite(flow.found) & np.isfinite(free)
        change, error = flow.found[known] / free[known] - 1.0, flow.found[known] / flow.true[known] - 1.0
        lines.append(
            f"{case:20s} segments {known.sum()} of {len(known)}; against motion-free: mean {np.mean(change):+.2%} "
            f"median {np.median(change):+.2%} SD {np.std(change):.2%} p95 {np.percentile(abs(change), 95):.2%}; "
            f"against truth: mean {np.mean(error):+.2%} SD {np.std(error):.2%}"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print bias and scatter of segment flow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=7000)
    parser.add_argument("--cache", type=Path, help="folder in which simulated patients are kept")
    parser.add_argument("--model", default="btex")
    parser.add_argument("--cases", nargs="*", choices=CASES, default=list(CASES))
    options = parser.parse_args(arguments)
    cases = ["motion-free", *(case for case in options.cases if case != "motion-free")]
    seeds = range(options.first_seed, options.first_seed + options.patients)
    print(f"{options.patients} patients from seed {options.first_seed}, stress and rest, model {options.model}")
    print(report(flows(cases, seeds, options.cache, options.model)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
