"""OSIPI's reference tables, inside OSIPI's own tolerances: every row of every table."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput
from QPerfusionLogic.kinetics.logic import KineticFittingLogic
from QPerfusionLogic.settings.schema import KineticsSettings

pytestmark = pytest.mark.real_data

FOLDER = Path(os.environ.get("QPERFUSION_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "osipi_dce"


def rows(name):
    """Read a table; skip the test where it is absent."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    csv.field_size_limit(10**9)
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def numbers(text):
    return np.array([float(value) for value in text.split()])


def fit_all(table, model, bounds):
    """Fit every row, rows with the same times and arterial input together; return one dictionary a row."""
    groups = {}
    for index, row in enumerate(table):
        groups.setdefault((row["t"], row.get("cp_aif") or row["ca"]), []).append(index)
    delay = "marginalised" if "delay" in bounds else 0.0
    settings = KineticsSettings(model=model, input="plasma", delay=delay, bounds=bounds)
    found = [{} for _ in table]
    for (times, aif), members in groups.items():
        time_s = numbers(times)
        curves = np.stack([numbers(table[index].get("C_t") or table[index]["C"]) for index in members])
        result = KineticFittingLogic(settings).run(KineticInput(curves, time_s, numbers(aif), time_s))
        for place, index in enumerate(members):
            found[index] = {name: float(value[place]) for name, value in result.parameters.items()}
    return found


def misses(row, found, wanted):
    """Return what lies outside OSIPI's tolerances; wanted maps a column to (field, scale, absolute, relative)."""
    wrong = []
    for column, (field, scale, absolute, relative) in wanted.items():
        true, value = float(row[column]), found[field] * scale
        if not abs(value - true) <= absolute + relative * abs(true):
            wrong.append(f"{row['label']}: {column} {value:.4g}, true {true:.4g}")
    return wrong


def check(name, model, wanted, **bounds):
    table = rows(name)
    delay = {"delay": (0.0, 10.0)} if "delay_5" in name else {}
    found = fit_all(table, model, delay | bounds)
    wrong = [text for row, values in zip(table, found, strict=True) for text in misses(row, values, wanted)]
    assert not wrong, "\n".join(wrong)


VP = {"vp": ("vp_ml_g", 1.0, 0.025, 0.0)}
FP = {"fp": ("fp_ml_min_g", 100.0, 5.0, 0.1)}
PS = {"ps": ("ps_ml_min_g", 1.0, 0.005, 0.1)}
VE = {"ve": ("ve_ml_g", 1.0, 0.05, 0.0)}
DELAY = {"arterial_delay": ("delay_s", 1.0, 1.0, 0.0)}


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0, 5])
def test_two_compartment_exchange_agrees_with_osipi(delay):
    check(f"2cxm_sd_0.001_delay_{delay}.csv", "two_compartment_exchange", VP | VE | FP | PS | DELAY)


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0, 5])
def test_two_compartment_exchange_without_way_back_agrees_with_the_uptake_table_of_osipi(delay):
    wanted = VP | FP | PS | DELAY
    check(f"2cum_sd_0.0025_delay_{delay}.csv", "two_compartment_exchange", wanted, ve=(50.0, 100.0))


@pytest.mark.parametrize("delay", [0, 5])
def test_patlak_agrees_with_osipi(delay):
    wanted = VP | {"ps": ("ki_ml_min_g", 1.0, 0.005, 0.1)} | DELAY
    check(f"patlak_sd_0.02_delay_{delay}.csv", "patlak", wanted)


def test_extended_tofts_agrees_with_osipi():
    wanted = VP | VE | {"Ktrans": ("ktrans_ml_min_g", 1.0, 0.005, 0.1)}
    check("dce_DRO_data_extended_tofts.csv", "extended_tofts", wanted)


@pytest.mark.slow
def test_one_compartment_agrees_with_the_tofts_table_of_osipi():
    wanted = VE | {"Ktrans": ("fp_ml_min_g", 1.0, 0.005, 0.1)}
    check("dce_DRO_data_tofts.csv", "one_compartment", wanted)


@pytest.mark.slow
def test_extended_tofts_agrees_with_the_tofts_table_of_osipi():
    wanted = VE | {"Ktrans": ("ktrans_ml_min_g", 1.0, 0.005, 0.1)}
    check("dce_DRO_data_tofts.csv", "extended_tofts", wanted)
