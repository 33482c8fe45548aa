"""One state as the methods of the arterial input see it: what they share is computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from QPerfusionLogic.aif.correction.precontrast import with_efficiency
from QPerfusionLogic.aif.curves.blood_curve import BloodCurve, tissue_blood_curve
from QPerfusionLogic.aif.scaling.peak_prior import PeakPrior, peak_prior
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.conversion_physics import Precontrast
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.data.series import Quantity
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings, SegmentationSettings
from QPerfusionLogic.signal_model.physics import SeriesPhysics, physics_of_series


@dataclass(frozen=True)
class AifContext:
    """A registered and segmented state with the settings of the arterial input and of the conversion."""

    state: StateResult
    settings: AifSettings
    conversion: ConversionSettings
    aif_percentile: float = SegmentationSettings.aif_percentile
    """`segmentation.aif_percentile`, for the blood pools of AIF series and pre-boluses."""

    @cached_property
    def tissue_curve(self) -> BloodCurve:
        """LV blood of the tissue series; `InputError` without a blood pool."""
        return tissue_blood_curve(self.state)

    @cached_property
    def tissue_curve_if_any(self) -> BloodCurve | None:
        """LV blood of the tissue series, None without a blood pool."""
        try:
            return self.tissue_curve
        except InputError:
            return None

    @cached_property
    def tissue_physics(self) -> SeriesPhysics:
        """Physics of the tissue series, saturation as the settings or the header have it."""
        return physics_of_series(self.state.acquisition.tissue, self.conversion)

    def tissue_physics_with(self, found: Precontrast | None) -> SeriesPhysics:
        """Return the physics of the tissue series with a saturation efficiency that was found, unless it is fixed."""
        conversion = with_efficiency(self.conversion, found)
        if conversion is self.conversion:
            return self.tissue_physics
        return physics_of_series(self.state.acquisition.tissue, conversion)

    @cached_property
    def tissue_time_s(self) -> FloatArray:
        """(frames,) mean time of the slices of each frame of the tissue series."""
        return np.asarray(self.state.acquisition.tissue.time_s, dtype=float).mean(axis=1)

    @cached_property
    def holds_signal(self) -> bool:
        """True unless the images hold gadolinium, or are taken as such."""
        is_signal = self.state.acquisition.tissue.quantity is Quantity.SIGNAL
        return is_signal and self.conversion.mode != "concentration"

    @cached_property
    def saturated_curve(self) -> BloodCurve | None:
        """LV blood of a tissue series of signal that has a baseline; None where other inputs cannot be held to it."""
        curve = self.tissue_curve_if_any if self.holds_signal else None
        return curve if curve is not None and curve.baseline > 0 else None

    @cached_property
    def expected_peak(self) -> PeakPrior:
        """What the dose lets expect of the first pass."""
        return peak_prior(self.state, self.settings)
