"""DICOM objects read back: values, units, labels, measurements, and whose they are."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.io.dicom.header.identity import hashed
from QPerfusionLogic.reporting.dicom.dicom_codes import SEGMENT_CODES
from QPerfusionLogic.reporting.dicom.dicom_export import export_dicom
from QPerfusionLogic.reporting.tables.segment_table import segment_rows

STUDY_UID = generate_uid(entropy_srcs=["a study of a test"])
NAME, NUMBER = "Testperson^Ada", "PID-4711"
IDENTIFYING = (
    *("PatientAddress", "PatientTelephoneNumbers", "PatientMotherBirthName", "OtherPatientNames", "PatientBirthName"),
    *("PatientComments", "AdditionalPatientHistory", "EthnicGroup", "Occupation", "MilitaryRank"),
    *("ReferringPhysicianName", "ReferringPhysicianAddress", "PerformingPhysicianName", "OperatorsName"),
    *("NameOfPhysiciansReadingStudy", "PhysiciansOfRecord", "RequestingPhysician", "InstitutionName"),
    *("InstitutionAddress", "InstitutionalDepartmentName", "StationName", "DeviceSerialNumber", "StudyDescription"),
    *("SeriesDescription", "ProtocolName", "ImageComments", "RequestedProcedureDescription", "AdmissionID"),
    *("PerformedProcedureStepDescription", "CurrentPatientLocation"),
)
"""What an archive does not file by."""


def write_source_series(folder: Path, state: str, geometry: Geometry, shape: tuple[int, int]) -> str:
    """Write one frame of a classic single-frame series and return its series UID."""
    series_uid = generate_uid(entropy_srcs=["a series of a test", state])
    folder.mkdir(parents=True)
    for index, matrix in enumerate(geometry.index_to_lps):
        data = pydicom.Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.SOPClassUID = MRImageStorage
        data.SOPInstanceUID = generate_uid(entropy_srcs=["an image of a test", state, str(index)])
        data.StudyInstanceUID, data.SeriesInstanceUID = STUDY_UID, series_uid
        data.PatientName, data.PatientID, data.Modality = NAME, NUMBER, "MR"
        for number, keyword in enumerate(IDENTIFYING):
            setattr(data, keyword, f"HIDDEN{number}")
        data.private_block(0x0099, "A SCANNER", create=True).add_new(1, "LO", "HIDDEN private")
        data.InstanceNumber = index + 1
        data.Rows, data.Columns = shape
        spacing = geometry.pixel_spacing_mm
        data.PixelSpacing = list(spacing)
        data.ImagePositionPatient = matrix[:3, 3].tolist()
        data.ImageOrientationPatient = [*(matrix[:3, 0] / spacing[1]).tolist(), *(matrix[:3, 1] / spacing[0]).tolist()]
        data.SliceThickness = 8.0
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
        data.PixelData = np.zeros(shape, np.uint16).tobytes()
        data.save_as(folder / f"{index}.dcm", enforce_file_format=True)
    return series_uid


def frame_at(data: pydicom.Dataset, position_mm: np.ndarray) -> np.ndarray:
    """Return the frame of a multi-frame object that lies at a position."""
    for frame, groups in zip(data.pixel_array, data.PerFrameFunctionalGroupsSequence, strict=True):
        if np.allclose(groups.PlanePositionSequence[0].ImagePositionPatient, position_mm, atol=1e-3):
            return frame
    raise AssertionError(f"no frame at {position_mm}")


@pytest.fixture(scope="module")
def a_source_folder(tmp_path_factory, a_study):
    folder = tmp_path_factory.mktemp("source")
    for state, result in a_study.states.items():
        tissue = result.acquisition.tissue
        write_source_series(folder / str(state), str(state), tissue.geometry, tissue.image_shape[1:])
    (folder / "notes.txt").write_text("not DICOM")
    return folder


@pytest.fixture(scope="module")
def a_study_from_dicom(a_study):
    states = {}
    for state, result in a_study.states.items():
        series_uid = generate_uid(entropy_srcs=["a series of a test", str(state)])
        source = dataclasses.replace(result.acquisition.tissue.source, series_hash=hashed(series_uid, STUDY_UID))
        tissue = dataclasses.replace(result.acquisition.tissue, source=source)
        states[state] = dataclasses.replace(result, acquisition=dataclasses.replace(result.acquisition, tissue=tissue))
    return dataclasses.replace(a_study, states=states)


@pytest.fixture(scope="module")
def exported(tmp_path_factory, a_study_from_dicom, a_source_folder):
    folder = tmp_path_factory.mktemp("dicom")
    notices = export_dicom(a_study_from_dicom, segment_rows(a_study_from_dicom), folder, [a_source_folder])
    assert notices == ()
    return folder


def test_every_map_the_segmentations_and_the_measurements_are_written(exported):
    assert {path.name for path in exported.iterdir()} == {
        *(
            f"{state}_{name}.dcm"
            for state in ("stress", "rest")
            for name in ("mbf", "mbf_se", "status", "segmentation", "aha_segments")
        ),
        "mpr.dcm",
        "measurements.dcm",
    }


def test_a_flow_map_comes_back_with_its_values_and_unit(exported, a_study):
    found = pydicom.dcmread(exported / "stress_mbf.dcm")
    assert found.SOPClassUID == pydicom.uid.ParametricMapStorage
    result = a_study.states[State.STRESS]
    for matrix, expected in zip(
        result.acquisition.tissue.geometry.index_to_lps, result.mapped.maps["mbf"], strict=True
    ):
        np.testing.assert_array_equal(frame_at(found, matrix[:3, 3]), expected)
    mapping = found.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    unit = mapping.MeasurementUnitsCodeSequence[0]
    assert (unit.CodeValue, unit.CodingSchemeDesignator) == ("mL/min/g", "UCUM")
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1.0, 0.0)
    quantity = mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0]
    assert (quantity.CodeValue, quantity.CodingSchemeDesignator) == ("126390", "DCM")


def test_a_flow_map_is_first_shown_over_the_fixed_range_of_its_colours(exported):
    for name, low, high in (("stress_mbf", 0.0, 4.0), ("rest_mbf", 0.0, 4.0), ("mpr", 0.0, 4.0)):
        shown = pydicom.dcmread(exported / f"{name}.dcm").SharedFunctionalGroupsSequence[0].FrameVOILUTSequence[0]
        assert float(shown.WindowCenter) - float(shown.WindowWidth) / 2 == pytest.approx(low)
        assert float(shown.WindowCenter) + float(shown.WindowWidth) / 2 == pytest.approx(high)
        assert shown.VOILUTFunction == "LINEAR_EXACT"


def test_a_map_lies_where_its_slices_lie(exported, a_study):
    found = pydicom.dcmread(exported / "mpr.dcm")
    geometry = a_study.states[State.STRESS].acquisition.tissue.geometry
    frames = found.PerFrameFunctionalGroupsSequence
    positions = {tuple(frame.PlanePositionSequence[0].ImagePositionPatient) for frame in frames}
    assert positions == {tuple(matrix[:3, 3].tolist()) for matrix in geometry.index_to_lps}
    shared = found.SharedFunctionalGroupsSequence[0]
    assert list(shared.PixelMeasuresSequence[0].PixelSpacing) == [2.2, 2.2]
    assert shared.PixelMeasuresSequence[0].SpacingBetweenSlices == 12.0
    assert list(shared.PlaneOrientationSequence[0].ImageOrientationPatient) == [1, 0, 0, 0, 1, 0]


def test_objects_belong_to_the_patient_and_study_of_their_images(exported):
    for path in exported.iterdir():
        found = pydicom.dcmread(path)
        assert (str(found.PatientName), found.PatientID, found.StudyInstanceUID) == (NAME, NUMBER, STUDY_UID)
        assert "research use only" in found.SeriesDescription


def test_objects_carry_nothing_else_of_persons_and_places(exported, a_source_folder):
    assert b"HIDDEN" in next(a_source_folder.rglob("*.dcm")).read_bytes()
    assert [path.name for path in exported.iterdir() if b"HIDDEN" in path.read_bytes()] == []


def test_every_object_has_its_own_series_and_instance(exported):
    found = [pydicom.dcmread(path) for path in exported.iterdir()]
    assert len({item.SeriesInstanceUID for item in found}) == len(found)
    assert len({item.SOPInstanceUID for item in found}) == len(found)


def test_the_segmentation_comes_back_with_coded_labels(exported, a_study):
    found = hd.seg.segread(exported / "stress_segmentation.dcm")
    labels = a_study.states[State.STRESS].segmented.labels
    codes = {
        found.get_segment_description(number).segment_label: found.get_segment_description(
            number
        ).segmented_property_type.value
        for number in found.segment_numbers
    }
    assert codes == {"myocardium": "74281007", "LV blood pool": "87878005", "RV blood pool": "53085002"}
    for label in (1, 2, 3):
        volume = found.get_volume(segment_numbers=[label], combine_segments=False, rescale_fractional=False)
        assert int((volume.array > 0).sum()) == int((labels == label).sum())


def test_the_aha_segments_come_back_with_their_codes_and_pixels(exported, a_study):
    found = hd.seg.segread(exported / "stress_aha_segments.dcm")
    segments = a_study.states[State.STRESS].segmented.segments
    present = [int(value) for value in np.unique(segments) if value]
    assert found.number_of_segments == len(present)
    for number, segment in enumerate(present, start=1):
        description = found.get_segment_description(number)
        assert description.segmented_property_type.value == SEGMENT_CODES[segment - 1]
        assert description.segment_label.startswith(f"{segment} ")
        volume = found.get_volume(segment_numbers=[number], combine_segments=False, rescale_fractional=False)
        assert int((volume.array > 0).sum()) == int((segments == segment).sum())


def test_the_measurements_come_back_at_coded_segments_with_their_state(exported, a_study):
    report = hd.sr.srread(exported / "measurements.dcm")
    groups = report.content.get_image_measurement_groups()
    by_name = {group.tracking_identifier: group for group in groups}
    rows = {row.segment: row for row in segment_rows(a_study) if row.layer == "all"}
    group = by_name["segment 7 mid anterior, stress"]
    assert group.finding_sites[0].value.value == "264848000"
    values = {item.name.value: (item.value, item.unit.value) for item in group.get_measurements()}
    assert values["126390"] == (pytest.approx(rows[7].stress_mbf, abs=1e-4), "mL/min/g")
    assert values["blood-flow-se"] == (pytest.approx(rows[7].stress_se, abs=1e-4), "mL/min/g")
    state = group.get_qualitative_evaluations()[0]
    assert state.value.value == "109091"
    assert by_name["LAD territory, reserve"].get_measurements()[0].unit.value == "1"
    assert len(groups) == 3 * (16 + 3 + 1)


def test_the_same_study_gets_the_same_uids_and_an_edited_one_others(
    tmp_path, exported, a_study_from_dicom, a_source_folder
):
    rows = segment_rows(a_study_from_dicom)
    export_dicom(a_study_from_dicom, rows, tmp_path / "again", [a_source_folder])
    first = pydicom.dcmread(exported / "stress_mbf.dcm").SOPInstanceUID
    assert pydicom.dcmread(tmp_path / "again" / "stress_mbf.dcm").SOPInstanceUID == first
    result = a_study_from_dicom.states[State.STRESS]
    mapped = dataclasses.replace(result.mapped, maps=result.mapped.maps | {"mbf": result.mapped.maps["mbf"] * 2})
    edited = dataclasses.replace(
        a_study_from_dicom, states={State.STRESS: dataclasses.replace(result, mapped=mapped)}, mpr_map=None
    )
    export_dicom(edited, rows, tmp_path / "edited", [a_source_folder])
    assert pydicom.dcmread(tmp_path / "edited" / "stress_mbf.dcm").SOPInstanceUID != first


def test_a_study_that_was_not_dicom_gets_objects_without_a_patient_and_a_notice(tmp_path, a_study):
    notices = export_dicom(a_study, segment_rows(a_study), tmp_path)
    assert {(item.code, item.state) for item in notices} == {
        ("dicom-without-source", "stress"),
        ("dicom-without-source", "rest"),
    }
    found = [pydicom.dcmread(path) for path in tmp_path.iterdir()]
    assert {str(item.PatientName) for item in found} == {""}
    assert len({item.StudyInstanceUID for item in found}) == 1


def test_slices_that_are_not_parallel_are_told(tmp_path, a_study):
    result = a_study.states[State.STRESS]
    matrices = result.acquisition.tissue.geometry.index_to_lps.copy()
    matrices[1, :3, :2] = matrices[1, [0, 2, 1], :2]
    tissue = dataclasses.replace(result.acquisition.tissue, geometry=Geometry(matrices))
    turned = dataclasses.replace(result, acquisition=dataclasses.replace(result.acquisition, tissue=tissue))
    study = dataclasses.replace(a_study, states={State.STRESS: turned}, mpr_map=None)
    codes = {item.code for item in export_dicom(study, segment_rows(study), tmp_path)}
    assert "dicom-slices-not-parallel" in codes
    assert not (tmp_path / "stress_mbf.dcm").exists()


def test_a_missing_right_ventricle_leaves_two_labels(tmp_path, a_study):
    result = a_study.states[State.STRESS]
    labels = np.where(result.segmented.labels == 3, 0, result.segmented.labels).astype(np.uint8)
    one = dataclasses.replace(result, segmented=dataclasses.replace(result.segmented, labels=labels))
    study = dataclasses.replace(a_study, states={State.STRESS: one}, mpr_map=None)
    export_dicom(study, segment_rows(study), tmp_path)
    assert hd.seg.segread(tmp_path / "stress_segmentation.dcm").number_of_segments == 2


def test_the_report_page_names_no_patient(a_study_from_dicom):
    from QPerfusionLogic.reporting.logic import ReportingLogic

    html = ReportingLogic().run(a_study_from_dicom).html
    assert "Testperson" not in html
    assert NUMBER not in html


def write_enhanced_series(folder: Path, state: str, geometry: Geometry, shape: tuple[int, int], frames: int) -> None:
    """Write a series as one enhanced multi-frame file."""
    write_source_series(folder, state, geometry, shape)
    data = pydicom.dcmread(folder / "0.dcm")
    for path in folder.iterdir():
        path.unlink()
    shared, per_frame = pydicom.Dataset(), []
    shared.PixelMeasuresSequence = [pydicom.Dataset()]
    shared.PixelMeasuresSequence[0].PixelSpacing, shared.PixelMeasuresSequence[0].SliceThickness = (
        data.PixelSpacing,
        8.0,
    )
    shared.PlaneOrientationSequence = [pydicom.Dataset()]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = data.ImageOrientationPatient
    for _ in range(frames):
        for matrix in geometry.index_to_lps:
            groups = pydicom.Dataset()
            groups.PlanePositionSequence = [pydicom.Dataset()]
            groups.PlanePositionSequence[0].ImagePositionPatient = matrix[:3, 3].tolist()
            per_frame.append(groups)
    for name in ("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient", "SliceThickness"):
        del data[name]
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = pydicom.uid.EnhancedMRImageStorage
    data.SharedFunctionalGroupsSequence, data.PerFrameFunctionalGroupsSequence = [shared], per_frame
    data.NumberOfFrames = len(per_frame)
    data.PixelData = np.zeros((len(per_frame), *shape), np.uint16).tobytes()
    data.save_as(folder / "enhanced.dcm", enforce_file_format=True)


def test_an_enhanced_multi_frame_series_is_a_source_too(tmp_path, a_study_from_dicom):
    for state, result in a_study_from_dicom.states.items():
        tissue = result.acquisition.tissue
        write_enhanced_series(tmp_path / "in" / str(state), str(state), tissue.geometry, tissue.image_shape[1:], 2)
    rows = segment_rows(a_study_from_dicom)
    assert export_dicom(a_study_from_dicom, rows, tmp_path / "out", [tmp_path / "in"]) == ()
    found = pydicom.dcmread(tmp_path / "out" / "rest_mbf.dcm")
    assert (found.PatientID, found.StudyInstanceUID) == (NUMBER, STUDY_UID)
    assert hd.seg.segread(tmp_path / "out" / "rest_segmentation.dcm").number_of_segments == 3
    assert hd.sr.srread(tmp_path / "out" / "measurements.dcm").PatientID == NUMBER


def test_an_object_that_cannot_be_made_is_named_with_its_reason_in_one_sentence(tmp_path, a_study, monkeypatch):
    def refuse(*_, **__):
        raise TypeError("an argument is missing\nin two lines")

    monkeypatch.setattr(hd.pm, "ParametricMap", refuse)
    with pytest.raises(QPerfusionError) as caught:
        export_dicom(a_study, segment_rows(a_study), tmp_path)
    message = str(caught.value)
    assert "stress_mbf.dcm" in message
    assert "TypeError: an argument is missing in two lines" in message
    assert f"highdicom {hd.__version__}" in message
    assert "export without DICOM" in message


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
def test_every_object_satisfies_the_validator_of_dicom3tools(exported):
    for path in exported.iterdir():
        told = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False).stderr
        assert [line for line in told.splitlines() if line.startswith("Error")] == []
