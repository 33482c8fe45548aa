"""Gadolinium by relative signal enhancement, linear in the signal, as in the AI-AIF paper (Scannell 2022)."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE
from QPerfusionLogic.data.results import Concentration, Registered, Segmented
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import ConversionSettings
from QPerfusionLogic.signal_model.enhancement_scale import enhancement_scale

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
    scale = enhancement_scale(series, settings)
    gadolinium = np.empty(series.signal.shape, dtype=np.float32)
    for frame in range(series.frames):
        progress.update(frame / series.frames, "relative enhancement")
        gadolinium[frame] = (series.signal[frame] - pre_contrast) / (scale.value * reference)
    return Concentration(
        gd_mmol_l=gadolinium,
        time_s=series.time_s,
        saturated=np.zeros(series.image_shape, dtype=bool),
        mode="relative_enhancement",
        constants=scale.constants,
        physics=scale.shared,
        notices=baseline.notices,
    )
