"""Gadolinium by relative signal enhancement, linear in the signal, as in the AI-AIF paper (Scannell 2022)."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings import ConversionSettings
from QPerfusionLogic.signal_model.constants import Constant, native_property, relaxivity
from QPerfusionLogic.study import (
    LEFT_VENTRICLE,
    Concentration,
    PerfusionSeries,
    Registered,
    Segmented,
)

from .baseline import baseline_of, baseline_signal


def convert_by_relative_enhancement(
    registered: Registered, segmented: Segmented, settings: ConversionSettings, progress: Progress
) -> Concentration:
    """Return c = (S - S_baseline) / (r1 T1_blood S_baseline,LV), S_baseline,LV the mean over the LV pool.

    Raises
    ------
    InputError
        When there is no LV pool, or its pre-contrast signal is not positive.
    """
    series = registered.series
    baseline = baseline_of(registered, segmented)
    pre_contrast = baseline_signal(series.signal, baseline.frames)
    pool = segmented.labels == LEFT_VENTRICLE
    reference = float(np.mean(pre_contrast[pool])) if pool.any() else float("nan")
    if not reference > 0:
        raise InputError(
            f"a pre-contrast signal of {reference:g} in the left-ventricular blood pool",
            expected="a positive one: relative enhancement divides by it",
            action="check the segmentation, or choose conversion.mode=look_up_table",
        )
    scale, constants = enhancement_scale(series, settings)
    gadolinium = np.empty(series.signal.shape, dtype=np.float32)
    for frame in range(series.frames):
        progress.update(frame / series.frames, "relative enhancement")
        gadolinium[frame] = (series.signal[frame] - pre_contrast) / (scale * reference)
    return Concentration(
        gd_mmol_l=gadolinium,
        time_s=series.time_s,
        saturated=np.zeros(series.image_shape, dtype=bool),
        mode="relative_enhancement",
        constants=constants,
        notices=baseline.notices,
    )


def enhancement_scale(series: PerfusionSeries, settings: ConversionSettings) -> tuple[float, dict[str, str]]:
    """Return r1 T1_blood (L/mmol) of the relative-enhancement equation, with its constants."""
    field_strength = settings.field_strength_t or series.protocol.field_strength_t or 1.5
    t1 = native_property("t1", "blood", field_strength, "relative_enhancement")
    r1 = relaxivity("r1", "gadobutrol", field_strength, "relative_enhancement")
    if settings.t1_blood_s:
        t1 = Constant(settings.t1_blood_s, "s", "setting")
    if settings.relaxivity_l_mmol_s:
        r1 = Constant(settings.relaxivity_l_mmol_s, "L/mmol/s", "setting")
    return r1.value * t1.value, {"T1 blood": str(t1), "r1": str(r1)}
