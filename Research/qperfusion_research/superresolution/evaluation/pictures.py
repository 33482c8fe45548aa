"""Pictures of the evaluation of super-resolution: a montage, profiles over time and signal-time curves of one
patient."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, FloatArray
from QPerfusionLogic.io.files.output_folder import writing_file

from .images import Frames, heart_field

REGIONS = {"RV blood": RIGHT_VENTRICLE, "LV blood": LEFT_VENTRICLE, "myocardium": MYOCARDIUM}


def write_pictures(output: Path, frames: Frames, methods: dict[str, Callable[[FloatArray], FloatArray]]) -> None:
    """Write montage.png, profiles.png and curves.png of one digital patient."""
    box = (slice(None), *heart_field(frames.truth, frames.full.shape[-2:]))
    labels = frames.truth.labels[0][box[1:]]
    images = {name: method(frames.full)[box] for name, method in methods.items()} | {"reference": frames.full[box]}
    _draw(output / "montage.png", images, _moments(images["reference"], labels))
    row = round(float(np.argwhere(labels > 0)[:, 0].mean()))
    column = round(float(np.argwhere(labels > 0)[:, 1].mean()))
    profiles = {name: np.stack([image[:, :, column].T, image[:, row, :].T]) for name, image in images.items()}
    _draw(output / "profiles.png", profiles, {"along the phase encoding, over time": 0, "across it, over time": 1})
    _curves(output / "curves.png", images, labels)


def _moments(reference: FloatArray, labels: FloatArray) -> dict[str, int]:
    """Return the first frame and the peak frames of RV, LV and myocardium."""
    curves = {name: reference[:, labels == value].mean(axis=1) for name, value in REGIONS.items()}
    return {"baseline": 0} | {f"peak {name}": int(curve.argmax()) for name, curve in curves.items()}


def _draw(path: Path, images: dict[str, FloatArray], chosen: dict[str, int]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.9 * len(images), 2.0 * len(chosen)), layout="constrained")
    axes = figure.subplots(len(chosen), len(images), squeeze=False)
    for number, (label, index) in enumerate(chosen.items()):
        line = axes[number]
        top = float(np.percentile(images["reference"][index], 99.7))
        for place, (name, image) in zip(line, images.items(), strict=True):
            place.imshow(image[index], cmap="gray", vmin=0.0, vmax=top, aspect="auto", interpolation="nearest")
            place.set_xticks([])
            place.set_yticks([])
            if number == 0:
                place.set_title(name, fontsize=8)
        line[0].set_ylabel(label, fontsize=7)
    with writing_file(path) as beside:
        figure.savefig(beside, dpi=100, format="png")


def _curves(path: Path, images: dict[str, FloatArray], labels: FloatArray) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 3.0), layout="constrained")
    for place, (region, value) in zip(figure.subplots(1, len(REGIONS)), REGIONS.items(), strict=True):
        for name, image in images.items():
            place.plot(image[:, labels == value].mean(axis=1), lw=2.0 if name == "reference" else 1.0, label=name)
        place.set_title(region, fontsize=8)
        place.set_xlabel("frame", fontsize=8)
    place.legend(fontsize=6)
    with writing_file(path) as beside:
        figure.savefig(beside, dpi=100, format="png")
