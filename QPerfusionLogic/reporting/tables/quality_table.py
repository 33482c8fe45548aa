"""The lines of the quality table: what was found, against which bar."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.aif.methods.aif_method import aif_methods
from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.data.results import FIT_STATUS, StateResult
from QPerfusionLogic.registration.motion_notices import MANY_REJECTED
from QPerfusionLogic.settings.schema import AifSettings

from .quality import (
    BOUND_LIMIT,
    ERROR_LIMIT,
    FIT_LIMIT_R2,
    PIXEL_LIMIT,
    median_flow,
    median_r2,
    median_relative_error,
    myocardial_values,
    rejected_share,
    share_at_bound,
    share_with_flow,
    transmural_gradient,
)

SATURATED = {"aif-saturated", "aif-still-saturated"}
"""Notices that call the curve of the tissue series, or the arterial input itself, saturated."""
_REGISTRATION = {
    "correlation_before": "correlation of neighbouring frames, as acquired",
    "correlation_after": "correlation of neighbouring frames, registered",
    "residual_px": "median residual of the shifts (pixels)",
}
"""Names of what the registration measures of itself."""


@dataclass(frozen=True)
class QualityItem:
    """One line of the quality table; `good` is None where there is no bar."""

    name: str
    value: str
    bar: str = ""
    good: bool | None = None


def quality_items(result: StateResult) -> tuple[QualityItem, ...]:
    """Return the quality of one state, from those stages that were run."""
    return (*_motion_items(result), *_arterial_items(result), *_fit_items(result), *_map_items(result))


def _motion_items(result: StateResult) -> list[QualityItem]:
    if result.registered is None:
        return []
    share = rejected_share(result)
    items = [QualityItem("rejected images", f"{share:.0%}", f"at most {MANY_REJECTED:.0%}", share <= MANY_REJECTED)]
    reach = np.linalg.norm(np.asarray(result.registered.displacement_mm, dtype=float), axis=-1)
    if np.isfinite(reach).any():
        items.append(QualityItem("motion taken out, largest", f"{np.nanmax(reach):.1f} mm"))
    measured = result.registered.quality
    return items + [QualityItem(_REGISTRATION[key], f"{measured[key]:.2f}") for key in _REGISTRATION if key in measured]


def _arterial_items(result: StateResult) -> list[QualityItem]:
    found = result.arterial_input
    if found is None:
        return []
    apparent = found.features.get("apparent_peak_mmol_l", math.nan)
    limit = found.features.get("saturation_limit_mmol_l", AifSettings.saturation_warning_mmol_l)
    saturated = any(item.code in SATURATED and item.severity is not Severity.NOTE for item in found.notices)
    items = []
    if math.isfinite(apparent):
        name, value = "apparent AIF peak, tissue images", f"{apparent:.2f} mmol/L"
        method = aif_methods().get(found.mode)
        if method is not None and method.has_own_input:
            items.append(QualityItem(name, f"{value}; the AIF has images of its own"))
        else:
            items.append(QualityItem(name, value, f"at most {limit:g} mmol/L", apparent <= limit and not saturated))
    if saturated:
        items.append(QualityItem("saturation of the AIF", "found, see “Warnings and limitations”", "none", False))
    if result.concentration is not None and result.segmented is not None:
        inside = result.segmented.labels == 1
        share = float(result.concentration.saturated[inside].mean()) if inside.any() else math.nan
        items.append(QualityItem("saturated myocardial pixels", f"{share:.1%}" if math.isfinite(share) else "–"))
    return items


def _fit_items(result: StateResult) -> list[QualityItem]:
    score, bound, error, gradient = (
        median_r2(result),
        share_at_bound(result),
        median_relative_error(result),
        transmural_gradient(result),
    )
    items = [
        QualityItem("median R² of segment fits", f"{score:.3f}", f"at least {FIT_LIMIT_R2}", score >= FIT_LIMIT_R2),
        QualityItem("segment fits at a bound", f"{bound:.0%}", f"at most {BOUND_LIMIT:.0%}", bound <= BOUND_LIMIT),
        QualityItem(
            "median standard error of segment flow", f"{error:.0%}", f"at most {ERROR_LIMIT:.0%}", error <= ERROR_LIMIT
        ),
        QualityItem("endocardial / epicardial flow", f"{gradient:.2f}"),
    ]
    return [item for item, value in zip(items, (score, bound, error, gradient), strict=True) if not math.isnan(value)]


def _map_items(result: StateResult) -> list[QualityItem]:
    items = []
    status = myocardial_values(result, "status")
    status = status[np.isfinite(status)]
    if status.size:
        converged, mixed = (float((status == FIT_STATUS.index(name)).mean()) for name in ("converged", "blood_mixed"))
        items.append(QualityItem("myocardial pixels with a converged fit", f"{converged:.0%}"))
        items.append(QualityItem("myocardial pixels with blood of the ventricle, taken out", f"{mixed:.0%}"))
    share, median = share_with_flow(result), median_flow(result)
    if share > 0:
        bar = f"at least {PIXEL_LIMIT:.0%}"
        items.append(QualityItem("myocardial pixels with a flow", f"{share:.0%}", bar, share >= PIXEL_LIMIT))
        items.append(QualityItem("median flow of myocardial pixels", f"{median:.2f} mL/min/g"))
    return items
