"""`qperfusion fit`: curve files in, fits out, and what is said about files that are wrong."""

import csv
import io

import numpy as np
import pytest

from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.kinetics.curve_fits import fit_file
from QPerfusionLogic.settings.schema import KineticsSettings


@pytest.fixture
def a_curve_file(tmp_path, frame_times, an_aif, convolve):
    curve = convolve(frame_times, an_aif, lambda u: np.exp(-u / 8.0), 1.5)
    lines = ["time_s,aif,septum,empty"]
    lines += [f"{t:g},{a:.6f},{c:.6f}," for t, a, c in zip(frame_times, an_aif, curve, strict=True)]
    path = tmp_path / "curves.csv"
    path.write_text("\n".join(lines))
    return path


def test_each_curve_gets_a_row_with_the_columns_of_the_contract(a_curve_file):
    text = fit_file(a_curve_file, KineticsSettings(model="btex")).text
    rows = list(csv.DictReader(io.StringIO(text)))
    expected = [
        "curve",
        "status",
        "mbf_ml_min_g",
        "mbf_se",
        "delay_s",
        "ps_ml_min_g",
        "vp_ml_g",
        "visf_ml_g",
        "rms",
        "r2",
    ]
    assert list(rows[0])[: len(expected)] == expected
    assert [row["curve"] for row in rows] == ["septum", "empty"]
    assert rows[1]["status"] == "not_finite"
    assert rows[1]["mbf_ml_min_g"] == ""


def test_columns_a_model_does_not_have_are_empty(a_curve_file):
    rows = list(csv.DictReader(io.StringIO(fit_file(a_curve_file, KineticsSettings(model="fermi")).text)))
    assert rows[0]["vp_ml_g"] == rows[0]["ps_ml_min_g"] == ""
    assert 1.3 < float(rows[0]["mbf_ml_min_g"]) < 1.8


def test_patlak_calls_its_rate_ki_and_gives_no_flow(a_curve_file):
    rows = list(csv.DictReader(io.StringIO(fit_file(a_curve_file, KineticsSettings(model="patlak")).text)))
    assert rows[0]["mbf_ml_min_g"] == ""
    assert rows[0]["status"] == "not_identifiable"
    assert float(rows[0]["ki_ml_min_g"]) > 0


def test_an_arterial_input_in_micromolar_is_a_serious_notice(a_curve_file):
    good = fit_file(a_curve_file, KineticsSettings(model="fermi")).notices
    rows = [line.split(",") for line in a_curve_file.read_text().splitlines()]
    wrong = [[row[0], f"{1000.0 * float(row[1]):g}", *row[2:]] for row in rows[1:]]
    a_curve_file.write_text("\n".join(",".join(row) for row in (rows[0], *wrong)))
    found = fit_file(a_curve_file, KineticsSettings(model="fermi")).notices
    assert not [notice for notice in good if notice.severity is Severity.SERIOUS]
    assert [notice.code for notice in found if notice.severity is Severity.SERIOUS] == ["aif-unit"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty file"),
        ("time_s,blood,a\n0,1,2\n", "column aif"),
        ("frame,aif,a\n0,1,2\n", "column time_s"),
        ("time_s,aif\n0,1\n", "no curve columns"),
        ("time_s,aif,a\n", "no frames"),
        ("time_s,aif,a\n0,1,high\n", "row 2, column a"),
        ("time_s,aif,a\n0,1\n", "row 2: 2 cells"),
        ("time_s,aif,a\n0,0,0\n1,0,0\n2,1,0\n3,2,1\n4,,1\n5,,1\n", "arterial input that ends in row 5"),
        ("time_s,aif,a\n0,0,0\n1,0,0\n1,1,0\n3,2,1\n4,1,1\n", "not increasing"),
        ("time_s,aif,a\n0,0,0\n1000,0,0\n2000,1,0\n3000,2,1\n4000,1,1\n", "milliseconds"),
    ],
)
def test_wrong_files_are_explained(tmp_path, text, says):
    path = tmp_path / "curves.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        fit_file(path, KineticsSettings())


def test_a_missing_file_is_explained(tmp_path):
    with pytest.raises(InputError, match="no readable file"):
        fit_file(tmp_path / "none.csv", KineticsSettings())
