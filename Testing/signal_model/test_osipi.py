"""Signal to concentration against OSIPI's reference table (steady-state spoiled gradient echo, baseline-normalised)."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.signal_model.response import SignalResponse, Tissue
from QPerfusionLogic.signal_model.sequence import SaturationRecovery

TABLE = Path(os.environ.get("QPERFUSION_TEST_DATA", "../shared/data")) / "osipi_dce" / "SI2Conc_data.csv"
STEADY_STATE_PULSES = 100_000


@pytest.mark.real_data
def test_every_voxel_of_the_osipi_table_is_converted_to_its_concentration():
    if not TABLE.exists():
        pytest.skip("OSIPI tables are not here")
    with TABLE.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        signal, expected = np.array(row["s"].split(), float), np.array(row["conc"].split(), float)
        sequence = SaturationRecovery(
            "flash", float(row["TR"]), 0.0, float(row["FA"]), 0.0, STEADY_STATE_PULSES, saturation_efficiency=0.0
        )
        response = SignalResponse(sequence, Tissue(float(row["T1base"]), 0.1, float(row["r1"]), 0.0), 30.0)
        # OSIPI's table leaves out the very first point when it averages the baseline.
        baseline = signal[1 : int(row["numbaselinepts"])].mean()
        found, _ = response.gadolinium_from_enhancement(signal / baseline)
        np.testing.assert_allclose(found, expected, atol=1e-3)
