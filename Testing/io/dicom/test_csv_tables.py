"""Tables of spreadsheets of any language give the same times, curves, fits and rows."""

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.agreement.paired_table import read_pairs
from QPerfusionLogic.cohort.manifest import read_manifest
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind, SeriesSource, State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.csv_files import read_curve, read_times
from QPerfusionLogic.io.study.given_times import with_given_times
from QPerfusionLogic.kinetics.curve_fits import read_curve_table

TIMES_S = np.round(np.cumsum(np.tile([0.0, 0.8, 0.75, 0.95, 0.82], 6))[1:] + 0.05, 3)
TIMES_S = np.unique(TIMES_S)
BLOOD = np.round(5.0 * np.exp(-(((TIMES_S - 12.0) / 4.0) ** 2)), 4)
NUMBER = np.arange(len(TIMES_S))


@pytest.fixture
def table(tmp_path):
    """Write columns as a table; `comma`: decimal commas."""

    def write(header, *columns, separator=",", comma=False, first="", bom=False, end="\n"):
        cells = [[f"{value:g}" for value in row] for row in zip(*columns, strict=True)]
        cells = [[cell.replace(".", ",") if comma else cell for cell in row] for row in cells]
        lines = [*([separator.join(header)] if header else []), *(separator.join(row) for row in cells)]
        path = tmp_path / "table.csv"
        path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + (first + end.join(lines) + end).encode())
        return path

    return write


SPREADSHEETS = {
    "points": {},
    "semicolons": {"separator": ";", "comma": True, "bom": True, "end": "\r\n"},
    "semicolons and points": {"separator": ";"},
    "sep line": {"separator": ";", "comma": True, "first": "sep=;\r\n", "end": "\r\n"},
    "tabs": {"separator": "\t", "comma": True},
    "excel": {"bom": True, "end": "\r\n"},
}


@pytest.mark.parametrize("how", SPREADSHEETS)
def test_every_spreadsheet_gives_the_same_times_curves_and_fits(table, how):
    style = SPREADSHEETS[how]
    np.testing.assert_allclose(read_times(table(["frame", "time_s"], NUMBER, TIMES_S, **style)), TIMES_S)
    curve = read_curve(table(["time_s", "value"], TIMES_S, BLOOD, **style))
    np.testing.assert_allclose([curve.time_s, curve.value], [TIMES_S, BLOOD])
    curves = read_curve_table(table(["time_s", "aif", "normal"], TIMES_S, BLOOD, BLOOD / 5, **style))
    np.testing.assert_allclose(curves.curves[0], BLOOD / 5)


def test_decimal_commas_in_the_only_column_are_no_separators(table):
    np.testing.assert_allclose(read_times(table(["time_s"], TIMES_S, comma=True, end="\r\n")), TIMES_S)


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (["frame", "Time (s)"], (NUMBER, TIMES_S)),
        (["InstanceNumber", "TriggerTime [ms]"], (NUMBER + 1, 1000 * TIMES_S)),
        (["", "seconds"], (NUMBER, TIMES_S)),
        (["Time [s]", "frame"], (TIMES_S, NUMBER)),
        (["Zeit_s", "Bild"], (TIMES_S, NUMBER)),
        (["index", "t [min]"], (NUMBER, TIMES_S / 60)),
        ([], (NUMBER, TIMES_S)),
        (["rest_time_s", "stress_time_s"], (2 * TIMES_S, TIMES_S)),
    ],
)
def test_the_column_of_the_times_is_found_and_a_counter_is_none(table, header, columns):
    np.testing.assert_allclose(read_times(table(header, *columns), State.STRESS), TIMES_S, rtol=1e-4)


def test_columns_that_tell_no_times_are_refused_with_the_name_that_does(table):
    with pytest.raises(InputError, match="name the column of the times time_s"):
        read_times(table(["frame", "x", "y"], NUMBER, TIMES_S, TIMES_S))
    with pytest.raises(InputError, match="name the column of the times time_s"):
        read_times(table(["frame"], NUMBER))


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (["Time [s]", "AIF [mM]"], (TIMES_S, BLOOD)),
        (["frame", "Time (s)", "AIF [mM]"], (NUMBER, TIMES_S, BLOOD)),
        (["AIF", "time"], (BLOOD, TIMES_S)),
        (["", "seconds", "gd"], (NUMBER, TIMES_S, BLOOD)),
    ],
)
def test_the_times_are_never_taken_for_the_arterial_input(table, header, columns):
    curve = read_curve(table(header, *columns))
    np.testing.assert_allclose([curve.time_s, curve.value], [TIMES_S, BLOOD])


@pytest.mark.parametrize("header", [["time", "aif", "low"], ["time [s]", "AIF [mM]", "low"]])
def test_fit_finds_time_and_input_in_any_spelling(table, header):
    curves = read_curve_table(table(header, TIMES_S, BLOOD, BLOOD / 5))
    assert curves.names == ("low",)
    np.testing.assert_allclose([curves.time_s, curves.aif_mmol_l], [TIMES_S, BLOOD])


def test_fit_says_that_times_look_like_minutes(table):
    with pytest.raises(InputError, match="these look like minutes"):
        read_curve_table(table(["time_s", "aif", "low"], TIMES_S / 60, BLOOD, BLOOD / 5))


SEGMENTS = "segment,territory,layer,stress_mbf\n1,LAD,all,2.5\n2,LAD,all,1.75\n3,RCA,all,3.25\n"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + SEGMENTS.replace("\n", "\r\n"),
        SEGMENTS + ",,,\n,,,\n",
        SEGMENTS.replace("\n", ",,\n"),
        SEGMENTS.replace(",", ";").replace(".", ","),
    ],
    ids=["excel", "blank rows", "blank columns", "semicolons"],
)
def test_equal_tables_agree_however_they_were_saved(tmp_path, text):
    (tmp_path / "reference.csv").write_text(SEGMENTS)
    (tmp_path / "other.csv").write_text(text, encoding="utf-8")
    pairs = read_pairs(tmp_path / "reference.csv", tmp_path / "other.csv")
    np.testing.assert_array_equal(pairs.reference["stress_mbf"], [2.5, 1.75, 3.25])
    np.testing.assert_array_equal(pairs.test["stress_mbf"], [2.5, 1.75, 3.25])


@pytest.mark.parametrize("text", ["id,study\np1,here\n,\n,\n", "id,study,,\np1,here,,\n", "id;study\np1;here\n"])
def test_a_manifest_with_one_study_has_one_study(tmp_path, text):
    (tmp_path / "here").mkdir()
    (tmp_path / "manifest.csv").write_text(text)
    manifest = read_manifest(tmp_path / "manifest.csv")
    assert [row.id for row in manifest.studies] == ["p1"]
    assert not manifest.wrong


@pytest.mark.parametrize(("factor", "reported"), [(1.0, ""), (1.05, ""), (1.3, "30 % more"), (0.5, "50 % less")])
def test_given_times_that_contradict_the_clock_of_the_images_are_a_serious_notice(tmp_path, factor, reported):
    source = SeriesSource(time_source="AcquisitionTime (0008,0032)")
    images = np.ones((len(TIMES_S), 1, 4, 4), dtype=np.float32)
    series = PerfusionSeries(
        images, TIMES_S[:, None], Geometry.axis_aligned(1), kind=SeriesKind.TISSUE, state=State.REST, source=source
    )
    found = with_given_times(series, factor * TIMES_S, tmp_path / "times.csv").notices
    assert [item.severity for item in found] == [Severity.SERIOUS] * bool(reported)
    assert all(reported in item.message for item in found)
    untimed = dataclasses.replace(series, source=dataclasses.replace(source, time_source="loading.frame_interval_s"))
    assert not with_given_times(untimed, factor * TIMES_S, tmp_path / "times.csv").notices
