"""Curves and arterial inputs that carry no flow get a status and no number, from every model."""

import numpy as np
import pytest

from QPerfusionLogic.data.results import FIT_STATUS
from QPerfusionLogic.errors import InputError, SettingsError
from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput
from QPerfusionLogic.kinetics.logic import KineticFittingLogic
from QPerfusionLogic.kinetics.models.registry import kinetic_models
from QPerfusionLogic.settings.schema import KineticsSettings


def run(model, time_s, aif, curves, **settings):
    given = KineticInput(np.atleast_2d(curves), time_s, aif, time_s)
    return KineticFittingLogic(KineticsSettings(model=model, **settings)).run(given)


def statuses(result):
    return [FIT_STATUS[value] for value in result.status]


@pytest.mark.parametrize("model", kinetic_models())
def test_curves_without_flow_get_a_status_and_no_number(model, frame_times, an_aif):
    curves = np.zeros((5, frame_times.size))
    curves[1] = np.nan
    curves[2] = 0.7
    curves[3, ::2] = np.nan
    curves[4, 10:70] = np.nan
    result = run(model, frame_times, an_aif, curves)
    assert statuses(result) == ["no_bolus", "not_finite", "no_bolus", "no_bolus", "not_finite"]
    for name, values in result.parameters.items():
        assert np.isnan(values).all(), name


@pytest.mark.parametrize("model", kinetic_models())
def test_noise_is_no_bolus(model, frame_times, an_aif):
    noise = np.random.default_rng(0).normal(0, 0.05, (300, frame_times.size))
    result = run(model, frame_times, an_aif, noise)
    assert set(statuses(result)) == {"no_bolus"}
    assert np.isnan(result.parameters["mbf_ml_min_g"]).all()


@pytest.mark.parametrize("model", kinetic_models())
@pytest.mark.parametrize("aif", ["zero", "constant", "missing"])
def test_an_arterial_input_without_bolus_gives_no_number_and_a_notice(model, aif, frame_times, an_aif):
    samples = {"zero": 0 * an_aif, "constant": 0 * an_aif + 2.0, "missing": 0 * an_aif + np.nan}[aif]
    result = run(model, frame_times, samples, an_aif * 0.1)
    assert statuses(result) == ["no_bolus"]
    assert np.isnan(result.parameters["mbf_ml_min_g"]).all()
    assert "aif-without-bolus" in [notice.code for notice in result.notices]


def test_a_gap_in_the_arterial_input_is_bridged_and_not_read_as_zero(frame_times, an_aif, convolve):
    curve = convolve(frame_times, an_aif, lambda u: np.exp(-u / 8.0), 2.0)
    with_gap = np.where(np.isin(np.arange(an_aif.size), [13, 30]), np.nan, an_aif)
    whole = run("one_compartment", frame_times, an_aif, curve, delay=0.0).parameters["mbf_ml_min_g"][0]
    result = run("one_compartment", frame_times, with_gap, curve, delay=0.0)
    assert result.parameters["mbf_ml_min_g"][0] == pytest.approx(whole, rel=0.03)
    assert "aif-gaps" in [notice.code for notice in result.notices]


def test_missing_frames_are_left_out(frame_times, an_aif, convolve):
    curve = convolve(frame_times, an_aif, lambda u: np.exp(-u / 8.0), 2.0, 0.5)
    curves = np.repeat(curve[None], 40, axis=0)
    rng = np.random.default_rng(3)
    for row in curves[1:]:
        row[rng.choice(frame_times.size, 6, replace=False)] = np.nan
    found = run("one_compartment", frame_times, an_aif, curves, hematocrit=0.4).parameters["mbf_ml_min_g"]
    np.testing.assert_allclose(found, 2.0, rtol=0.01)


def test_a_short_baseline_is_told(frame_times, an_aif):
    result = run("fermi", frame_times[10:], an_aif[10:], an_aif[None, 10:] * 0.1)
    assert "no-baseline" in [notice.code for notice in result.notices]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t, a, c: (t[::-1], a, c, t), "not increasing"),
        (lambda t, a, c: (t * 1000, a, c, t * 1000), "milliseconds"),
        (lambda t, a, c: (t / 1000, a, c, t / 1000), "0.01"),
        (lambda t, a, c: (t, a[:40], c, t[:40]), "ends at"),
        (lambda t, a, c: (t, a, c[:, :50], t), "frames in the curves"),
        (lambda t, a, c: (t[:3], a[:3], c[:, :3], t[:3]), "at least 4"),
    ],
)
def test_wrong_input_is_explained(change, says, frame_times, an_aif):
    times, aif, curves, aif_times = change(frame_times, an_aif, an_aif[None] * 0.1)
    with pytest.raises(InputError, match=says):
        KineticFittingLogic(KineticsSettings()).run(KineticInput(curves, times, aif, aif_times))


def test_bounds_of_an_unknown_parameter_are_refused(frame_times, an_aif):
    with pytest.raises(SettingsError, match="thickness"):
        run("btex", frame_times, an_aif, an_aif * 0.1, bounds={"thickness": (0.0, 1.0)})


def test_an_arterial_input_without_baseline_gives_no_number_and_a_notice(frame_times, an_aif, convolve):
    curve = convolve(frame_times, an_aif, lambda u: np.exp(-u / 8.0), 1.5)
    late = frame_times >= 6.0
    result = run("fermi", frame_times[late], an_aif[late], curve[late])
    assert statuses(result) == ["no_bolus"]
    assert np.isnan(result.parameters["mbf_ml_min_g"]).all()
    assert "aif-without-baseline" in [notice.code for notice in result.notices]


@pytest.mark.parametrize("model", ["fermi", "btex"])
@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_curves_in_other_units_than_the_arterial_input_give_no_number(model, factor, frame_times, an_aif, convolve):
    curve = convolve(frame_times, an_aif, lambda u: np.exp(-u / 8.0), 1.5)
    result = run(model, frame_times, an_aif, curve * factor)
    assert statuses(result) != ["converged"]
    assert np.isnan(result.parameters["mbf_ml_min_g"]).all()
