"""Pixel values are those the scanner meant, whatever their storage."""

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.uid import JPEG2000Lossless, JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from QPerfusionLogic.errors import InputError, MissingPackageError
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest


def loaded(folder):
    return LoadingLogic().run(StudyRequest(rest=folder)).rest.tissue


@pytest.fixture
def a_pattern():
    """Images (frame, slice) -> 16 x 20 values that differ everywhere."""
    return lambda frame, slice_: np.arange(320).reshape(16, 20) + 7 * frame


def test_the_rescale_of_each_frame_is_applied(write, clocks, tmp_path):
    timing = clocks.siemens()
    clock = timing.pop("tags")

    def tags(frame, slice_):
        return {**clock(frame, slice_), "RescaleSlope": 0.5 + 0.1 * frame, "RescaleIntercept": -frame}

    write(tmp_path, frames=10, tags=tags, **timing)
    frame = np.arange(10)
    expected = (100 + 10 * frame) * (0.5 + 0.1 * frame) - frame
    np.testing.assert_allclose(loaded(tmp_path).signal[:, 0, 3, 4], expected, rtol=1e-6)


def test_signed_pixels_keep_their_sign(write, clocks, tmp_path):
    write(tmp_path, frames=10, pixels=lambda frame, slice_: frame - 5, dtype=np.int16, **clocks.siemens())
    np.testing.assert_array_equal(loaded(tmp_path).signal[:, 0, 0, 0], np.arange(10) - 5)


def test_run_length_compressed_images_are_read(write, clocks, a_pattern, tmp_path):
    for path in write(tmp_path, frames=10, pixels=a_pattern, **clocks.siemens()):
        dataset = pydicom.dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    np.testing.assert_array_equal(loaded(tmp_path).signal[3, 0], a_pattern(3, 0))


def test_jpeg_ls_images_are_read(write, clocks, a_pattern, tmp_path):
    for path in write(tmp_path, frames=10, pixels=a_pattern, **clocks.siemens()):
        dataset = pydicom.dcmread(path)
        dataset.compress(JPEGLSLossless, generate_instance_uid=False)
        dataset.save_as(path)
    np.testing.assert_array_equal(loaded(tmp_path).signal[3, 0], a_pattern(3, 0))


@pytest.mark.parametrize(
    ("compressor", "syntaxes"),
    [("JPEG", (JPEGLossless, JPEGLosslessSV1)), ("JPEG2000", (JPEG2000Lossless,))],
)
def test_lossless_jpeg_images_are_read_with_what_is_installed(compressor, syntaxes, write, clocks, a_pattern, tmp_path):
    """SimpleITK writes the compressed pixels, which are then put under the header of each frame."""
    for frame, path in enumerate(write(tmp_path / "dicom", frames=10, pixels=a_pattern, **clocks.siemens())):
        image = SimpleITK.GetImageFromArray(a_pattern(frame, 0).astype(np.uint16))
        SimpleITK.WriteImage(image, str(tmp_path / "jpeg.dcm"), useCompression=True, compressor=compressor)
        compressed = pydicom.dcmread(tmp_path / "jpeg.dcm")
        assert compressed.file_meta.TransferSyntaxUID in syntaxes
        dataset = pydicom.dcmread(path)
        dataset.RescaleSlope, dataset.RescaleIntercept = 2, -3
        dataset.file_meta.TransferSyntaxUID = compressed.file_meta.TransferSyntaxUID
        dataset.PixelData = compressed.PixelData
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        dataset.save_as(path)
    np.testing.assert_array_equal(loaded(tmp_path / "dicom").signal[3, 0], 2 * a_pattern(3, 0) - 3)


def test_a_compression_without_decoder_says_what_to_install(write, clocks, tmp_path, monkeypatch):
    paths = write(tmp_path, frames=10, **clocks.siemens())
    for path in paths:
        dataset = pydicom.dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    monkeypatch.setattr("QPerfusionLogic.io.dicom.dicom_pixels._has_decoder", lambda syntax: False)
    monkeypatch.setattr(SimpleITK, "ReadImage", _refuse)
    with pytest.raises(MissingPackageError, match="pip install pylibjpeg"):
        loaded(tmp_path)


def _refuse(*_arguments):
    raise RuntimeError("no decoder")


def test_a_damaged_compressed_image_is_named(write, clocks, tmp_path):
    paths = write(tmp_path, frames=10, **clocks.siemens())
    for path in paths:
        dataset = pydicom.dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    paths[4].write_bytes(paths[4].read_bytes()[:-60])
    with pytest.raises(InputError, match=paths[4].name) as caught:
        loaded(tmp_path)
    assert "\n" not in str(caught.value)
