"""One definition of bolus arrival, whoever asks for it."""

import numpy as np
import pytest

from QPerfusionLogic.kinetics.models.fermi import Fermi
from QPerfusionLogic.signal_model.bolus import find_bolus, rise_frames


def triangle(time_s, arrival_s, peak_s, height):
    """A straight rise from arrival to peak, and as straight a fall."""
    return np.interp(time_s, [arrival_s, peak_s, 2 * peak_s - arrival_s], [0.0, height, 0.0], left=0.0, right=0.0)


@pytest.mark.parametrize("arrival_s", [6.3, 9.0, 11.77])
def test_a_straight_upslope_arrives_where_it_begins(arrival_s):
    time_s = np.arange(0.0, 60.0, 0.25)
    bolus = find_bolus(3.0 + triangle(time_s, arrival_s, arrival_s + 5.0, 40.0), time_s)
    assert bolus.bolus_arrival_time_s == pytest.approx(arrival_s, abs=0.05)
    assert time_s[bolus.bolus_arrival_frame - 1] < bolus.bolus_arrival_time_s <= time_s[bolus.bolus_arrival_frame]
    assert bolus.has_baseline


def test_a_series_that_begins_on_the_upslope_has_no_baseline():
    time_s = np.arange(0.0, 30.0, 0.5)
    bolus = find_bolus(triangle(time_s, -2.0, 4.0, 5.0), time_s)
    assert not bolus.has_baseline


def test_kinetic_models_begin_where_the_arterial_input_arrives():
    time_s = np.arange(0.0, 60.0, 0.7)
    late = np.maximum(time_s - 10.4, 0.0)
    aif = 0.9 * late**2 * np.exp(-late / 2.0) + 0.02 * np.random.default_rng(3).normal(size=time_s.size)
    arrival_s = find_bolus(aif, time_s).bolus_arrival_time_s
    model = Fermi(aif, time_s)
    assert (model.before == (time_s < arrival_s)).all()
    assert (time_s[model.window] < arrival_s).sum() == 2


def test_rises_of_many_curves_are_those_of_each():
    curves = np.random.default_rng(0).random((20, 3, 4)).cumsum(axis=0)
    peak = curves.argmax(axis=0)
    together = rise_frames(curves, 0.5 * curves.max(axis=0), peak)
    alone = [rise_frames(curves[:, i, j], 0.5 * curves[-1, i, j], 19) for i in range(3) for j in range(4)]
    assert together.ravel() == pytest.approx(np.array(alone).ravel())
    crossed = np.interp(together[1, 2], np.arange(20), curves[:, 1, 2])
    assert crossed == pytest.approx(0.5 * curves[-1, 1, 2])
