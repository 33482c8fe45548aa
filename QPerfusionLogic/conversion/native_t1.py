"""Native T1 of every pixel: from a T1 map where it is believable, else from the table per tissue."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, BoolArray, FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import Segmented
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.data.study import T1Map
from QPerfusionLogic.settings.schema import ConversionSettings
from QPerfusionLogic.signal_model.physics import SeriesPhysics

from .t1_registration import t1_on_grid

PLAUSIBLE_T1_S = (0.3, 3.0)


@dataclass(frozen=True)
class NativeT1:
    """Native T1 in s (slices, rows, columns), what it is based on, and notices."""

    t1_s: FloatArray
    constants: dict[str, str] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


def native_t1_of(
    series: PerfusionSeries,
    segmented: Segmented,
    t1_map: T1Map | None,
    physics: SeriesPhysics,
    settings: ConversionSettings,
) -> NativeT1:
    """Return native T1 on the grid of the series; a T1 fixed by the settings wins over the map for its tissue."""
    labels = segmented.labels
    blood = (labels == LEFT_VENTRICLE) | (labels == RIGHT_VENTRICLE)
    table = np.where(blood, physics.blood.tissue.t1_s, physics.myocardium.tissue.t1_s)
    if t1_map is None:
        return NativeT1(table, {"native T1": "table per tissue"}, (_no_map(physics),))
    mapped = t1_on_grid(t1_map, series, segmented)
    low, high = PLAUSIBLE_T1_S
    believable = np.isfinite(mapped.t1_s) & (mapped.t1_s >= low) & (mapped.t1_s <= high)
    fixed = (blood & (settings.t1_blood_s is not None)) | (~blood & (settings.t1_myocardium_s is not None))
    notices = (*mapped.notices, *_coverage(believable, labels == MYOCARDIUM))
    used = np.where(believable & ~fixed, mapped.t1_s, table)
    return NativeT1(used, {"native T1": f"T1 map, table where outside {low:g}-{high:g} s"}, notices)


def _no_map(physics: SeriesPhysics) -> Notice:
    return Notice.of(
        code="no-t1-map",
        message=f"no native T1 map: T1 {physics.blood.tissue.t1_s:g} s was assumed for blood and "
        f"{physics.myocardium.tissue.t1_s:g} s for myocardium",
        action="give a pre-contrast T1 map",
        option="--t1-map",
    )


def _coverage(believable: BoolArray, myocardium: BoolArray) -> tuple[Notice, ...]:
    total = int(myocardium.sum())
    missing = int((myocardium & ~believable).sum())
    if not total or missing <= 0.1 * total:
        return ()
    return (
        Notice.of(
            code="t1-map-incomplete",
            message=f"{100 * missing / total:.0f} % of the myocardium has no believable T1 in the map; "
            "the table's T1 was used there",
            action="check that the T1 map shows the same slices and is in milliseconds or seconds as stated",
        ),
    )
