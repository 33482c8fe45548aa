"""What stages know beyond pixels and tables goes through JSON and back, as folders and scenes keep it."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from QPerfusionLogic.data.conversion_physics import ConversionPhysics, Precontrast
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.results import ArterialInput, Concentration, Mapped, Registered, Segmented, SegmentFlow
from QPerfusionLogic.io.files.plain_json import plain
from QPerfusionLogic.io.results import mapped_files
from QPerfusionLogic.io.results import stage_records as records

CURVE = np.linspace(0.0, 5.0, 6)
PLANES = np.zeros((2, 4, 4), np.uint8)
INPUT = ArterialInput(
    CURVE,
    CURVE,
    CURVE,
    CURVE,
    "signal_inversion",
    {"peak_mmol_l": 5.0, "valley_s": math.nan},
    constants={"r1": "4.6 L/mmol/s (Shen 2015)"},
    normalisation="proton_density",
    precontrast=Precontrast(0.97, 0.12),
    b1_plus=0.93,
)
OUTPUTS = {
    "registration": Registered(
        None, CURVE, CURVE, (), np.array([[3.0, 4.0], [np.nan, np.nan]]), {"residual_motion_mm": 0.8, "swap": math.nan}
    ),
    "segmentation": Segmented(
        PLANES, PLANES, PLANES, PLANES, CURVE, {"left_ventricle": 12}, (1, 2, 30, 40), np.array([0.9, 0.0]), "given"
    ),
    "arterial_input": INPUT,
    "conversion": Concentration(
        CURVE,
        CURVE,
        CURVE,
        "look_up_table",
        {"r1": "4.6"},
        ConversionPhysics("gadobutrol", readout="flash"),
    ),
    "mapped": Mapped(
        {},
        (SegmentFlow(7, "all", 1.2, 0.1, 40, 0.98, 1.3), SegmentFlow(8, "endo", math.nan, math.nan, 3, flags=("few",))),
        {},
        {},
        {},
        "fermi",
        (10.0, 28.0),
        input_error=0.11,
    ),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_record_survives_json(name):
    output = OUTPUTS[name]
    of = mapped_files if name == "mapped" else records
    text = json.dumps(plain(getattr(of, f"{name}_record")(output)), allow_nan=False)
    fields = getattr(of, f"{name}_fields")(json.loads(text))
    again = dataclasses.replace(output, **fields)
    for field in fields:
        found, kept = getattr(again, field), getattr(output, field)
        assert type(found) is type(kept)
        assert str(found) == str(kept)


def test_notices_survive_json():
    notices = (Notice("no-t1-map", "There is no T1 map.", "Give one.", Severity.SERIOUS, "aif", "rest", "--t1-map"),)
    assert records.notices_of(json.loads(json.dumps(records.notice_records(notices)))) == notices


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("proton density", "proton_density"),
        ("curvature of the tissue series", "tissue_series"),
        ("usual shape of boluses", "usual_bolus"),
        ("baseline", "baseline"),
    ],
)
def test_an_arterial_input_of_version_0_1_keeps_its_physics(old, new):
    record = {
        "mode": "model",
        "features": {"foot_s": 9.0, "residual_mmol_l": 0.2, "saturation_efficiency": 0.96, "transmit_field": 0.9},
        "constants": {"aif normalisation": old},
        "model_name": "",
        "model_checksum": "",
    }
    found = records.arterial_input_fields(record)
    assert found["mode"] == "signal_inversion"
    assert found["normalisation"] == new
    assert (found["precontrast"], found["b1_plus"]) == (Precontrast(0.96, 0.2), 0.9)


def test_a_heart_box_of_a_scene_of_version_0_1_is_read():
    record = {"heart_box": [1, 2, 30, 40], "peak_frames": {}, "confidence": [1.0], "source": "given"}
    assert records.segmentation_fields(record)["heart_box"] == (1, 2, 30, 40)
