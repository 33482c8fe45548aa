"""`qperfusion compare`: tables in, agreement out, and clear words for wrong tables."""

from __future__ import annotations

import argparse
import csv
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.agreement.comparison import compare_tables
from QPerfusionLogic.cli.compare import add_compare_arguments, run_compare
from QPerfusionLogic.data.aha_model import TERRITORY_OF
from QPerfusionLogic.errors import InputError, OutputError

HEAD = "segment,territory,layer,stress_mbf,stress_se,rest_mbf,rest_se,mpr,mpr_se,n_pixels,flags"


def segment_lines(offset=0.0, segments=range(1, 17), prefix=""):
    lines = []
    for segment in segments:
        stress, rest = 1.0 + 0.15 * segment + offset, 0.7 + 0.02 * segment + offset / 4
        lines.append(
            f"{prefix}{segment},{TERRITORY_OF[segment]},all,{stress:.4f},,{rest:.4f},,{stress / rest:.4f},,20,"
        )
    return lines


def write(path: Path, lines, head=HEAD) -> Path:
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def command(*texts) -> str:
    parser = argparse.ArgumentParser()
    add_compare_arguments(parser)
    return run_compare(parser.parse_args([str(text) for text in texts]))


@pytest.fixture
def reference(tmp_path):
    return write(tmp_path / "reference.csv", segment_lines())


@pytest.fixture
def test_table(tmp_path):
    return write(tmp_path / "test.csv", segment_lines(offset=0.1))


def test_the_bias_of_every_quantity_is_found(reference, test_table):
    found = {quantity.name: quantity for quantity in compare_tables(reference, test_table).quantities}
    assert found["stress_mbf"].bland_altman.bias.value == pytest.approx(0.1)
    assert found["rest_mbf"].bland_altman.bias.value == pytest.approx(0.025)
    assert found["stress_mbf"].n == 16
    assert set(found) == {"stress_mbf", "rest_mbf", "mpr"}


def test_thresholds_are_judged_per_segment_and_per_vessel(reference, test_table):
    stress = compare_tables(reference, test_table).quantities[0]
    # Segment 2 reads 1.30 against 1.40; of the vessels LAD, (1.15 + 1.30) / 2 against 0.1 more, stays below 1.35.
    assert stress.thresholds["segment"].reference_only == 1
    assert stress.thresholds["vessel"].n == 3
    assert stress.thresholds["vessel"].both_below == 1


def test_vessel_and_global_rows_are_not_counted_twice(tmp_path):
    lines = [*segment_lines(), "0,LAD,vessel,1,,1,,1,,9,", "0,all,global,1,,1,,1,,9,"]
    table = write(tmp_path / "a.csv", lines)
    other = write(tmp_path / "b.csv", [*segment_lines(0.1), *lines[-2:]])
    assert compare_tables(table, other).quantities[0].n == 16


def test_a_cohort_is_also_compared_by_patient(tmp_path):
    rng = np.random.default_rng(2)
    tables = []
    for name, offset in (("a", 0.0), ("b", 0.2)):
        lines = []
        for patient in range(4):
            lines += segment_lines(offset + 0.3 * patient + rng.normal(0, 0.01), prefix=f"P{patient},")
        tables.append(write(tmp_path / f"{name}.csv", lines, "patient," + HEAD))
    found = [quantity for quantity in compare_tables(*tables).quantities if quantity.name == "stress_mbf"]
    assert [(quantity.level, quantity.n) for quantity in found] == [("row", 64), ("patient", 4)]
    assert found[0].thresholds["vessel"].n == 12


def test_a_plain_table_of_ids_and_values_is_compared(tmp_path):
    one = write(tmp_path / "a.csv", ["x,1.0", "y,2.0", "z,3.5"], "id,value")
    two = write(tmp_path / "b.csv", ["z,3.6", "x,1.1", "y,2.2"], "id,value")
    found = compare_tables(one, two).quantities[0]
    assert found.keys == ("x", "y", "z")
    assert found.bland_altman.bias.value == pytest.approx(0.4 / 3)


def test_missing_numbers_are_left_out_and_counted(tmp_path, reference):
    lines = segment_lines(0.1)
    lines[4] = "5,LCX,all,,,,,,,0,not_imaged"
    agreement = compare_tables(reference, write(tmp_path / "t.csv", lines))
    assert agreement.quantities[0].left_out == 1
    assert any("1 rows without a number" in remark for remark in agreement.remarks)


def test_a_segment_that_was_not_imaged_may_be_absent_from_the_reference(tmp_path):
    one = write(tmp_path / "a.csv", segment_lines(segments=range(1, 13)))
    lines = [*segment_lines(0.1, range(1, 13)), "13,LAD,all,,,,,,,0,not_imaged"]
    assert compare_tables(one, write(tmp_path / "b.csv", lines)).quantities[0].n == 12


def test_the_command_writes_tables_figures_json_and_a_page(tmp_path, reference, test_table):
    text = command(reference, test_table, "--output", tmp_path / "out")
    assert "stress_mbf (row, n 16): bias +0.100" in text
    folder = tmp_path / "out"
    content = json.loads((folder / "agreement.json").read_text())
    assert content["quantities"][0]["bland_altman"]["bias"]["value"] == pytest.approx(0.1)
    rows = list(csv.DictReader((folder / "agreement.csv").open()))
    assert {row["statistic"] for row in rows} >= {"ICC(2,1) agreement", "ICC(3,1) consistency", "Mann-Whitney p"}
    assert len(list(csv.DictReader((folder / "pairs.csv").open()))) == 48
    drawings = sorted((folder / "figures").glob("*.svg"))
    assert len(drawings) == 6
    for drawing in drawings:
        assert ET.parse(drawing).getroot().tag.endswith("svg")
    assert "http" not in (folder / "agreement.html").read_text().replace("http://www.w3.org/2000/svg", "")


def test_equal_tables_agree_without_bias_and_limits(tmp_path, reference):
    command(reference, reference, "--output", tmp_path / "out")
    for quantity in compare_tables(reference, reference).quantities:
        found = quantity.bland_altman
        assert found.bias.value == found.lower_limit.value == found.upper_limit.value == 0.0
    for drawing in (tmp_path / "out" / "figures").iterdir():
        assert "nan" not in drawing.read_text()


def test_a_second_run_replaces_the_first(tmp_path, reference, test_table):
    command(reference, test_table, "--output", tmp_path / "out")
    command(reference, test_table, "--output", tmp_path / "out", "--threshold", "mpr=2")
    content = json.loads((tmp_path / "out" / "agreement.json").read_text())
    assert content["quantities"][2]["thresholds"]["segment"]["threshold"] == 2.0


def test_a_foreign_folder_is_not_written_into(tmp_path, reference, test_table):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(OutputError):
        command(reference, test_table, "--output", tmp_path / "mine")


def _swapped(lines, index, line):
    return [*lines[:index], line, *lines[index + 1 :]]


WRONG = {
    "other segments": (segment_lines(0.1, range(1, 13)), "does not have \\(segment 13"),
    "text in a number": (
        _swapped(segment_lines(0.1), 3, "4,RCA,all,high,,1,,1,,9,"),
        "line 5, column stress_mbf: 'high'",
    ),
    "infinite number": (_swapped(segment_lines(0.1), 3, "4,RCA,all,inf,,1,,1,,9,"), "'inf'"),
    "a segment twice": ([*segment_lines(0.1), segment_lines(0.1)[0]], "segment 1, territory LAD, layer all twice"),
    "no rows": ([], "a header and no rows"),
    "a cell too few": (_swapped(segment_lines(0.1), 3, "4,RCA,all"), "line 5: another number of cells"),
    "only other layers": ([line.replace(",all,", ",endo,") for line in segment_lines(0.1)], "no row of layer all"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_tables_are_named_with_place_and_reason(tmp_path, reference, case):
    lines, words = WRONG[case]
    with pytest.raises(InputError, match=words):
        compare_tables(reference, write(tmp_path / "wrong.csv", lines))


def test_a_constant_column_is_refused(tmp_path):
    one = write(tmp_path / "a.csv", ["x,2", "y,2", "z,2"], "id,value")
    two = write(tmp_path / "b.csv", ["x,1", "y,2", "z,3"], "id,value")
    with pytest.raises(InputError, match="the constant 2 in column value of the reference table"):
        compare_tables(one, two)
    with pytest.raises(InputError, match="of the test table"):
        compare_tables(two, one)


def test_other_columns_can_be_compared_beside_a_constant_one(tmp_path, test_table):
    lines = [",".join([*line.split(",")[:5], "0.8", *line.split(",")[6:]]) for line in segment_lines()]
    table = write(tmp_path / "r.csv", lines)
    with pytest.raises(InputError, match=r"the constant 0\.8 in column rest_mbf"):
        compare_tables(table, test_table)
    found = compare_tables(table, test_table, values=["stress_mbf"]).quantities
    assert [quantity.name for quantity in found] == ["stress_mbf"]


@pytest.mark.parametrize("content", ["", "\n", "a;b\n1;2\n", "id,value\nx,1\ny,2\n"])
def test_files_without_comparable_content_are_refused(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(InputError):
        compare_tables(path, path)


def test_a_file_that_is_not_text_is_refused(tmp_path, reference):
    path = tmp_path / "a.csv"
    path.write_bytes(bytes(range(256)) * 4)
    with pytest.raises(InputError):
        compare_tables(reference, path)


def test_a_cohort_and_a_single_patient_are_not_compared(tmp_path, reference):
    cohort = write(tmp_path / "c.csv", segment_lines(prefix="P1,"), "patient," + HEAD)
    with pytest.raises(InputError, match=r"a column patient in .*c\.csv and none in .*reference\.csv"):
        compare_tables(reference, cohort)


def test_a_missing_file_is_named(tmp_path, reference):
    with pytest.raises(InputError, match=r"nothing\.csv"):
        compare_tables(reference, tmp_path / "nothing.csv")


def test_a_wrong_threshold_is_refused(tmp_path, reference, test_table):
    for text in ("stress_mbf=low", "stress_mbf", "flow=1.2"):
        with pytest.raises(InputError, match="threshold"):
            command(reference, test_table, "--output", tmp_path / "out", "--threshold", text)
    assert not (tmp_path / "out").exists()


def test_a_quantity_that_only_the_reference_has_is_remarked(tmp_path, reference):
    lines = [",".join([*line.split(",")[:5], "", "", "", "", "20", ""]) for line in segment_lines(0.1)]
    agreement = compare_tables(reference, write(tmp_path / "stress_only.csv", lines))
    assert [quantity.name for quantity in agreement.quantities] == ["stress_mbf"]
    assert "rest_mbf left out: 0 pairs of numbers" in agreement.remarks


def test_names_of_columns_and_rows_neither_leave_the_folder_nor_run_in_a_spreadsheet(tmp_path):
    head = 'id,../../outside,"a/b"'
    rows = ["=cmd|'/c calc'!A1,1,2", "p2,2,3", "p3,3,4", "@SUM(A1),5,5"]
    one, two = (write(tmp_path / f"{name}.csv", rows, head) for name in ("one", "two"))
    command(one, two, "--output", tmp_path / "deep" / "out")
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["out"]
    assert len(list((tmp_path / "deep" / "out" / "figures").iterdir())) == 4
    with (tmp_path / "deep" / "out" / "pairs.csv").open(newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]


def test_a_table_with_zero_bytes_is_refused(tmp_path, reference):
    (tmp_path / "zero.csv").write_bytes(reference.read_bytes().replace(b"LAD", b"L\0D", 1))
    with pytest.raises(InputError, match="zero bytes"):
        command(reference, tmp_path / "zero.csv", "--output", tmp_path / "out")
