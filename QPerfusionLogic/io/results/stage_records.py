"""What a stage knows beyond its pixels and tables, as plain values and back: one form for folders and scenes.

Results of version 0.1, which hold some of it as texts, are read too.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.conversion_physics import ConversionPhysics, Precontrast
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.results import ArterialInput, Concentration, Registered, Segmented
from QPerfusionLogic.io.files.plain_json import plain
from QPerfusionLogic.settings.old_names import present_choice, present_features

_CONSTANTS = {
    "relaxivity_l_mmol_s": "r1",
    "field_strength_t": "tissue field strength",
    "repetition_time_s": "tissue repetition time",
    "echo_time_s": "tissue echo time",
    "flip_angle_deg": "tissue flip angle",
    "saturation_time_s": "tissue saturation time",
}
"""Field -> constant of version 0.1, a text that begins with its value."""
_BOX = ("first_row", "first_column", "end_row", "end_column")
_ARTERIAL = (
    "mode",
    "features",
    "constants",
    "model_name",
    "model_checksum",
    "normalisation",
    "precontrast",
    "b1_plus",
)
_OLD_NORMALISATIONS = {"curvature_of_the_tissue_series": "tissue_series", "usual_shape_of_boluses": "usual_bolus"}
_NUMBER = re.compile(r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?", re.IGNORECASE)


def registration_record(found: Registered) -> dict[str, Any]:
    """Return heart centre and quality of a registration as plain values."""
    return dict(plain({"heart_centre": found.heart_centre, "quality": found.quality}))


def registration_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `Registered` that a record holds."""
    quality = {name: _number(value) for name, value in record["quality"].items()}
    return {"heart_centre": _numbers(record["heart_centre"]), "quality": quality}


def segmentation_record(found: Segmented) -> dict[str, Any]:
    """Return heart box, peak frames, confidence and source of a segmentation as plain values."""
    return dict(
        plain(
            {
                "heart_box": dict(zip(_BOX, found.heart_box, strict=True)),
                "peak_frames": found.peak_frames,
                "confidence": found.confidence,
                "source": found.source,
            }
        )
    )


def segmentation_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `Segmented` that a record holds; scenes of version 0.1 hold the box as a list."""
    box = record["heart_box"]
    return {
        "heart_box": tuple(box[name] for name in _BOX) if isinstance(box, Mapping) else tuple(box),
        "peak_frames": dict(record["peak_frames"]),
        "confidence": _numbers(record["confidence"]),
        "source": record["source"],
    }


def arterial_input_record(found: ArterialInput) -> dict[str, Any]:
    """Return what an arterial input knows beyond its curves as plain values."""
    return dict(plain({name: getattr(found, name) for name in _ARTERIAL}))


def arterial_input_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `ArterialInput` that a record holds.

    Examples
    --------
    >>> old = {"mode": "model", "features": {"residual_mmol_l": 0.1, "saturation_efficiency": 0.97}, "constants": {}}
    >>> found = arterial_input_fields(old)
    >>> found["mode"], found["precontrast"]
    ('signal_inversion', Precontrast(saturation_efficiency=0.97, residual_mmol_l=0.1))
    """
    features = {name: _number(value) for name, value in present_features(record["features"]).items()}
    constants = record["constants"]
    before = record.get("precontrast")
    if "precontrast" not in record and np.isfinite(features.get("saturation_efficiency", np.nan)):
        before = {name: features[name] for name in ("saturation_efficiency", "residual_mmol_l")}
    field = record.get("b1_plus", features.get("b1_plus"))
    by = constants.get("aif normalisation", "").replace(" ", "_")
    return {
        "mode": present_choice("aif.mode", record["mode"]),
        "features": features,
        "constants": constants,
        "model_name": record.get("model_name", ""),
        "model_checksum": record.get("model_checksum", ""),
        "normalisation": record.get("normalisation", _OLD_NORMALISATIONS.get(by, by)),
        "precontrast": None if before is None else Precontrast(**before),
        "b1_plus": None if field is None or not np.isfinite(field) else float(field),
    }


def conversion_record(found: Concentration) -> dict[str, Any]:
    """Return mode, constants and physics of a conversion as plain values."""
    return {"mode": found.mode, "constants": found.constants, "physics": dataclasses.asdict(found.physics)}


def conversion_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `Concentration` that a record holds.

    Examples
    --------
    >>> old = {"mode": "look_up_table", "constants": {"r1": "4.6 L/mmol/s (Shen 2015)"}}
    >>> conversion_fields(old)["physics"].relaxivity_l_mmol_s
    4.6
    """
    known = {field.name for field in dataclasses.fields(ConversionPhysics)}
    physics = record.get("physics")
    values = _of_constants(record["constants"]) if physics is None else physics
    return {
        "mode": present_choice("conversion.mode", record["mode"]),
        "constants": record["constants"],
        "physics": ConversionPhysics(**{name: value for name, value in values.items() if name in known}),
    }


def notice_records(notices: Iterable[Notice]) -> list[dict[str, str]]:
    """Return notices as plain values."""
    return [dict(plain(notice)) for notice in notices]


def notices_of(records: Iterable[Mapping[str, Any]] | None) -> tuple[Notice, ...]:
    """Return the notices of plain values; none where there are none.

    Raises
    ------
    TypeError, KeyError, ValueError
        When they are no notices.
    """
    return tuple(Notice(**{**item, "severity": Severity(item["severity"])}) for item in records or ())


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _numbers(values: Any) -> FloatArray:
    return np.array(values, dtype=float)


def _of_constants(constants: Mapping[str, str]) -> dict[str, Any]:
    """Return the physics that the constants of version 0.1 name."""
    found: dict[str, Any] = {}
    for name, constant in _CONSTANTS.items():
        number = _NUMBER.match(constants.get(constant, ""))
        if number:
            found[name] = float(number.group())
    pulses = constants.get("tissue pulses to centre", "")
    if pulses.isdigit():
        found["pulses_to_centre"] = int(pulses)
    native = constants.get("native T1", "")
    found["native_t1"] = {"T1": "map", "table": "table"}.get(native.split(" ")[0], "")
    found["normalisation"] = constants.get("normalisation", "").replace(" ", "_")
    found["agent"], found["readout"] = constants.get("agent", ""), constants.get("tissue readout", "")
    return found
