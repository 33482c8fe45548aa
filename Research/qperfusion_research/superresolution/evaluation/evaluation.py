"""The evaluation of super-resolution: rows of image quality and of blood flow, and the tables made from them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.io.files.output_folder import writing_file
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import KineticsSettings, Settings, SuperresolutionSettings
from QPerfusionLogic.superresolution.bridge.bridge_resolver import BridgeResolver
from QPerfusionLogic.superresolution.resolver_choice import resolver_of

from .flow_cases import SECTORS, FlowCase, defect_of, flow_case, flow_of_parts, true_sector_flow
from .images import bicubic, heart_field, noise_floor, patient_frames, quality, zero_filled
from .pictures import write_pictures
from .tables import tables

PICTURED = 44
"""Beats of the patient whose pictures are drawn: the whole first pass."""
Row = dict[str, object]
Method = Callable[[FloatArray], FloatArray]
Kind = Callable[[FlowCase], FloatArray]
"""Flow case to its frames (frames, 1, rows, columns) of one kind."""


@dataclass(frozen=True)
class Evaluation:
    """What is tried: how many patients, which lines, which networks, and the kinetic model that flow is fitted with."""

    patients: int = 20
    flow_patients: int = 20
    seed: int = 50_000
    fraction: float = 0.4
    weights: Path | None = None
    adversarial: Path | None = None
    model: str = KineticsSettings().model


def run_evaluation(evaluation: Evaluation, output: Path, progress: Progress | None = None) -> str:
    """Write images.csv, flow.csv, tables.md and pictures; return the tables.

    Rows that are in the files already are kept, so that an evaluation that was cut goes on: after a change of weights,
    or of what is measured, the rows concerned are to be taken out first.
    """
    progress = progress or Progress()
    output.mkdir(parents=True, exist_ok=True)
    methods = methods_of(evaluation)
    seeds = [evaluation.seed + index for index in range(evaluation.patients)]
    images = _rows(
        output / "images.csv",
        seeds,
        ("method", list(methods)),
        lambda seed, names: image_rows(seed, {name: methods[name] for name in names}, evaluation.fraction),
        progress,
    )
    flow_seeds = [evaluation.seed + index for index in range(evaluation.flow_patients)]
    kinds = _kinds(methods)
    flow = _rows(
        output / "flow.csv",
        flow_seeds,
        ("frames", list(kinds)),
        lambda seed, names: flow_rows(seed, {name: kinds[name] for name in names}, evaluation.model),
        progress,
    )
    if evaluation.patients:
        write_pictures(output, patient_frames(evaluation.seed, PICTURED), methods)
    text = tables(images, flow, evaluation.fraction, evaluation.model)
    with writing_file(output / "tables.md") as beside:
        beside.write_text(text, encoding="utf-8")
    return text


def methods_of(evaluation: Evaluation) -> dict[str, Method]:
    """Return every way to fill the missing lines, by name; each takes full frames and cuts them itself."""
    found: dict[str, Method] = {
        "zero-filled": lambda frames: zero_filled(frames, evaluation.fraction),
        "bicubic": lambda frames: bicubic(frames, evaluation.fraction),
    }
    chosen = SuperresolutionSettings(mode="residual_bridge", samples=0, device="cpu")
    names = {"residual bridge": evaluation.weights}
    if evaluation.adversarial is not None:
        names["adversarial"] = evaluation.adversarial
    for name, weights in names.items():
        resolver = resolver_of(_with_weights(chosen, weights))
        assert isinstance(resolver, BridgeResolver)
        found[name] = _resolving(resolver, evaluation.fraction)
    if evaluation.adversarial is not None:
        from .adversarial_method import adversarial_frames

        found["adversarial, as published"] = adversarial_frames(evaluation.adversarial, evaluation.fraction)
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


def _kinds(methods: dict[str, Method]) -> dict[str, Kind]:
    """Return the kinds of frames of the table of flow, by name.

    Beside full resolution there are the same scan without noise, and a second one with other noise: how much two
    scans of one heart differ is what the change by a method has to be held against. What a method does by itself,
    noise aside, shows where the scan without noise is cut and filled.
    """
    zero, bridge = methods["zero-filled"], methods["residual bridge"]
    return {
        "full": lambda case: case.series.signal,
        "full, again": lambda case: case.again,
        "zero-filled": lambda case: zero(case.series.signal[:, 0])[:, None],
        "residual bridge": lambda case: bridge(case.series.signal[:, 0])[:, None],
        "without noise": lambda case: case.quiet,
        "zero-filled without noise": lambda case: zero(case.quiet[:, 0])[:, None],
        "residual bridge without noise": lambda case: bridge(case.quiet[:, 0])[:, None],
    }


def flow_rows(seed: int, kinds: dict[str, Kind], model: str) -> list[Row]:
    """Return one row for each kind of frames: flow of all parts of the wall, size and depth of the defect."""
    settings = Settings(kinetics=KineticsSettings(model=model))
    case = flow_case(seed)
    true_size, true_depth = defect_of(true_sector_flow(case))
    start: Row = {"patient": seed, "defect": int(case.defect is not None), "failed": ""}
    start |= {"true_size": f"{true_size:.4g}", "true_depth": f"{true_depth:.4g}"}
    try:
        found = flow_of_parts(case, {name: kind(case) for name, kind in kinds.items()}, settings)
    except QPerfusionError as error:
        return [{**start, "frames": name, "failed": error.found} for name in kinds]
    rows: list[Row] = []
    for name, flow in found.items():
        row = start | {"frames": name}
        for layer in ("", "endo_"):
            size, depth = defect_of(np.array([flow[f"{layer}sector_{index + 1}"] for index in range(SECTORS)]))
            row |= {f"{layer}size": f"{size:.4g}", f"{layer}depth": f"{depth:.4g}"}
        rows.append(row | {part: f"{value:.5g}" for part, value in flow.items()})
    return rows


def _with_weights(settings: SuperresolutionSettings, weights: Path | None) -> SuperresolutionSettings:
    from dataclasses import replace

    return settings if weights is None else replace(settings, weights=str(weights))


def _resolving(resolver: BridgeResolver, fraction: float) -> Method:
    return lambda frames: resolver.run(zero_filled(frames, fraction), fraction).frames


def _rows(
    path: Path,
    seeds: list[int],
    wanted: tuple[str, list[str]],
    rows_of: Callable[[int, list[str]], list[Row]],
    progress: Progress,
) -> list[dict[str, str]]:
    """Return the rows of all seeds from a file, adding those that it lacks, patient by patient.

    Parameters
    ----------
    path : Path
    seeds : list of int
    wanted : (str, list of str)
        A column, and what it is to hold for each patient.
    rows_of : callable
        (seed, those that are lacking) -> their rows.
    progress : Progress
    """
    column_name, names = wanted
    there = list(_read(path))
    done = {(row["patient"], row[column_name]) for row in there}
    for index, seed in enumerate(seeds):
        progress.update(index / max(len(seeds), 1), f"{path.stem}, patient {index + 1} of {len(seeds)}")
        lacking = [name for name in names if (str(seed), name) not in done]
        if not lacking:
            continue
        rows = rows_of(seed, lacking)
        fields = list(there[0]) if there else list(dict.fromkeys(name for row in rows for name in row))
        with path.open("a", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, fields, extrasaction="ignore")
            if not there:
                writer.writeheader()
            writer.writerows(rows)
        there += [{name: str(row.get(name, "")) for name in fields} for row in rows]
    patients = [str(seed) for seed in seeds]
    found = [row for row in there if row["patient"] in patients and row[column_name] in names]
    return sorted(found, key=lambda row: (patients.index(row["patient"]), names.index(row[column_name])))


def _read(path: Path) -> Iterator[dict[str, str]]:
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as stream:
            yield from csv.DictReader(stream)


def column(rows: list[dict[str, str]], name: str) -> FloatArray:
    """Return a column of numbers, NaN where empty."""
    return np.array([float(row.get(name) or "nan") for row in rows])
