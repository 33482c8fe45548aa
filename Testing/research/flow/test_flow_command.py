"""`qperfusion evaluate flow`: options, and a whole evaluation on one small patient."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from qperfusion_research.cli.evaluate import EVALUATIONS, evaluation
from qperfusion_research.flow.configurations import FLOW_EVALUATIONS
from qperfusion_research.flow.evaluation_command import NAMES
from QPerfusionLogic.cli.main import main


@pytest.mark.parametrize("name", list(EVALUATIONS))
def test_every_registered_evaluation_offers_options_and_a_run(name: str) -> None:
    module = evaluation(name)
    assert callable(module.add_arguments)
    assert callable(module.run)


def test_the_trials_of_the_command_are_those_that_exist() -> None:
    assert set(NAMES) == set(FLOW_EVALUATIONS)


@pytest.mark.parametrize("chosen", list(FLOW_EVALUATIONS))
def test_configurations_of_one_evaluation_have_names_of_their_own(chosen: str) -> None:
    names = [configuration.name for configuration in FLOW_EVALUATIONS[chosen]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("option", "value"), [("--patients", "0"), ("--frames", "5"), ("--workers", "0")])
def test_a_number_out_of_range_is_told(
    option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "flow", "--output", str(tmp_path / "out"), option, value]) == 2
    assert option in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    assert main(["evaluate", "flow", "--output", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.slow
def test_rest_flow_of_true_curves_is_within_the_bar(tmp_path: Path) -> None:
    options = ["--patients", "1", "--slices", "3", "--frames", "40", "--trials", "kinetics"]
    assert main(["evaluate", "flow", "--seed", "3000", "--output", str(tmp_path / "out"), *options]) == 0
    with (tmp_path / "out" / "agreement.csv").open(newline="") as stream:
        rest = next(row for row in csv.DictReader(stream) if row["quantity"] == "rest_mbf")
    assert abs(float(rest["bias_percent"])) <= 3.0
    assert float(rest["cv_percent"]) <= 5.0
    assert json.loads((tmp_path / "out" / "provenance.json").read_text())["patients"] == [3000]
    assert (tmp_path / "out" / "agreement.html").read_text().startswith("<!DOCTYPE html>")
