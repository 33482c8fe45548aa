"""`quantify --compare-aif`: every method that the data allows, in a table, as curves and in the report."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.cli.main import main
from QPerfusionLogic.data.results import AifMethodComparison, ArterialInput, SegmentFlow, StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.io.results.aif_method_tables import aif_methods_csv, curves_csv
from QPerfusionLogic.reporting.html.aif_section import aif_method_section


@pytest.fixture(scope="module")
def output(drawn_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("routes") / "out"
    given = [
        f"--set={name}" for name in ("conversion.mode=concentration", "kinetics.delay=0", "kinetics.pixelwise=false")
    ]
    given += ["--set=kinetics.model=one_compartment", "--set=registration.mode=none"]
    given += ["--stress", str(drawn_study / "stress.seq.nrrd"), "--stress-aif", str(drawn_study / "stress_aif.csv")]
    given += ["--stress-mask", str(drawn_study / "mask.nrrd")]
    stop = ["--stop-after", "kinetics"]
    assert main(["quantify", *given, "--output", str(folder), "--compare-aif", *stop]) == 0
    return folder


def test_the_table_has_a_row_for_every_route_with_its_flow(output: Path) -> None:
    with (output / "aif_methods.csv").open() as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"curve", "concentration"}
    assert (rows["curve"]["used"], rows["concentration"]["used"]) == ("1", "0")
    assert float(rows["curve"]["mean_mbf_ml_min_g"]) == pytest.approx(2.4, rel=0.05)
    assert float(rows["concentration"]["mean_mbf_ml_min_g"]) == pytest.approx(2.4, rel=0.1)


def test_the_curves_of_all_routes_share_one_clock(output: Path) -> None:
    with (output / "stress" / "aif_methods.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {"time_s", "curve", "concentration"}
    assert max(float(row["curve"] or 0) for row in rows) == pytest.approx(5.0, rel=0.05)


def test_the_report_names_route_flow_and_reason() -> None:
    time_s = np.arange(0.0, 40.0)
    found = ArterialInput(time_s, time_s, time_s, time_s, "dual_sequence", {"peak_mmol_l": 4.5})
    taken = AifMethodComparison(
        State.STRESS, "dual_sequence", found, (SegmentFlow(7, "all", 2.34, 0.1, 20),), used=True
    )
    refused = AifMethodComparison(State.STRESS, "dual_bolus", refused="no pre-bolus series")
    section = aif_method_section(StudyResult({State.STRESS: None}, aif_method_comparison=(taken, refused)))
    assert all(text in section for text in ("<svg", "2.34", "used in this report", "not taken: no pre-bolus series"))


def test_a_route_that_cannot_be_taken_says_why() -> None:
    row = AifMethodComparison(State.STRESS, "dual_bolus", refused="no pre-bolus series")
    assert aif_methods_csv([row]).splitlines()[1].endswith("no pre-bolus series")
    assert curves_csv([row]) == "time_s\n"
