"""Writes digital patients into a folder: images as DICOM or NRRD, truth beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from QPerfusionLogic.errors import InputError, OutputError
from QPerfusionLogic.phantom.patients.sampling import CONDITIONS, sample_patient
from QPerfusionLogic.phantom.simulation.simulated import SimulatedStudy
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient
from QPerfusionLogic.progress import Progress

from .dicom_writer import VENDORS, write_dicom
from .nrrd_writer import write_nrrd
from .truth_writer import write_truth

FORMATS = ("dicom", "nrrd")


def simulate(
    folder: Path,
    patients: int = 1,
    seed: int = 0,
    vendor: str = "siemens",
    format: str = "dicom",  # noqa: A002
    enhanced: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> list[Path]:
    """Write patients as `folder`/patient_001/{dicom,truth}, ...

    Parameters
    ----------
    folder : Path
        Made when absent.
    patients : int
        How many; patient k has the seed `seed` + k.
    vendor, format, enhanced
        How the images are written: vendor "siemens", "ge", "philips"; format "dicom" or "nrrd"; multi-frame DICOM or
        classic.
    options
        Further options of `sample_patient` (slices, frames, sequence, field_strength_t, condition, ...).

    Returns
    -------
    list of Path
        One folder a patient.

    Raises
    ------
    InputError, OutputError
        When an option is outside its range, or a patient's folder is there already or cannot be written.
    """
    _check(patients, vendor, format, options)
    progress = progress or Progress()
    written = []
    for index in range(patients):
        part = progress.part(index / patients, (index + 1) / patients)
        target = Path(folder) / f"patient_{index + 1:03d}"
        patient = sample_patient(seed + index, vendor=vendor, **options)
        simulated = simulate_patient(patient, part.part(0.0, 0.8))
        write_patient(simulated, target, vendor, format, enhanced, part.part(0.8, 1.0))
        written.append(target)
    return written


def write_patient(
    simulated: SimulatedStudy,
    target: Path,
    vendor: str = "siemens",
    format: str = "dicom",  # noqa: A002
    enhanced: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write one patient; a folder half-written is never left under its final name."""
    target = Path(target)
    if target.exists():
        raise OutputError(f"{target} already there", expected="a new folder", action="choose another output folder")
    partial = target.with_name(target.name + ".partial")
    try:
        partial.mkdir(parents=True)
        if format == "dicom":
            write_dicom(simulated, partial / "dicom", vendor, enhanced, progress)
        else:
            write_nrrd(simulated, partial / "nrrd")
        write_truth(simulated, partial / "truth")
        partial.rename(target)
    except OSError as error:
        raise OutputError(
            f"no way to write {target} ({error.strerror})", action="choose another output folder"
        ) from error
    finally:
        _remove(partial)


def _remove(folder: Path) -> None:
    import shutil

    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def _check(patients: int, vendor: str, format: str, options: dict[str, Any]) -> None:  # noqa: A002
    if patients < 1:
        raise InputError(f"{patients} patients", expected="at least 1")
    if vendor not in VENDORS:
        raise InputError(f"vendor {vendor!r}", expected=f"one of {', '.join(VENDORS)}")
    if format not in FORMATS:
        raise InputError(f"format {format!r}", expected=f"one of {', '.join(FORMATS)}")
    if not 1 <= options.get("slices", 3) <= 6:
        raise InputError(f"{options['slices']} slices", expected="1 to 6")
    if options.get("frames", 60) < 12:
        raise InputError(f"{options['frames']} frames", expected="at least 12")
    if options.get("condition") not in (None, *CONDITIONS):
        raise InputError(f"condition {options['condition']!r}", expected=f"one of {', '.join(CONDITIONS)}")
    ratio = options.get("pre_bolus_ratio", 0.0)
    if ratio != 0.0 and not 1.0 <= ratio <= 100.0:
        raise InputError(f"a pre-bolus ratio of {ratio:g}", expected="1 to 100, or 0 for no pre-bolus")
