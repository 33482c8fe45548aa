"""Writes the series of a digital patient as DICOM, the way each vendor's scanner would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.phantom.simulation.simulated import SimulatedStudy
from QPerfusionLogic.progress import Progress

from .dicom_header import UID_ROOT, echo_time_ms, flip_angle_deg, series_dataset, write_place
from .dicom_pictures import Picture, all_series, pictures, stored_pixels

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

VENDORS = ("siemens", "ge", "philips")


def write_dicom(
    simulated: SimulatedStudy,
    folder: Path,
    vendor: str = "siemens",
    enhanced: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Write all series of a study below `folder`.

    Parameters
    ----------
    simulated : SimulatedStudy
        What `simulate_patient` returned.
    folder : Path
        Made when absent; one sub-folder per series.
    vendor : str
        "siemens", "ge" or "philips": which tags carry times, scaling and geometry.
    enhanced : bool
        One multi-frame file per series instead of one file per image.

    Returns
    -------
    list of Path
        The series' folders.

    Raises
    ------
    InputError
        When the vendor is unknown.
    """
    if vendor not in VENDORS:
        raise InputError(f"vendor {vendor!r}", expected=f"one of {', '.join(VENDORS)}")
    progress = progress or Progress()
    series = list(all_series(simulated))
    written = []
    for number, item in enumerate(series, start=1):
        target = Path(folder) / f"{number:03d}_{item.state}_{item.kind}"
        target.mkdir(parents=True, exist_ok=True)
        if enhanced:
            from .dicom_enhanced import write_enhanced

            write_enhanced(simulated, item, number, vendor, target / "series.dcm")
        else:
            _write_classic(simulated, item, number, vendor, target)
        written.append(target)
        progress.update(number / len(series), f"{item.state} {item.kind} written")
    return written


def _write_classic(simulated: SimulatedStudy, series: PerfusionSeries, number: int, vendor: str, folder: Path) -> None:
    from pydicom.dataset import Dataset

    from .dicom_vendors import FILE_NAMES

    common = series_dataset(simulated, series, number, vendor)
    for instance, picture in enumerate(pictures(series), start=1):
        data = Dataset()
        data.update(common)
        _fill(data, series, picture, vendor, instance)
        data.save_as(folder / FILE_NAMES[vendor].format(instance), enforce_file_format=True)


def _fill(data: Dataset, series: PerfusionSeries, picture: Picture, vendor: str, instance: int) -> None:
    """Write what differs from image to image."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    from .dicom_vendors import VENDOR_TAGS

    data.SOPInstanceUID = generate_uid(UID_ROOT, [str(data.SeriesInstanceUID), str(instance)])
    data.InstanceNumber, data.AcquisitionNumber = instance, picture.frame + 1
    data.EchoNumbers, data.EchoTime = picture.echo, echo_time_ms(series, picture.echo)
    data.FlipAngle = flip_angle_deg(series, picture.proton_density)
    write_place(data, series, picture.slice_index)
    slope = VENDOR_TAGS[vendor](data, series, picture)
    data.PixelData = stored_pixels(picture.pixels, slope)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
