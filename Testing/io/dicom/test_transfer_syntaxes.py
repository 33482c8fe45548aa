"""DICOM is read in every transfer syntax, with and without preamble and file meta information."""

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest

RIGHT = 100 + 10 * np.arange(12)


def signal_of(path):
    return LoadingLogic().run(StudyRequest(study=path)).rest.tissue.signal[:, 0, 0, 0]


@pytest.fixture
def paths(write, clocks, tmp_path):
    """The files of one series."""
    return write(tmp_path, frames=12, SeriesDescription="perf", **clocks.siemens())


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless]
)
def test_every_transfer_syntax_is_read(paths, tmp_path, syntax):
    for path in paths:
        dataset = pydicom.dcmread(path)
        if syntax == RLELossless:
            dataset.compress(syntax, generate_instance_uid=False)
        elif syntax == ExplicitVRBigEndian:
            dataset.PixelData = dataset.pixel_array.astype(">u2").tobytes()
        dataset.file_meta.TransferSyntaxUID = syntax
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    np.testing.assert_array_equal(signal_of(tmp_path), RIGHT)


def test_a_deflated_file_that_ends_early_is_named(paths, tmp_path):
    for path in paths:
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    paths[3].write_bytes(paths[3].read_bytes()[:-60])
    with pytest.raises(InputError, match=r"damaged|unreadable"):
        signal_of(tmp_path)


def test_files_without_preamble_are_read(paths, tmp_path):
    for path in paths:
        path.write_bytes(path.read_bytes()[132:])
    np.testing.assert_array_equal(signal_of(tmp_path), RIGHT)


@pytest.mark.parametrize("implicit", [True, False])
def test_files_without_file_meta_information_are_read(paths, tmp_path, implicit):
    for path in paths:
        dataset = pydicom.dcmread(path)
        del dataset.file_meta
        pydicom.dcmwrite(path, dataset, implicit_vr=implicit, little_endian=True)
    np.testing.assert_array_equal(signal_of(tmp_path), RIGHT)
