"""The trial of super-resolution: rows of image quality and of blood flow, and the tables made from them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.output_folder import writing_file
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings import Settings, SuperresolutionSettings
from QPerfusionLogic.study import FloatArray
from QPerfusionLogic.superresolution.resolver import BridgeResolver, resolver_of

from .superresolution_flow import defect_of, flow_case, sector_flow, segment_flow, true_sector_flow
from .superresolution_images import bicubic, heart_field, noise_floor, patient_frames, quality, zero_filled
from .superresolution_pictures import write_pictures
from .superresolution_tables import tables

PICTURED = 44
"""Beats of the patient whose pictures are drawn: the whole first pass."""
Row = dict[str, object]
Method = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Trial:
    """What is tried: how many patients, which lines, which networks."""

    patients: int = 20
    flow_patients: int = 20
    seed: int = 50_000
    fraction: float = 0.4
    weights: Path | None = None
    adversarial: Path | None = None


def run_trial(trial: Trial, output: Path, progress: Progress | None = None) -> str:
    """Write images.csv, flow.csv, tables.md and pictures; return the tables.

    Rows of patients that are in the files already are kept, so that a trial that was cut goes on.
    """
    progress = progress or Progress()
    output.mkdir(parents=True, exist_ok=True)
    methods = methods_of(trial)
    seeds = [trial.seed + index for index in range(trial.patients)]
    images = _rows(output / "images.csv", seeds, lambda seed: image_rows(seed, methods, trial.fraction), progress)
    flow_seeds = [trial.seed + index for index in range(trial.flow_patients)]
    kinds = {name: methods[name] for name in ("zero-filled", "residual bridge")}
    flow = _rows(output / "flow.csv", flow_seeds, lambda seed: flow_rows(seed, kinds), progress)
    if trial.patients:
        write_pictures(output, patient_frames(trial.seed, PICTURED), methods)
    text = tables(images, flow, trial.fraction)
    with writing_file(output / "tables.md") as beside:
        beside.write_text(text, encoding="utf-8")
    return text


def methods_of(trial: Trial) -> dict[str, Method]:
    """Return every way to fill the missing lines, by name; each takes full frames and cuts them itself."""
    found: dict[str, Method] = {
        "zero-filled": lambda frames: zero_filled(frames, trial.fraction),
        "bicubic": lambda frames: bicubic(frames, trial.fraction),
    }
    chosen = SuperresolutionSettings(mode="residual_bridge", samples=0, device="cpu")
    names = {"residual bridge": trial.weights}
    if trial.adversarial is not None:
        names["adversarial"] = trial.adversarial
    for name, weights in names.items():
        resolver = resolver_of(_with_weights(chosen, weights))
        assert isinstance(resolver, BridgeResolver)
        found[name] = _resolving(resolver, trial.fraction)
    if trial.adversarial is not None:
        from .adversarial_method import adversarial_frames

        found["adversarial, as published"] = adversarial_frames(trial.adversarial, trial.fraction)
    return found


def image_rows(seed: int, methods: dict[str, Method], fraction: float) -> list[Row]:
    """Return one row for each frame and method: nRMSE, PSNR, SSIM, the floor, and the error without noise."""
    frames = patient_frames(seed)
    box = (slice(None), *heart_field(frames.truth, frames.full.shape[-2:]))
    floor = noise_floor(frames, fraction)
    rows: list[Row] = []
    for name, method in methods.items():
        noisy, quiet = method(frames.full), method(frames.quiet)
        for index in range(len(noisy)):
            values = quality(frames.full[box][index], noisy[box][index])
            without = quality(frames.quiet[box][index], quiet[box][index])
            rows.append(
                {
                    "patient": seed,
                    "frame": index,
                    "method": name,
                    **dict(zip(("nrmse", "psnr", "ssim"), (f"{value:.6g}" for value in values), strict=True)),
                    "floor": f"{floor[index]:.6g}",
                    "nrmse_without_noise": f"{without[0]:.6g}",
                    "ssim_without_noise": f"{without[2]:.6g}",
                }
            )
    return rows


def flow_rows(seed: int, methods: dict[str, Method]) -> list[Row]:
    """Return one row for each kind of frames: flow of six segments, size and depth of the defect."""
    case, settings = flow_case(seed), Settings()
    signal = case.series.signal
    kinds = {"full": signal} | {name: method(signal[:, 0])[:, None] for name, method in methods.items()}
    true_size, true_depth = defect_of(true_sector_flow(case))
    rows: list[Row] = []
    for name, frames in kinds.items():
        start: Row = {"patient": seed, "frames": name, "defect": int(case.defect is not None), "failed": ""}
        start |= {"true_size": f"{true_size:.4g}", "true_depth": f"{true_depth:.4g}"}
        try:
            segments, sectors = segment_flow(case, frames, settings), sector_flow(case, frames, settings)
        except QPerfusionError as error:
            rows.append({**start, "failed": error.found})
            continue
        row: Row = start | {f"segment_{index + 7}": f"{value:.5g}" for index, value in enumerate(segments)}
        for layer, flow in zip(("", "endo_"), sectors[:2], strict=True):
            size, depth = defect_of(flow)
            row |= {f"{layer}size": f"{size:.4g}", f"{layer}depth": f"{depth:.4g}"}
            row |= {f"{layer}sector_{index + 1}": f"{value:.5g}" for index, value in enumerate(flow)}
        rows.append(row)
    return rows


def _with_weights(settings: SuperresolutionSettings, weights: Path | None) -> SuperresolutionSettings:
    from dataclasses import replace

    return settings if weights is None else replace(settings, weights=str(weights))


def _resolving(resolver: BridgeResolver, fraction: float) -> Method:
    return lambda frames: resolver.run(zero_filled(frames, fraction), fraction).frames


def _rows(
    path: Path, seeds: list[int], rows_of: Callable[[int], list[Row]], progress: Progress
) -> list[dict[str, str]]:
    """Return the rows of all seeds from a file, adding those that it lacks, patient by patient."""
    there = list(_read(path))
    done = {row["patient"] for row in there}
    for index, seed in enumerate(seeds):
        progress.update(index / max(len(seeds), 1), f"{path.stem}, patient {index + 1} of {len(seeds)}")
        if str(seed) in done:
            continue
        rows = rows_of(seed)
        fields = list(there[0]) if there else list(dict.fromkeys(name for row in rows for name in row))
        with path.open("a", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, fields, extrasaction="ignore")
            if not there:
                writer.writeheader()
            writer.writerows(rows)
        there += [{name: str(row.get(name, "")) for name in fields} for row in rows]
    wanted = {str(seed) for seed in seeds}
    return [row for row in there if row["patient"] in wanted]


def _read(path: Path) -> Iterator[dict[str, str]]:
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as stream:
            yield from csv.DictReader(stream)


def column(rows: list[dict[str, str]], name: str) -> FloatArray:
    """Return a column of numbers, NaN where empty."""
    return np.array([float(row.get(name) or "nan") for row in rows])
