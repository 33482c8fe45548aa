"""Random alterations of a DICOM study, as anonymisation, export and scanners make them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    RLELossless,
    generate_uid,
)

Alteration = Callable[[Path, np.random.Generator], None]
PHILIPS = "Philips MR Imaging DD 001"
PROTON_DENSITY_FRAMES = 3


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def each(folder: Path, change: Callable[[Any, Path], Any]) -> None:
    """Change every DICOM file of a folder; a change that returns False is not saved."""
    for path in files(folder):
        dataset = read(path)
        if dataset is not None and change(dataset, path) is not False:
            dataset.save_as(path)


def read(path: Path) -> Any:
    """Return the dataset of a whole DICOM file, None for others."""
    try:
        dataset = pydicom.dcmread(path)
        return dataset if "PixelData" in dataset and not dataset.file_meta.TransferSyntaxUID.is_compressed else None
    except Exception:
        return None


def uid_shared(folder, rng):
    each(folder, lambda d, p: setattr(d, "SeriesInstanceUID", f"1.2.3.{int('aif' in purpose(d))}"))


def series_merged(folder, rng):
    def change(d, p):
        d.SeriesInstanceUID, d.SeriesNumber = f"1.2.3.{int('aif' in purpose(d))}", 20 + int("aif" in purpose(d))
        d.SeriesDescription = "perf AIF" if "aif" in purpose(d) else "perf"

    each(folder, change)


def uid_stripped(folder, rng):
    each(folder, lambda d, p: setattr(d, "SeriesInstanceUID", ""))


def uid_of_each_image(folder, rng):
    each(folder, lambda d, p: setattr(d, "SeriesInstanceUID", generate_uid()))


def uid_of_each_part(folder, rng):
    known: dict[Any, str] = {}
    part = int(rng.integers(2, 30))
    each(
        folder,
        lambda d, p: setattr(
            d,
            "SeriesInstanceUID",
            known.setdefault((purpose(d), int(d.InstanceNumber) // part), generate_uid()),
        ),
    )


def numbers_removed(folder, rng):
    each(folder, lambda d, p: d.pop("SeriesNumber", None) and None)


def sop_uids_equal(folder, rng):
    value = rng.choice(["", "1.2.3.4"])
    each(folder, lambda d, p: setattr(d, "SOPInstanceUID", str(value)))


def orientation_jitter(folder, rng):
    def change(d, p):
        orientation = np.array(d.ImageOrientationPatient, dtype=float)
        d.ImageOrientationPatient = (orientation + rng.normal(0, 2e-6, 6)).tolist()

    each(folder, change)


def protocol_jitter(folder, rng):
    keyword, scale = [("FlipAngle", 1e-3), ("InversionTime", 1e-2), ("EchoTime", 1e-3)][rng.integers(3)]
    each(folder, lambda d, p: setattr(d, keyword, float(d.get(keyword)) + 0.5 * scale + rng.normal(0, scale)))


def phase_beside(folder, rng):
    kind = str(rng.choice(["component", "ge", "type", "untagged"]))
    for path in files(folder):
        d = read(path)
        if d is None:
            continue
        for value in (0, 1):
            image = pydicom.dcmread(path)
            if kind == "component":
                image.ComplexImageComponent = ("MAGNITUDE", "PHASE")[value]
            elif kind == "ge":
                image.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x2F, "SS", value)
            elif kind == "type":
                image.ImageType = ["ORIGINAL", "PRIMARY", "MP"[value]]
            if value:
                image.SOPInstanceUID = generate_uid()
                image.PixelData = rng.integers(0, 4096, image.pixel_array.shape).astype("<u2").tobytes()
                image.save_as(path.with_name(f"{path.name}p"))
            else:
                image.save_as(path)


def corrected_beside(folder, rng):
    kind = str(rng.choice(["MOCO", "DERIVED"]))
    uids: dict[str, str] = {}
    for path in files(folder):
        d = read(path)
        if d is None or "aif" in purpose(d):
            continue
        d.SeriesInstanceUID = uids.setdefault(purpose(d), generate_uid())
        d.SOPInstanceUID, d.SeriesNumber = generate_uid(), int(d.get("SeriesNumber", 0) or 0) + 50
        d.ImageType = ["DERIVED", "PRIMARY", "M", *(["MOCO"] if kind == "MOCO" else [])]
        d.PixelData = rng.integers(0, 4096, d.pixel_array.shape).astype("<u2").tobytes()
        d.save_as(path.with_name(f"{path.name}m"))


def transfer_syntax(folder, rng):
    syntaxes = (ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless)
    syntax = syntaxes[rng.integers(len(syntaxes))]
    for path in files(folder):
        d = read(path)
        if d is None:
            continue
        if syntax == RLELossless:
            d.compress(syntax, generate_instance_uid=False)
        elif syntax == ExplicitVRBigEndian:
            d.PixelData = d.pixel_array.astype(">u2").tobytes()
        d.file_meta.TransferSyntaxUID = syntax
        d.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        pydicom.dcmwrite(path, d, enforce_file_format=False)


def preamble_removed(folder, rng):
    for path in files(folder):
        content = path.read_bytes()
        if content[128:132] == b"DICM":
            path.write_bytes(content[132:])


def density_in_its_own_series(folder, rng):
    scaled = bool(rng.integers(2))
    uids: dict[str, str] = {}

    def change(d, p):
        name = purpose(d)
        if "aif" in name:
            return False
        scale = 1.0
        if int(d.InstanceNumber) <= PROTON_DENSITY_FRAMES * SLICES:
            d.SeriesInstanceUID = uids.setdefault(name, generate_uid())
            d.SeriesNumber = int(d.get("SeriesNumber", 0) or 0) + 100
            d.SeriesDescription = f"{d.get('SeriesDescription', '')} PD"
            scale = 3.0
        if scaled:
            d.PixelData = np.rint(d.pixel_array * scale).astype("<u2").tobytes()
            d.RescaleSlope, d.RescaleIntercept = 1, 0
            d.private_block(0x2005, PHILIPS, create=True).add_new(0x0E, "FL", scale)
        return None

    each(folder, change)


def slope_of_each_image(folder, rng):
    def change(d, p):
        factor = int(rng.integers(1, 4))
        d.PixelData = (d.pixel_array * factor).astype("<u2").tobytes()
        d.RescaleSlope, d.RescaleIntercept = float(d.get("RescaleSlope", 1)) / factor, 0
        block = d.private_block(0x2005, PHILIPS) if PHILIPS in d.private_creators(0x2005) else None
        if block is not None:
            block[0x0E].value *= factor

    each(folder, change)


def cut_off(folder, rng):
    limit = int(rng.choice([1023, 4095]))
    each(folder, lambda d, p: setattr(d, "PixelData", np.minimum(d.pixel_array, limit).astype("<u2").tobytes()))


def clock_of_content(folder, rng):
    def change(d, p):
        d.ContentTime, d.AcquisitionTime = d.get("AcquisitionTime", ""), ""

    each(folder, change)


def clocks_removed(folder, rng):
    def change(d, p):
        for keyword in ("AcquisitionTime", "ContentTime", "TriggerTime"):
            d.pop(keyword, None)

    each(folder, change)


def clock_in_whole_seconds(folder, rng):
    each(folder, lambda d, p: setattr(d, "AcquisitionTime", str(d.get("AcquisitionTime", "")).split(".")[0]))


def second_clock(folder, rng):
    factor = float(rng.choice([1.0, 1.3, 0.5]))
    starts: dict[str, float] = {}

    def change(d, p):
        text = str(d.get("AcquisitionTime", ""))
        if not text:
            return False
        seconds = int(text[:2]) * 3600 + int(text[2:4]) * 60 + float(text[4:])
        d.TriggerTime = 1000.0 * factor * (seconds - starts.setdefault(purpose(d), seconds)) + 50.0
        return None

    each(folder, change)


def positions_count_images(folder, rng):
    each(folder, lambda d, p: setattr(d, "TemporalPositionIdentifier", int(d.InstanceNumber)))


def positions_count_frames(folder, rng):
    def change(d, p):
        d.TemporalPositionIdentifier = 1 + (int(d.InstanceNumber) - 1) // (1 if "aif" in purpose(d) else SLICES)

    each(folder, change)


def words_removed(folder, rng):
    each(folder, lambda d, p: setattr(d, "SeriesDescription", "AIF" if "aif" in purpose(d) else "perfusion"))


def flat(folder, rng):
    paths = files(folder)
    for number, place in zip(rng.permutation(len(paths)), paths, strict=True):
        place.rename(folder / f"{number:05d}.I.dcm.x")


def images_lost(folder, rng):
    for path in files(folder):
        if rng.random() < 0.04:
            path.unlink()


def images_doubled(folder, rng):
    renewed = bool(rng.integers(2))
    for path in files(folder):
        if rng.random() > 0.3:
            continue
        copy = path.with_name(f"{path.name}_copy")
        shutil.copy(path, copy)
        d = read(copy)
        if renewed and d is not None:
            d.SOPInstanceUID = generate_uid()
            d.save_as(copy)


def other_things(folder, rng):
    (folder / "notes.txt").write_text("stress at 10 o'clock")
    (folder / ".hidden").write_bytes(b"\0" * 200)
    (folder / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    source = next((d for path in files(folder) if (d := read(path)) is not None), None)
    if source is None:
        return
    source.SeriesInstanceUID, source.SeriesNumber, source.SeriesDescription = generate_uid(), 999, "localizer"
    source.SOPInstanceUID, source.SOPClassUID = generate_uid(), MRImageStorage
    source.save_as(folder / "localizer")


def one_file_cut_short(folder, rng):
    paths = files(folder)
    path = paths[rng.integers(len(paths))]
    path.write_bytes(path.read_bytes()[: int(rng.integers(50, 500))])


def patient_in_two_spellings(folder, rng):
    each(folder, lambda d, p: setattr(d, "PatientID", str(rng.choice(["P-4711", "p 4711"]))))


SLICES = 2
FIRST: tuple[Alteration, ...] = (
    *(uid_shared, series_merged, uid_stripped, uid_of_each_image, uid_of_each_part, numbers_removed, sop_uids_equal),
    *(orientation_jitter, protocol_jitter, phase_beside, corrected_beside, density_in_its_own_series),
    *(slope_of_each_image, cut_off, clock_of_content, clocks_removed, clock_in_whole_seconds, second_clock),
    *(positions_count_images, positions_count_frames, words_removed, patient_in_two_spellings),
)
LAST: tuple[Alteration, ...] = (
    *(transfer_syntax, preamble_removed, flat, images_lost, images_doubled, other_things, one_file_cut_short),
)
"""Done after the first ones, which read and write every file."""


def purpose(dataset: Any) -> str:
    """Return which series an image was written for, kept in a field that nothing reads."""
    return str(dataset.get("StationName", ""))


def alter(folder: Path, rng: np.random.Generator) -> list[str]:
    """Apply one to four alterations to a copy of a study and return their names."""
    count = int(rng.integers(1, 5))
    chosen = rng.choice(len(FIRST) + len(LAST), size=count, replace=False)
    for number in sorted(chosen):
        (*FIRST, *LAST)[number](folder, rng)
    return [(*FIRST, *LAST)[number].__name__ for number in sorted(chosen)]
