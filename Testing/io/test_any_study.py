"""Any combination of what exports and scanners do to a study gives its flow, one line, or a serious notice.

A digital patient of known flow is written image by image and altered at random. Flow of the mean myocardial curve is
fitted here by a single compartment, independent of the product, from what was loaded: what changes it was read wrong.
"""

import os
import shutil
import traceback

import numpy as np
import pytest
from scipy.optimize import least_squares

from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest

from .alterations import PROTON_DENSITY_FRAMES, SLICES, alter

FRAMES, STEP_S, SIZE = 36, 0.2, 24
FLOWS = {"stress": 2.6, "rest": 0.8}
BEATS_S = {"stress": 0.65, "rest": 0.85}
VOLUME_ML_G = 0.2
LARGEST_ERROR = 0.05
STUDIES = int(os.environ.get("QPERFUSION_ALTERED_STUDIES", "25"))

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


def bolus(time_s):
    rise = np.clip(time_s - 6.0, 0, None) / 4.0
    return 5.0 * rise**3 * np.exp(3 * (1 - rise)) + 0.8 * (1 - np.exp(-rise))


def tissue(time_s, blood, flow):
    """Return concentration (n,) of a single compartment on an even grid (n,) in s."""
    residue = np.exp(-time_s * flow / 60 / VOLUME_ML_G)
    return np.convolve(blood, residue)[: len(time_s)] * (time_s[1] - time_s[0]) * flow / 60


def places():
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    distance = np.hypot(x, y)
    return (distance >= 4) & (distance < 8), distance < 3


WALL, POOL = places()


@pytest.fixture(scope="session")
def a_patient(tmp_path_factory):
    """Folder of a study of two states, each with a tissue and an AIF series that begin with proton-density frames."""
    from .conftest import Clocks, SeriesWriter

    folder, write, rng = tmp_path_factory.mktemp("patient"), SeriesWriter(), np.random.default_rng(3)
    fine_s = np.arange(0, 80, STEP_S)
    for state, start_s in (("stress", 36000.0), ("rest", 37000.0)):
        times_s = np.cumsum(rng.normal(BEATS_S[state], 0.03, FRAMES))
        blood = np.interp(times_s, fine_s, bolus(fine_s))
        wall = np.interp(times_s, fine_s, tissue(fine_s, bolus(fine_s), FLOWS[state]))

        def image(frame, slice_, blood=blood, wall=wall, gain=300.0):
            density = frame < PROTON_DENSITY_FRAMES
            values = np.full((SIZE, SIZE), 800.0 if density else 100.0)
            values[WALL] = 900.0 if density else 100.0 + gain * wall[frame]
            values[POOL] = 1000.0 if density else 100.0 + gain * blood[frame] / 2
            return np.clip(np.rint(values + rng.normal(0, 3, values.shape)), 0, 4095)

        shared = {"frames": FRAMES, "rows": SIZE, "pixels": image, "HeartRate": 60 / BEATS_S[state]}
        clock = Clocks().siemens(times_s=times_s, start_s=start_s, SeriesDescription=f"perf {state}")
        write(folder / state, slices=SLICES, columns=SIZE, StationName=state, **shared, **clock)
        clock = Clocks().siemens(times_s=times_s, start_s=start_s - 0.1, SeriesDescription=f"perf {state} AIF")
        low = {"columns": SIZE, "InversionTime": 24, "StationName": f"{state} aif"}
        write(folder / f"{state}_aif", **shared, **{**clock, **low})
    return folder


def flow_of(acquisition):
    """Return flow in mL/min/g of the mean myocardial curve, fitted from signals over their proton density."""
    curves, clocks = [], []
    for series, where in ((acquisition.aif_series, POOL), (acquisition.tissue, WALL)):
        signal = series.signal[:, :, where].mean(axis=(1, 2))
        before = signal[:4].mean()
        scale = series.proton_density[:, :, where].mean() if series.proton_density is not None else before
        curves.append((signal - before) / scale)
        clocks.append(series.time_s.mean(axis=1))
    grid = np.arange(max(clock[0] for clock in clocks), min(clock[-1] for clock in clocks), STEP_S)
    blood, wall = (np.interp(grid, clock, curve) for clock, curve in zip(clocks, curves, strict=True))
    grid = grid - grid[0]

    def misfit(parameters):
        flow, share = parameters
        residue = np.exp(-grid * flow / 60 / VOLUME_ML_G)
        return share * np.convolve(blood, residue)[: len(grid)] * STEP_S * flow / 60 - wall

    return float(np.prod(least_squares(misfit, (1.5, 2.0), x_scale=(1.0, 1.0)).x))


def loaded(folder):
    return LoadingLogic().run(StudyRequest(study=folder))


def notices_of(study):
    yield from study.notices
    for state in study.states:
        acquisition = study.acquisition(state)
        for series in (acquisition.tissue, acquisition.aif_series):
            yield from series.notices if series is not None else ()


def verdict(folder, right):
    """Return "" where an altered study is right, refused in one line or seriously reported, else what is wrong."""
    try:
        study = loaded(folder)
    except QPerfusionError as error:
        return "" if "\n" not in str(error) else "an error of several lines"
    except Exception:
        return traceback.format_exc(limit=-3)
    if any(notice.severity is Severity.SERIOUS for notice in notices_of(study)):
        return ""
    for state, flow in right.items():
        acquisition = getattr(study, state)
        if acquisition is None:
            return f"no {state} without a serious notice"
        if acquisition.aif_series is None:
            return f"no AIF series of {state} without a serious notice"
        found = flow_of(acquisition)
        if abs(found / flow - 1) > LARGEST_ERROR:
            return f"{state} flow {found:.2f} instead of {flow:.2f} without a serious notice"
    return ""


@pytest.fixture(scope="session")
def right(a_patient):
    """Flow of each state in the unaltered study."""
    study = loaded(a_patient)
    return {state: flow_of(getattr(study, state)) for state in FLOWS}


def wrong_of(seed, a_patient, right, tmp_path):
    copy = tmp_path / str(seed)
    shutil.copytree(a_patient, copy)
    names = alter(copy, np.random.default_rng(seed))
    found = verdict(copy, right)
    shutil.rmtree(copy)
    return f"{seed}: {', '.join(names)}: {found}" if found else ""


def test_the_unaltered_patient_has_more_flow_at_stress(right):
    assert right["stress"] > 1.8 * right["rest"]


@pytest.mark.parametrize("seed", range(STUDIES))
def test_an_altered_study_is_right_refused_or_seriously_reported(seed, a_patient, right, tmp_path):
    assert wrong_of(seed, a_patient, right, tmp_path) == ""
