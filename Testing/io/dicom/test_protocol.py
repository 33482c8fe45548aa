"""The protocol is filled from the tags of each maker as far as these are plausible."""

import numpy as np
import pydicom
import pytest

from QPerfusionLogic.io.dicom.header.injection import agent_text, dose_of
from QPerfusionLogic.io.dicom.header.tags import Tags
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest

ASCCONV = (
    b"garbage\x00### ASCCONV BEGIN ###\n"
    b'ulVersion\t = \t"x"\n'
    b"alTI[0]\t = \t95000\n"
    b"sFastImaging.lEchoSpacing\t = \t2300\n"
    b"sKSpace.lPhaseEncodingLines\t = \t120\n"
    b"sPat.lAccelFactPE\t = \t2\n"
    b"### ASCCONV END ###\x00garbage"
)


def loaded(folder):
    return LoadingLogic().run(StudyRequest(rest=folder)).rest.tissue


def test_field_strength_in_gauss_becomes_tesla(write, clocks, tmp_path):
    write(tmp_path, frames=10, MagneticFieldStrength=15000, **clocks.ge())
    assert loaded(tmp_path).protocol.field_strength_t == 1.5


def test_a_repetition_time_of_a_whole_shot_is_left_out_and_told(write, clocks, tmp_path):
    write(tmp_path, frames=10, RepetitionTime=173.0, **clocks.siemens())
    series = loaded(tmp_path)
    assert series.protocol.repetition_time_s is None
    assert "repetition-time" in {notice.code for notice in series.notices}


def test_the_siemens_protocol_text_tells_the_echo_spacing(write, clocks, tmp_path):
    for path in write(tmp_path, frames=10, RepetitionTime=173.0, InversionTime=None, **clocks.siemens()):
        dataset = pydicom.dcmread(path)
        dataset.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
        dataset.add_new(0x00291020, "OB", ASCCONV)
        dataset.save_as(path)
    protocol = loaded(tmp_path).protocol
    assert protocol.repetition_time_s == pytest.approx(0.0023)
    assert protocol.saturation_time_s == pytest.approx(0.095)
    assert protocol.pulses_to_centre == 30


@pytest.mark.parametrize(
    ("tags", "pulses"),
    [
        ({"NumberOfPhaseEncodingSteps": 60}, 30),
        ({"AcquisitionMatrix": [0, 128, 80, 0]}, 40),
        ({"AcquisitionMatrix": [0, 128, 96, 0], "EchoTrainLength": 4}, 12),
        ({"NumberOfPhaseEncodingSteps": 60, "ParallelReductionFactorInPlane": 2.0}, 15),
        ({"NumberOfPhaseEncodingSteps": 200}, None),
        ({}, None),
    ],
)
def test_pulses_to_the_centre_follow_the_phase_encoding_where_they_fit_the_saturation_time(
    tags, pulses, write, clocks, tmp_path
):
    write(tmp_path, frames=10, **tags, **clocks.siemens())
    assert loaded(tmp_path).protocol.pulses_to_centre == pulses


@pytest.mark.parametrize(
    ("tags", "sequence"),
    [
        ({"SequenceName": "*tfl2d1_60"}, "flash"),
        ({"SequenceName": "*tfi2d1_60"}, "bssfp"),
        ({"SeriesDescription": "FIESTA perfusion"}, "bssfp"),
        ({"ScanningSequence": "GR", "EchoTrainLength": 4}, "epi"),
    ],
)
def test_the_readout_is_told_by_its_name_or_echo_train(tags, sequence, write, clocks, tmp_path):
    write(tmp_path, frames=10, **tags, **clocks.siemens())
    assert loaded(tmp_path).protocol.sequence == sequence


def test_agent_and_heart_rate_come_from_their_tags(write, clocks, tmp_path):
    write(tmp_path, frames=10, ContrastBolusAgent="Gadovist", NominalInterval=750, **clocks.siemens())
    protocol = loaded(tmp_path).protocol
    assert protocol.agent == "gadobutrol"
    assert protocol.heart_rate_bpm == pytest.approx(80.0)


def test_malformed_numbers_do_not_stop_the_loading(write, clocks, tmp_path):
    for path in write(tmp_path, frames=10, **clocks.siemens()):
        raw = path.read_bytes().replace(b"FL\x02\x00\x00\x00", b"FL")
        path.write_bytes(raw)
        dataset = pydicom.dcmread(path)
        dataset["FlipAngle"]._value = "n/a"
        dataset.save_as(path)
    series = loaded(tmp_path)
    assert series.protocol.flip_angle_deg is None
    assert np.isfinite(series.signal).all()


@pytest.mark.parametrize(
    ("text", "agent"),
    [
        ("acide gadotérique", "gadoterate"),
        ("Gadotersäure", "gadoterate"),
        ("MAGNESCOPE", "gadoterate"),
        ("ガドビスト静注1.0mol/L", "gadobutrol"),
        ("ﾏｸﾞﾈｽｺｰﾌﾟ", "gadoterate"),
        ("EOB・プリモビスト", "gadoxetate"),
        ("钆喷酸葡胺", "gadopentetate"),
        ("Gd-DTPA BMA", "gadodiamide"),
        ("ELUCIREM 0.5", "gadopiclenol"),
        ("GADOLINIO", "unrecognised"),
        ("KM", "unrecognised"),
        ("造影剤", "unrecognised"),
    ],
)
def test_an_agent_is_known_by_any_of_its_names(text, agent, write, clocks, tmp_path):
    write(tmp_path, frames=10, SpecificCharacterSet="ISO_IR 192", ContrastBolusAgent=text, **clocks.siemens())
    assert loaded(tmp_path).protocol.agent == agent


def test_the_agent_of_a_multi_frame_object_is_known_by_its_code():
    header, agent, ingredient = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
    agent.CodeMeaning, ingredient.CodeMeaning = "Contrast agent", "Gadoteridol"
    agent.ContrastBolusIngredientCodeSequence = [ingredient]
    header.ContrastBolusAgentSequence = [agent]
    assert agent_text(header, Tags(header)) == "Gadoteridol"


@pytest.mark.parametrize(
    ("tags", "dose"),
    [
        ({"ContrastBolusAgent": "Gadovist", "ContrastBolusVolume": 6.0, "PatientWeight": 80.0}, 0.075),
        ({"ContrastBolusAgent": "DOTAREM", "ContrastBolusTotalDose": 12.0, "PatientWeight": 80.0}, 0.075),
        ({"ContrastBolusAgent": "Dotarem", "ContrastBolusVolume": 32.0, "PatientWeight": 80.0}, None),
        ({"ContrastBolusAgent": "Gadovist", "ContrastBolusVolume": 0.0, "PatientWeight": 80.0}, None),
        ({"ContrastBolusAgent": "Gadovist", "ContrastBolusVolume": 6.0}, None),
        ({"ContrastBolusAgent": "contrast", "ContrastBolusVolume": 6.0, "PatientWeight": 80.0}, None),
    ],
    ids=["volume", "total", "several injections", "no volume", "no weight", "unknown agent"],
)
def test_the_dose_comes_from_volume_agent_and_weight(tags, dose, write, clocks, tmp_path):
    write(tmp_path, frames=10, **tags, **clocks.siemens())
    assert loaded(tmp_path).protocol.dose_mmol_kg == dose


def test_the_dose_of_a_multi_frame_object_stands_in_the_profile_of_the_agent():
    header = pydicom.Dataset()
    header.ContrastBolusAgent, header.PatientWeight = "gadoteridol", 60.0
    agent, profile = pydicom.Dataset(), pydicom.Dataset()
    profile.ContrastBolusVolume = 6.0
    agent.ContrastAdministrationProfileSequence = [profile]
    header.ContrastBolusAgentSequence = [agent]
    assert dose_of(header) == 0.05
