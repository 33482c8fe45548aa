"""A digital patient written as each maker writes it is loaded as it was simulated."""

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.data.series import State
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.phantom.files.dicom_writer import write_dicom
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def simulated():
    patient = sample_patient(3, slices=2, frames=14)
    return simulate_patient(dataclasses.replace(patient, pre_bolus_ratio=10.0, t1_map=True))


@pytest.fixture(scope="module", params=["siemens", "ge", "philips"])
def vendor(request):
    return request.param


@pytest.fixture(scope="module", params=[False, True], ids=["classic", "enhanced"])
def loaded(request, simulated, vendor, tmp_path_factory):
    if request.param:
        pytest.importorskip("QPerfusionLogic.phantom.files.dicom_enhanced")
    folder = tmp_path_factory.mktemp("dicom")
    write_dicom(simulated, folder, vendor, enhanced=request.param)
    return LoadingLogic().run(StudyRequest(study=folder))


@pytest.mark.parametrize("state", [State.STRESS, State.REST])
@pytest.mark.parametrize("part", ["tissue", "aif_series", "pre_bolus"])
def test_every_series_comes_back_with_its_images_times_and_place(part, state, loaded, simulated):
    found, given = (getattr(study.acquisition(state), part) for study in (loaded, simulated.study))
    step = float(given.signal.max()) / 4095.0 + 1.0
    np.testing.assert_allclose(found.signal, given.signal, atol=step)
    np.testing.assert_allclose(found.proton_density, given.proton_density, atol=step)
    assert (found.second_echo is None) == (given.second_echo is None)
    np.testing.assert_allclose(found.time_s - found.time_s[0, 0], given.time_s - given.time_s[0, 0], atol=2e-4)
    np.testing.assert_allclose(found.geometry.index_to_lps, given.geometry.index_to_lps, atol=1e-3)


def test_the_t1_map_comes_back_in_seconds(loaded, simulated):
    given = simulated.study.t1_map.t1_s
    known = np.isfinite(loaded.t1_map.t1_s) & (given > 0)
    np.testing.assert_allclose(loaded.t1_map.t1_s[known], given[known], atol=2e-3)


def test_the_protocol_comes_back(loaded, simulated):
    found, given = (study.rest.tissue.protocol for study in (loaded, simulated.study))
    names = ("field_strength_t", "repetition_time_s", "echo_time_s", "flip_angle_deg", "saturation_time_s", "agent")
    assert [getattr(found, name) for name in names] == pytest.approx([getattr(given, name) for name in names])
